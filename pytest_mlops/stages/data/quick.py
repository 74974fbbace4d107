"""The plainest asks of a pandas frame, straight from its NumPy arrays: one pass each, no copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from pytest_mlops.stages.data.asks import Number
    from pytest_mlops.stages.data.table import Table


def quick_answer(table: Table, ask: Number) -> Any:
    """Return the answer, or NotImplemented where a `select` must give it."""
    word, column, rows, *rest = ask.key[1:] if ask.key[0] == "fulfilling" else (*ask.key, None)[:3]
    if word not in _QUICK or column not in table.bare or rows is not None:
        return NotImplemented
    values = table.frame[column].to_numpy()
    return _QUICK[word](values, *rest) if values.dtype.kind in "iuf" else NotImplemented


def _present(values: np.ndarray[Any, Any]) -> int:
    return len(values) - int(np.count_nonzero(values != values)) if values.dtype.kind == "f" else len(values)  # noqa: PLR0124 - NaN alone differs from itself


def _least(values: np.ndarray[Any, Any]) -> Any:
    return _extreme(values, np.fmin)


def _most(values: np.ndarray[Any, Any]) -> Any:
    return _extreme(values, np.fmax)


def _extreme(values: np.ndarray[Any, Any], ignoring_nan: np.ufunc) -> Any:
    if not len(values):
        return None
    extreme = ignoring_nan.reduce(values).item()
    return None if extreme != extreme else extreme  # noqa: PLR0124


def _between(values: np.ndarray[Any, Any], low: tuple[Any, bool], high: tuple[Any, bool]) -> int:
    parts = []
    if low[0] is not None:
        parts.append(values > low[0] if low[1] else values >= low[0])
    if high[0] is not None:
        parts.append(values < high[0] if high[1] else values <= high[0])
    return int(np.count_nonzero(parts[0] if len(parts) == 1 else parts[0] & parts[1]))


_QUICK: Mapping[Hashable, Callable[..., Any]] = {
    "present": _present,
    "least": _least,
    "most": _most,
    "between": _between,
}
