"""pandas: rows as callers send them, as a frame of columns that a model knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def frame_like(like: Any, rows: Sequence[Mapping[str, Any]]) -> Any:
    """Return rows as a frame with the columns and the types of another one.

    A field that a row leaves out is missing there; one that the other frame does not have comes last. Null alone has no
    type: in a column of numbers or of times it is that of the other frame.
    """
    import pandas as pd
    from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

    made = pd.DataFrame(list(rows))
    made = made.reindex(columns=[*like.columns, *made.columns.difference(like.columns, sort=False)])
    for name, kind in like.dtypes.items():
        if is_datetime64_any_dtype(kind):
            made[name] = pd.to_datetime(made[name])
        elif is_numeric_dtype(kind) and made[name].dtype == object:
            made[name] = made[name].astype("float64")
    return made
