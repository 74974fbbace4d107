"""The sketch of a reference: its grids are chosen from a sample, then all rows are counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.adapters.batches import batches_of, schema_of
from pytest_mlops.stages.drift.grid import Grid, choose_grid
from pytest_mlops.stages.drift.sketch import ColumnSketch, Sketch, numbers, sketch_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import narwhals as nw
    from numpy.typing import NDArray

    from pytest_mlops.adapters.frames import Data
    from pytest_mlops.stages.drift.units import Units

_SAMPLE = 100_000  # rows that a grid is chosen from


def sketch_reference(data: Data, columns: Sequence[str], units: Units, n_rows: int, seed: int) -> Sketch:
    """Return the sketch of a reference, on grids of its own."""
    return sketch_of(batches_of(data, _read(columns, units)), _cells(data, columns, n_rows, seed), units.of)


def sketch_current(data: Data, reference: Sketch, columns: Sequence[str], units: Units) -> Sketch:
    """Return the sketch of some columns of other data, on the grids of the reference."""
    kept = {name: reference.columns[name] for name in columns}
    return sketch_of(batches_of(data, _read(columns, units)), kept, units.of)


def _read(columns: Sequence[str], units: Units) -> list[str]:
    beside = getattr(units, "column", None)
    return [*columns, *([beside] if beside and beside not in columns else [])]


def _cells(data: Data, columns: Sequence[str], n_rows: int, seed: int) -> dict[str, ColumnSketch]:
    types = schema_of(data)
    grids = _grids(data, [name for name in columns if types[name].is_numeric()], n_rows, seed)
    return {name: ColumnSketch(word_of(types[name]), grids.get(name)) for name in columns}


def _grids(data: Data, columns: Sequence[str], n_rows: int, seed: int) -> Mapping[str, Grid]:
    if not columns:
        return {}
    rng = np.random.default_rng([seed, n_rows])
    sampled: dict[str, list[NDArray[np.float64]]] = {name: [] for name in columns}
    ends = dict.fromkeys(columns, (np.inf, -np.inf))
    for batch in batches_of(data, columns):
        some = np.flatnonzero(rng.random(len(batch)) < _SAMPLE / n_rows) if n_rows > _SAMPLE else slice(None)
        for name in columns:
            values = numbers(batch[name])
            sampled[name].append(values[some])
            finite = values[np.isfinite(values)] if not np.isfinite(values.sum()) else values
            if len(finite):
                ends[name] = min(ends[name][0], float(finite.min())), max(ends[name][1], float(finite.max()))
    return {name: choose_grid(np.concatenate(sampled[name] or [np.zeros(0)]), *ends[name]) for name in columns}


def word_of(dtype: nw.dtypes.DType) -> str:
    """Return the kind of a column's values in one word: number, boolean, time, text, other."""
    import narwhals as nw

    if dtype.is_numeric():
        return "number"
    kinds: dict[str, Any] = {
        "boolean": nw.Boolean,
        "time": (nw.Datetime, nw.Date, nw.Duration, nw.Time),
        "text": (nw.String, nw.Categorical, nw.Enum),
    }
    return next((word for word, types in kinds.items() if isinstance(dtype, types)), "other")
