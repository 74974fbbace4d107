"""Runs: the rows of a batch in the order of their units, so that each unit's are counted at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlops.stages.drift.column_sketch import ColumnSketch

    Floats = NDArray[np.float64]
    Codes = NDArray[np.intp]


@dataclass(frozen=True)
class Runs:
    """The rows of a batch in the order of their units.

    Attributes
    ----------
    members
        In which unit each row is, in the order of the batch.
    order
        The rows in the order of their units.
    units, ends
        In which unit each run of them is, and where it ends.
    are_mixed
        Whether the batch is in another order than that.
    """

    members: Codes
    order: Codes
    units: Codes
    ends: Codes
    are_mixed: bool

    @classmethod
    def of(cls, units: Codes) -> Runs:
        """Return the runs of a batch."""
        counts = np.bincount(units)
        present = np.flatnonzero(counts)
        small = units.astype(np.min_scalar_type(len(counts)))  # which is sorted by its digits
        are_mixed = bool((units[1:] < units[:-1]).any())
        order = np.argsort(small, kind="stable") if are_mixed else np.arange(len(units))
        return cls(units, order, present, np.cumsum(counts[present]), are_mixed)

    def count(self, values: Floats, column: ColumnSketch, n_units: int) -> None:
        """Count values, in the order of the runs, into the grid of a column; missing values are left out.

        Each run is sorted, in place, and the grid is looked up there, in a quarter of the time of looking up each
        value in the grid, unless runs are short.
        """
        grid, tally = column.grid, column.tally
        if grid is None:
            raise TypeError(column.type)  # a number has one
        if len(values) < _LONG * len(self.units):
            tally.add(self.members[self.order], grid.codes(values), n_units, len(grid))
            return
        tally.reach(n_units, len(grid))
        below, start = np.zeros(len(grid) + 1, dtype=np.int64), 0
        for unit, end in zip(self.units, self.ends, strict=True):
            run = values[start:end]
            run.sort()
            start = end
            below[1:-1] = run.searchsorted(grid.edges, side="right")
            below[-1] = run.searchsorted(np.nan) if np.isnan(run[-1]) else len(run)
            tally.counts[unit] += below[1:] - below[:-1]


_LONG = 256  # rows
