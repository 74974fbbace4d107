"""Sketches: what is kept of a data set to compare others with it, as counts by unit. Parts can be sketched apart."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.core.digest import short_digest
from pytest_mlops.stages.drift.gaps import Gaps
from pytest_mlops.stages.drift.joint import MOST as MOST_JOINT
from pytest_mlops.stages.drift.joint import Joint, cut
from pytest_mlops.stages.drift.repeats import Repeats
from pytest_mlops.stages.drift.seen import Seen
from pytest_mlops.stages.drift.values import VALUES, Uniqueness

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import narwhals as nw
    from numpy.typing import NDArray

    from pytest_mlops.stages.drift.grid import Grid
    from pytest_mlops.stages.drift.parts import Part
    from pytest_mlops.stages.drift.units import Units

    Counts = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Codes = NDArray[np.intp]

Key = str | int
MANY = 5_000  # labels; a column with more of them is a name of its rows, and not a category
OTHERS = "(others)"  # stands for the labels that a reference does not have, where all are too many


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
        The kind of its values, as a reader knows it: `number`, `text`, `boolean`, `time`, `vector`.
    grid
        The bins of numbers, or of vectors' norms; None for categories, whose cells are the `labels`.
    is_public
        Whether the labels are what stands in the data; if not, they are digests of it.
    kept
        The labels of the reference, which are told apart also where there are too many others.
    """

    type: str
    grid: Grid | None
    labels: dict[str, int] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    is_name: bool = False
    is_public: bool = False
    kept: int = 0

    @property
    def cells(self) -> int:
        """Return the number of bins or labels."""
        return len(self.labels) if self.grid is None else len(self.grid)

    def fresh(self) -> ColumnSketch:
        """Return the sketch of no rows, on the same cells."""
        return replace(self, labels=dict(self.labels), tally=Tally(), kept=len(self.labels))

    def place(self, words: Sequence[str]) -> Codes | None:
        """Return the cells of labels, None where they are too many to be told apart."""
        if not self.is_name:
            found = [self.labels.setdefault(word, len(self.labels)) for word in words]
            if len(self.labels) <= MANY:
                return np.array(found, dtype=np.intp)
            self.give_up()
        if not self.kept:
            return None
        return np.array([self.labels.get(word, self.kept) for word in words], dtype=np.intp)

    def give_up(self) -> None:
        """Tell apart only the labels of the reference: the others are one."""
        self.is_name = True
        self.tally.reach(0, self.cells)
        if self.kept:
            counts = self.tally.counts
            self.tally = Tally(np.insert(counts[:, : self.kept], self.kept, counts[:, self.kept :].sum(axis=1), axis=1))
            self.labels = {**dict(list(self.labels.items())[: self.kept]), OTHERS: self.kept}

    def ordered(self, first: Sequence[str] = ()) -> ColumnSketch:
        """Return the same with the labels in an order of their own: `first`, then the most frequent, then by name."""
        self.tally.reach(0, self.cells)
        if self.is_name and not self.kept:
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
    parts
        What else is kept of single columns, by a name of their own.
    """

    columns: dict[str, ColumnSketch]
    units: dict[Key, int] = field(default_factory=dict)
    rows: Counts = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    joint: Joint | None = None
    repeats: Repeats | None = None
    sums: dict[str, Floats] = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict)

    def add(self, batch: nw.DataFrame[Any], keys: Sequence[Key], members: Codes) -> None:
        """Count the rows of a batch.

        Parameters
        ----------
        keys, members
            The units of the batch, and for each row which of them it is in.
        """
        place = np.array([self.units.setdefault(key, len(self.units)) for key in keys], dtype=np.intp)
        units, n = place[members], len(self.units)
        self.rows = np.pad(self.rows, (0, n - len(self.rows))) + np.bincount(units, minlength=n)
        runs, seen = _Runs.of(units), Seen(batch)
        together: list[NDArray[np.float32]] = []
        for name, column in self.columns.items():
            if column.grid is not None:
                values = numbers(batch[name])[runs.order]
                runs.count(values, units, column, n)
                if self.joint is not None and name in self.joint.names:
                    together.append(cut(values, column.grid.centre, column.grid.robust_scale))
            elif column.kept or not column.is_name:
                cells = _labelled(seen, name, column)
                column.tally.add(units, cells, n, column.cells)
        if self.joint is not None:
            self.joint.reach(n)
            self.joint.add(np.stack(together), runs.units, runs.ends)
        if self.repeats is not None:
            self.repeats.add((batch[name] for name in self.repeats.columns), units)
        for part in self.parts.values():
            part.add(seen, units, n)

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
            if column.is_name or len(column.labels) > MANY:
                column.give_up()
        if self.joint is not None and other.joint is not None:
            self.joint.reach(len(self.units))
            self.joint.put(other.joint, units)
        if self.repeats is not None and other.repeats is not None:
            self.repeats.merge(other.repeats, units)
        for key, part in self.parts.items():
            part.merge(other.parts[key], units, len(self.units))

    def ordered(self, reference: Sketch | None = None) -> Sketch:
        """Return the same with units and labels in an order that does not depend on that of the rows.

        Labels of a reference stand where they stand there.
        """
        keys = sorted(self.units, key=lambda key: (isinstance(key, str), key))
        units = {key: number for number, key in enumerate(keys)}
        same = self.grouped(units, np.array([units[key] for key in self.units], dtype=np.intp))
        for key, part in [*same.parts.items()]:
            if reference is None and not self._is_worth(part):
                del same.parts[key]
            else:
                same.parts[key] = part.finished()
        for name, column in same.columns.items():
            same.columns[name] = column.ordered([] if reference is None else [*reference.columns[name].labels])
        return same

    def _is_worth(self, part: Part) -> bool:
        column = self.columns.get(part.column)
        if column is None:
            return part.is_worth(0, is_name=False)
        return part.is_worth(len(column.labels), is_name=column.is_name)

    def only(self, names: Sequence[str]) -> Sketch:
        """Return the same of some of the columns; gaps in time are not of one of them."""
        parts = {key: part for key, part in self.parts.items() if part.column in names or isinstance(part, Gaps)}
        joint = self.joint
        if joint is not None:
            kept = [name for name in joint.names if name in names]
            joint = joint.only(kept) if len(kept) > 1 else None
        return replace(self, columns={name: self.columns[name] for name in names}, joint=joint, parts=parts)

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
        together.parts = {key: part.grouped(place, len(units)) for key, part in self.parts.items()}
        return together

    def table(self, name: str) -> Floats:
        """Return the counts of a column, of shape (units, cells)."""
        column = self.columns[name]
        column.tally.reach(len(self.units), column.cells)
        return column.tally.counts.astype(np.float64)

    def missing(self, name: str) -> Floats:
        """Return how many rows of each unit have no value in a column."""
        values = self.parts.get(f"{VALUES} of {name}")
        if self.columns[name].is_name and isinstance(values, Uniqueness):  # whose cells were given up
            return np.asarray(self.rows - values.filled.of(len(self.units))[:, 0])
        return np.asarray(self.rows - self.table(name).sum(axis=1))


@dataclass(frozen=True)
class _Runs:
    """The rows of a batch in the order of their units, in which unit each run of them is, and where it ends."""

    order: Codes
    units: Codes
    ends: Codes

    @classmethod
    def of(cls, units: Codes) -> _Runs:
        """Return the runs of a batch."""
        counts = np.bincount(units)
        present = np.flatnonzero(counts)
        small = units.astype(np.min_scalar_type(len(counts)))  # which is sorted by its digits
        return cls(np.argsort(small, kind="stable"), present, np.cumsum(counts[present]))

    def count(self, values: Floats, units: Codes, column: ColumnSketch, n_units: int) -> None:
        """Count values, in the order of the runs, into the grid of a column; missing values are left out.

        Each run is sorted and the grid is looked up there, in a quarter of the time of looking up each value in the
        grid, unless runs are short.
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
            run = np.sort(values[start:end])
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
    parts: Mapping[str, Part] = field(default_factory=dict)

    def __call__(self, batches: Iterable[nw.DataFrame[Any]], start: int) -> Sketch:
        """Return the sketch of the rows from `start` on."""
        numeric = [name for name, column in self.columns.items() if column.type == "number"]
        sketch = Sketch(
            {name: column.fresh() for name, column in self.columns.items()},
            joint=Joint(numeric) if 1 < len(numeric) <= MOST_JOINT else None,
            repeats=Repeats(self.whole) if self.whole else None,
            parts={key: part.fresh() for key, part in self.parts.items()},
        )
        units = self.units.from_row(start)
        for batch in batches:
            sketch.add(batch, *units.of(batch))
        return sketch


def numbers(series: nw.Series[Any]) -> Floats:
    """Return values as floating-point numbers, NaN where they are missing; of vectors their norms."""
    if series.dtype.is_nested():
        from pytest_mlops.adapters.arrow_nested import vectors_of

        return np.concatenate([np.zeros(0), *(part.norms() for part in vectors_of(series))])
    return np.asarray(series.to_numpy(), dtype=np.float64)


def _labelled(seen: Seen, name: str, column: ColumnSketch) -> Codes:
    codes, found = seen.encoded(name)
    words = found if column.is_public else [short_digest(word) for word in found]
    place = column.place(words)
    if place is None or not len(place):
        return np.full(len(codes), -1, dtype=np.intp)
    return np.where(codes >= 0, place[codes], -1)
