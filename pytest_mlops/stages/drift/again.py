"""The data of both sides, and the rows of them that are read again for the columns that moved."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.adapters.batches import fold_batches
from pytest_mlops.stages.drift.rows import Rows, rows_of
from pytest_mlops.stages.drift.sample import Sample, Sampler

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_mlops.adapters.frames import Data
    from pytest_mlops.stages.drift.sketch import Sketch
    from pytest_mlops.stages.drift.units import Units

    Floats = NDArray[np.float64]
    Marks = NDArray[np.bool_]

_SAMPLE = 100_000
_MOST_SEGMENTS = 50


@dataclass(frozen=True, kw_only=True)
class Sides:
    """The data of both sides, that of the reference None where it is a sketch; and their sketches and units."""

    data: tuple[Data | None, Data]
    sketches: tuple[Sketch, Sketch]
    units: tuple[Units, Units]
    public: Collection[str] = ()
    seed: int = 0


@dataclass(frozen=True)
class Again:
    """The rows that are read again for the columns that moved: a sample, and none where there is no such column."""

    sides: Sides
    columns: Sequence[str]

    @cached_property
    def values(self) -> Mapping[str, Floats]:
        """Return values of the current side of each numeric column."""
        wanted = [c for c in self.columns if self.sides.sketches[1].columns[c].grid is not None]
        if not wanted:
            return {}
        share = _SAMPLE / max(int(self.sides.sketches[1].rows.sum()), 1)
        sampler = Sampler(wanted, share, self.sides.seed)
        drawn = fold_batches(self.sides.data[1], wanted, sampler, Sample.merge).columns
        return {column: np.concatenate(one.values or [np.zeros(0)]) for column, one in drawn.items()}

    @cached_property
    def segments(self) -> Sequence[str]:
        """Return the columns whose categories may be named, and are not many."""
        columns = self.sides.sketches[1].columns
        return [
            name
            for name, column in columns.items()
            if column.is_public and column.grid is None and not column.is_name and len(column.labels) <= _MOST_SEGMENTS
        ]

    @cached_property
    def rows(self) -> tuple[Rows, Rows] | None:
        """Return some rows of both sides, where both are at hand and there is something to tell them apart by."""
        old, new = self.sides.data
        shown = [column for column in {self.sides.units[1].column} if column in self.sides.public]
        if old is None or not [*self.segments, *shown] or not self.columns:
            return None
        wanted = list(dict.fromkeys([*self.columns, *self.segments, *shown]))
        both = [
            rows_of(data, wanted, units, sketch.units, self.sides.seed)
            for data, units, sketch in zip((old, new), self.sides.units, self.sides.sketches, strict=True)
        ]
        return both[0], both[1]
