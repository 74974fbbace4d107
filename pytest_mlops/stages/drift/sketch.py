"""Sketches: what is kept of a data set to compare others with it, as counts by unit. Parts can be sketched apart."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    import narwhals as nw
    from numpy.typing import NDArray

    from pytest_mlops.stages.drift.grid import Grid

    Counts = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Codes = NDArray[np.intp]

Kind = str  # "number" or "category"
MANY = 5_000  # labels; a column with more of them is a name of its rows, and not a category


@dataclass
class Tally:
    """Counts of shape (units, cells), which grow with what is met."""

    counts: Counts = field(default_factory=lambda: np.zeros((0, 0), dtype=np.int64))

    def add(self, units: Codes, cells: Codes, n_units: int, n_cells: int) -> None:
        """Count each pair of a unit and a cell; a negative cell is left out."""
        self.reach(n_units, n_cells)
        kept = cells >= 0
        if not kept.all():
            units, cells = units[kept], cells[kept]
        width = self.counts.shape[1]
        self.counts += np.bincount(units * width + cells, minlength=self.counts.size).reshape(self.counts.shape)

    def reach(self, n_units: int, n_cells: int) -> None:
        """Make room for more units or cells."""
        more = max(n_units - self.counts.shape[0], 0), max(n_cells - self.counts.shape[1], 0)
        if any(more):
            self.counts = np.pad(self.counts, ((0, more[0]), (0, more[1])))

    def put(self, other: Counts, units: Codes, cells: Codes) -> None:
        """Add a table whose rows and columns are `units` and `cells` here."""
        self.reach(int(units.max(initial=-1)) + 1, int(cells.max(initial=-1)) + 1)
        np.add.at(self.counts, (units[:, None], cells[None, :]), other)


@dataclass
class ColumnSketch:
    """One column: where its values lie, by unit.

    Attributes
    ----------
    type
        The kind of its values, as a reader knows it: `number`, `text`, `boolean`, `time`.
    grid
        The bins of numbers; None for categories, whose cells are the `labels`.
    known
        How many of the labels are those of the reference; the others came after.
    """

    type: str
    grid: Grid | None
    labels: dict[str, int] = field(default_factory=dict)
    known: int = 0
    tally: Tally = field(default_factory=Tally)
    is_name: bool = False

    @property
    def kind(self) -> Kind:
        """Say whether it is compared as numbers or as categories."""
        return "category" if self.grid is None else "number"

    @property
    def cells(self) -> int:
        """Return the number of bins or labels."""
        return len(self.labels) if self.grid is None else len(self.grid)

    def fresh(self) -> ColumnSketch:
        """Return the sketch of no rows, on the same cells."""
        return ColumnSketch(self.type, self.grid, dict(self.labels), len(self.labels), is_name=self.is_name)


@dataclass
class Sketch:
    """A data set as counts by unit.

    Attributes
    ----------
    unit
        What a unit is, in words: `31 values of day`.
    units
        The units' keys, in the order in which they were met.
    """

    columns: dict[str, ColumnSketch]
    units: dict[Hashable, int] = field(default_factory=dict)
    rows: Counts = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def add(self, batch: nw.DataFrame[Any], keys: Sequence[Hashable], members: Codes) -> None:
        """Count the rows of a batch.

        Parameters
        ----------
        keys, members
            The units of the batch, and for each row which of them it is in.
        """
        place = np.array([self.units.setdefault(key, len(self.units)) for key in keys], dtype=np.intp)
        units, n = place[members], len(self.units)
        self.rows = np.pad(self.rows, (0, n - len(self.rows))) + np.bincount(units, minlength=n)
        runs = _Runs.of(units)
        for name, column in self.columns.items():
            if column.is_name:
                continue
            if column.grid is None:
                column.tally.add(units, _labelled(batch[name], column), n, column.cells)
            elif runs is None:
                column.tally.add(units, column.grid.codes(numbers(batch[name])), n, column.cells)
            else:
                column.tally.reach(n, column.cells)
                runs.count(numbers(batch[name]), column.grid, column.tally.counts)

    def merge(self, other: Sketch) -> None:
        """Add what another sketch on the same cells counted: the sketch of both parts together."""
        units = np.array([self.units.setdefault(key, len(self.units)) for key in other.units], dtype=np.intp)
        self.rows = np.pad(self.rows, (0, len(self.units) - len(self.rows)))
        np.add.at(self.rows, units, other.rows)
        for name, column in self.columns.items():
            theirs = other.columns[name]
            column.is_name = column.is_name or theirs.is_name
            if column.grid is None:
                cells = [column.labels.setdefault(label, len(column.labels)) for label in theirs.labels]
            else:
                cells = list(range(column.cells))
            table = theirs.tally.counts
            column.tally.put(table, units[: len(table)], np.array(cells[: table.shape[1]], dtype=np.intp))

    def grouped(self, units: dict[Hashable, int], place: Codes) -> Sketch:
        """Return the sketch with units together; `place` says for each unit which of `units` it is in."""
        together = Sketch({name: replace(column, tally=Tally()) for name, column in self.columns.items()}, units)
        together.rows = np.bincount(place, weights=self.rows, minlength=len(units)).astype(np.int64)
        for name, column in together.columns.items():
            table = self.columns[name].tally.counts
            column.tally.reach(len(units), column.cells)
            column.tally.put(table, place[: len(table)], np.arange(table.shape[1]))
        return together

    def table(self, name: str) -> Floats:
        """Return the counts of a column, of shape (units, cells)."""
        column = self.columns[name]
        column.tally.reach(len(self.units), column.cells)
        return column.tally.counts.astype(np.float64)

    def missing(self, name: str) -> Floats:
        """Return how many rows of each unit have no value in a column."""
        return np.asarray(self.rows - self.table(name).sum(axis=1))


@dataclass(frozen=True)
class _Runs:
    """The rows of a batch in the order of their units: each unit's values are sorted, and the grid is looked up there.

    Sorting and 100 look-ups take a quarter of the time of looking up each value in the grid.
    """

    order: Codes
    units: Codes
    ends: Codes

    @classmethod
    def of(cls, units: Codes) -> _Runs | None:
        """Return the runs, or None where they are so short that looking up each value is faster."""
        counts = np.bincount(units)
        present = np.flatnonzero(counts)
        if len(units) < _LONG * len(present):
            return None
        small = units.astype(np.min_scalar_type(len(counts)))  # which is sorted by its digits
        return cls(np.argsort(small, kind="stable"), present, np.cumsum(counts[present]))

    def count(self, values: Floats, grid: Grid, counts: Counts) -> None:
        """Add the counts of values to a table of shape (units, bins); missing values are left out."""
        values = values[self.order]
        below, start = np.zeros(len(grid) + 1, dtype=np.int64), 0
        for unit, end in zip(self.units, self.ends, strict=True):
            run = np.sort(values[start:end])
            start = end
            below[1:-1] = run.searchsorted(grid.edges, side="right")
            below[-1] = run.searchsorted(np.nan) if np.isnan(run[-1]) else len(run)
            counts[unit] += below[1:] - below[:-1]


_LONG = 256  # rows


def sketch_of(
    batches: Iterable[nw.DataFrame[Any]],
    columns: Mapping[str, ColumnSketch],
    units_of: Callable[[nw.DataFrame[Any]], tuple[Sequence[Hashable], Codes]],
) -> Sketch:
    """Return the sketch of data on the cells of `columns`."""
    sketch = Sketch({name: column.fresh() for name, column in columns.items()})
    for batch in batches:
        sketch.add(batch, *units_of(batch))
    return sketch


def numbers(series: nw.Series[Any]) -> Floats:
    """Return values as floating-point numbers, NaN where they are missing."""
    return np.asarray(series.to_numpy(), dtype=np.float64)


def _labelled(series: nw.Series[Any], column: ColumnSketch) -> Codes:
    from pytest_mlops.adapters.arrow import encode

    codes, found = encode(series)
    place = np.array([column.labels.setdefault(label, len(column.labels)) for label in found], dtype=np.intp)
    if len(column.labels) > MANY:
        column.is_name = True
        return np.full(len(codes), -1, dtype=np.intp)
    return np.where(codes >= 0, place[codes], -1) if len(place) else np.full(len(codes), -1, dtype=np.intp)
