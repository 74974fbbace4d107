"""PyArrow: data of any kind as a Parquet file, for a program that knows no more than that."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.frames import open_lazily
from pytest_mlops.core.errors import DeclarationError, MissingExtra

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from pytest_mlops.adapters.frames import Data

_SCALARS = (str, int, float, bool)


@dataclass(frozen=True, kw_only=True)
class HandedOver:
    """A file that was written: its columns and rows, and the columns whose values stand there as JSON texts."""

    path: Path
    columns: Sequence[str]
    rows: int
    encoded: Sequence[str] = ()


def hand_over(data: Data, path: Path, *, as_numbers: Sequence[str] = ()) -> HandedOver:
    """Write data as one Parquet file.

    A column of several types, which Parquet has not, is written as JSON texts; decimals become floats.

    Parameters
    ----------
    as_numbers
        Columns whose truths become 0 and 1.

    Raises
    ------
    DeclarationError
        When a column holds what neither Parquet nor JSON has.
    """
    pa = _pyarrow()
    import narwhals as nw

    frame = open_lazily(data)[0]
    eager = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    columns: dict[str, Any] = {}
    encoded: list[str] = []
    for series in eager.iter_columns():
        try:
            columns[series.name] = _plain(series.to_arrow(), truth_is_number=series.name in as_numbers)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            columns[series.name] = pa.array(_texts(series.name, series.to_list()), type=pa.string())
            encoded.append(series.name)
    write_columns(columns, path)
    return HandedOver(path=path, columns=list(columns), rows=len(eager), encoded=encoded)


def write_columns(columns: Mapping[str, Any], path: Path) -> None:
    """Write arrays as the columns of a Parquet file."""
    pa = _pyarrow()
    import pyarrow.parquet as pq

    pq.write_table(pa.table(dict(columns)), path)


def write_answers(path: Path, prediction: NDArray[Any], probability: NDArray[Any] | None) -> None:
    """Write a model's answers: `prediction`, and a column of probabilities a class."""
    columns = {"prediction": prediction.tolist() if prediction.dtype == object else prediction}
    for number in range(0 if probability is None else probability.shape[1]):
        columns[f"probability_{number}"] = probability[:, number]  # type: ignore[index]
    write_columns(columns, path)


def _plain(array: Any, *, truth_is_number: bool) -> Any:
    pa = _pyarrow()
    if pa.types.is_decimal(array.type):
        return array.cast(pa.float64())
    return array.cast(pa.int8()) if truth_is_number and pa.types.is_boolean(array.type) else array


def _texts(column: str, values: Sequence[Any]) -> Sequence[str | None]:
    texts: list[str | None] = []
    for value in values:
        plain = value.item() if hasattr(value, "item") else value
        if plain is not None and not isinstance(plain, _SCALARS):
            raise DeclarationError(f"{column} holds {type(value).__name__} beside other types: it can't be handed over")
        texts.append(None if plain is None else json.dumps(plain))
    return texts


def _pyarrow() -> Any:
    try:
        import pyarrow as pa
    except ImportError as exc:
        raise MissingExtra(needs="handing data over to deepchecks", library="pyarrow", extra="deepchecks") from exc
    return pa
