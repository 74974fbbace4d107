"""Sketches: what is kept of a data set to compare others with it, as counts by unit. Parts can be sketched apart."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.core.digest import short_digest
from pytest_mlops.stages.drift.joint import MOST as MOST_JOINT
from pytest_mlops.stages.drift.joint import Joint, cut
from pytest_mlops.stages.drift.reading import Reading
from pytest_mlops.stages.drift.repeats import Repeats

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import narwhals as nw
    from numpy.typing import NDArray

    from pytest_mlops.stages.drift.grid import Grid
    from pytest_mlops.stages.drift.units import Units

    Counts = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Codes = NDArray[np.intp]

Key = str | int
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
    is_public
        Whether the labels are what stands in the data; if not, they are digests of it.
    """

    type: str
    grid: Grid | None
    labels: dict[str, int] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    is_name: bool = False
    is_public: bool = False

    @property
    def cells(self) -> int:
        """Return the number of bins or labels."""
        return len(self.labels) if self.grid is None else len(self.grid)

    def fresh(self) -> ColumnSketch:
        """Return the sketch of no rows, on the same cells."""
        return replace(self, labels=dict(self.labels), tally=Tally())

    def ordered(self, first: Sequence[str] = ()) -> ColumnSketch:
        """Return the same with the labels in an order of their own: `first`, then the most frequent, then by name."""
        self.tally.reach(0, self.cells)
        if self.is_name:
            return replace(self, labels={}, tally=Tally())
        if self.grid is not None:
            return self
        totals = self.tally.counts.sum(axis=0)
        rest = sorted(self.labels.keys() - set(first), key=lambda label: (-totals[self.labels[label]], label))
        labels = [*first, *rest]
        counts = np.zeros((len(self.tally.counts), len(labels)), dtype=np.int64)
        for number, label in enumerate(labels):
            if label in self.labels:
                counts[:, number] = self.tally.counts[:, self.labels[label]]
        return replace(self, labels={label: number for number, label in enumerate(labels)}, tally=Tally(counts))


@dataclass
class Sketch:
    """A data set as counts by unit.

    Attributes
    ----------
    units
        The units' keys, in the order in which they were met: digests of values, or numbers.
    sums
        What else adds up over rows, each of shape (units, k).
    """

    columns: dict[str, ColumnSketch]
    units: dict[Key, int] = field(default_factory=dict)
    rows: Counts = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    joint: Joint | None = None
    repeats: Repeats | None = None
    sums: dict[str, Floats] = field(default_factory=dict)

    def add(self, batch: nw.DataFrame[Any], keys: Sequence[Key], members: Codes) -> None:
        """Count the rows of a batch.

        Parameters
        ----------
        keys, members
            The units of the batch, and for each row which of them it is in.
        """
        numbers = np.array([self.units.setdefault(key, len(self.units)) for key in keys], dtype=np.intp)
        units, n = numbers[members], len(self.units)
        self.rows = np.pad(self.rows, (0, n - len(self.rows))) + np.bincount(units, minlength=n)
        runs = _Runs.of(units)
        place = {} if self.joint is None else {name: number for number, name in enumerate(self.joint.names)}
        together = np.empty((len(place), len(batch)), dtype=np.float32)
        repeats, mixed = self.repeats, np.zeros(len(batch), dtype=np.uint64)
        for name in dict.fromkeys([*(repeats.columns if repeats is not None else ()), *self.columns]):
            reading = Reading(batch[name])
            if repeats is not None and name in repeats.columns:
                repeats.mix(mixed, reading.hashes())
            column = self.columns.get(name)
            if column is None or column.is_name:
                continue
            if column.grid is None:
                column.tally.add(units, _labelled(reading, column), n, column.cells)
                continue
            values = reading.numbers[runs.order] if runs.are_mixed else reading.numbers.copy()
            if name in place:
                cut(values, column.grid.centre, column.grid.robust_scale, together[place[name]])
            runs.count(values, units, column, n)
        if self.joint is not None:
            self.joint.reach(n)
            self.joint.add(together, runs.units, runs.ends)
        if repeats is not None:
            repeats.add(mixed, units)

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
            column.is_name = column.is_name or len(column.labels) > MANY
        if self.joint is not None and other.joint is not None:
            self.joint.reach(len(self.units))
            self.joint.put(other.joint, units)
        if self.repeats is not None and other.repeats is not None:
            self.repeats.merge(other.repeats, units)

    def ordered(self, reference: Sketch | None = None) -> Sketch:
        """Return the same with units and labels in an order that does not depend on that of the rows.

        Labels of a reference stand where they stand there.
        """
        keys = sorted(self.units, key=lambda key: (isinstance(key, str), key))
        units = {key: number for number, key in enumerate(keys)}
        same = self.grouped(units, np.array([units[key] for key in self.units], dtype=np.intp))
        for name, column in same.columns.items():
            same.columns[name] = column.ordered([] if reference is None else [*reference.columns[name].labels])
        return same

    def only(self, names: Sequence[str]) -> Sketch:
        """Return the same of some of the columns."""
        joint = self.joint
        if joint is not None:
            kept = [name for name in joint.names if name in names]
            joint = joint.only(kept) if len(kept) > 1 else None
        return replace(self, columns={name: self.columns[name] for name in names}, joint=joint)

    def grouped(self, units: dict[Key, int], place: Codes) -> Sketch:
        """Return the sketch with units together; `place` says for each unit which of `units` it is in."""
        together = Sketch({name: replace(column, tally=Tally()) for name, column in self.columns.items()}, units)
        together.rows = np.bincount(place, weights=self.rows, minlength=len(units)).astype(np.int64)
        for name, column in together.columns.items():
            table = self.columns[name].tally.counts
            column.tally.reach(len(units), column.cells)
            column.tally.put(table, place[: len(table)], np.arange(table.shape[1]))
        if self.joint is not None:
            together.joint = Joint(self.joint.names)
            together.joint.reach(len(units))
            together.joint.put(self.joint, place)
        if self.repeats is not None:
            together.repeats = self.repeats.grouped(place)
        for name, sums in self.sums.items():
            together.sums[name] = np.zeros((len(units), sums.shape[1]))
            np.add.at(together.sums[name], place, sums)
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
    """The rows of a batch in the order of their units, in which unit each run of them is, and where it ends."""

    order: Codes
    units: Codes
    ends: Codes
    are_mixed: bool  # else the rows are in that order

    @classmethod
    def of(cls, units: Codes) -> _Runs:
        """Return the runs of a batch."""
        counts = np.bincount(units)
        present = np.flatnonzero(counts)
        small = units.astype(np.min_scalar_type(len(counts)))  # which is sorted by its digits
        are_mixed = bool((units[1:] < units[:-1]).any())
        order = np.argsort(small, kind="stable") if are_mixed else np.arange(len(units))
        return cls(order, present, np.cumsum(counts[present]), are_mixed)

    def count(self, values: Floats, units: Codes, column: ColumnSketch, n_units: int) -> None:
        """Count values, in the order of the runs, into the grid of a column; missing values are left out.

        Each run is sorted, in place, and the grid is looked up there, in a quarter of the time of looking up each
        value in the grid, unless runs are short.
        """
        grid, tally = column.grid, column.tally
        if grid is None:
            raise TypeError(column.type)  # a number has one
        if len(values) < _LONG * len(self.units):
            tally.add(units[self.order], grid.codes(values), n_units, len(grid))
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


@dataclass(frozen=True)
class Sketcher:
    """What makes a sketch of a part of some data, on the cells of `columns`; `whole` are those in which rows repeat."""

    columns: Mapping[str, ColumnSketch]
    units: Units
    whole: Sequence[str] = ()

    def __call__(self, batches: Iterable[nw.DataFrame[Any]], start: int) -> Sketch:
        """Return the sketch of the rows from `start` on."""
        numeric = [name for name, column in self.columns.items() if column.grid is not None]
        sketch = Sketch(
            {name: column.fresh() for name, column in self.columns.items()},
            joint=Joint(numeric) if 1 < len(numeric) <= MOST_JOINT else None,
            repeats=Repeats(self.whole) if self.whole else None,
        )
        units = self.units.from_row(start)
        for batch in batches:
            sketch.add(batch, *units.of(batch))
        return sketch


def _labelled(reading: Reading, column: ColumnSketch) -> Codes:
    codes, found = reading.codes
    words = found if column.is_public else [short_digest(word) for word in found]
    place = np.array([*(column.labels.setdefault(word, len(column.labels)) for word in words), -1], dtype=np.intp)
    if len(column.labels) > MANY:
        column.is_name = True
        place[:] = -1
    return np.asarray(place[codes])
