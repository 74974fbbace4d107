"""Sketches: what is kept of a data set to compare others with it, as counts by unit. Parts can be sketched apart."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.core.digest import short_digest
from pytest_mlops.stages.drift.column_sketch import ColumnSketch, Tally
from pytest_mlops.stages.drift.gaps import Gaps
from pytest_mlops.stages.drift.joint import Axis, Joint, cut, indicate
from pytest_mlops.stages.drift.reading import Reading, mix
from pytest_mlops.stages.drift.runs import Runs
from pytest_mlops.stages.drift.values import Uniqueness, Values

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import narwhals as nw
    from numpy.typing import NDArray

    from pytest_mlops.stages.drift.parts import Part
    from pytest_mlops.stages.drift.patterns import Patterns
    from pytest_mlops.stages.drift.units import Units

    Counts = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Codes = NDArray[np.intp]

Key = str | int


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
    patterns
        Which columns are missing together.
    repeats, whole
        How often rows are equal, and in which columns they then are.
    """

    columns: dict[str, ColumnSketch]
    units: dict[Key, int] = field(default_factory=dict)
    rows: Counts = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    joint: Joint | None = None
    patterns: Patterns | None = None
    repeats: Values | Uniqueness | None = None
    whole: Sequence[str] = ()
    sums: dict[str, Floats] = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict)

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
        runs = Runs.of(units)
        axes: dict[str, dict[str, NDArray[np.float32]]] = {}
        together = np.empty((0 if self.joint is None else len(self.joint.axes), len(batch)), dtype=np.float32)
        for axis, row in zip([] if self.joint is None else self.joint.axes, together, strict=True):
            axes.setdefault(axis.column, {})[axis.label] = row
        mixed, parts = np.zeros(len(batch), dtype=np.uint64), self._parts_by_column()
        lacking: dict[str, NDArray[np.bool_]] = {}
        for name in dict.fromkeys([*self.whole, *self.columns, *parts]):
            reading = Reading(batch[name])
            if name in self.whole:
                mix(mixed, reading.hashes())
            for part in parts.get(name, ()):
                part.add(reading, units, n)
            if name in self.columns:
                lacking[name] = _count(reading, self.columns[name], runs, n, axes.get(name, {}))
        if self.joint is not None:
            self.joint.reach(n)
            self.joint.add(together, runs.units, runs.ends)
        if self.patterns is not None:
            self.patterns.add(lacking, units, n)
        if isinstance(self.repeats, Values):
            self.repeats.add_rows(mixed, units, n)

    def _parts_by_column(self) -> dict[str, list[Part]]:
        found: dict[str, list[Part]] = {}
        for part in self.parts.values():
            found.setdefault(part.column, []).append(part)
        return found

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
            if column.is_name or column.is_crowded:
                column.give_up()
        if self.joint is not None and other.joint is not None:
            self.joint.reach(len(self.units))
            self.joint.put(other.joint, units)
        if self.patterns is not None and other.patterns is not None:
            self.patterns.merge(other.patterns, units)
        if isinstance(self.repeats, Values) and isinstance(other.repeats, Values):
            self.repeats.merge(other.repeats, units, len(self.units))
        for key, part in self.parts.items():
            part.merge(other.parts[key], units, len(self.units))

    def ordered(self, reference: Sketch | None = None) -> Sketch:
        """Return the same with units and labels in an order that does not depend on that of the rows.

        Labels of a reference stand where they stand there.
        """
        keys = sorted(self.units, key=lambda key: (isinstance(key, str), key))
        units = {key: number for number, key in enumerate(keys)}
        same = self.grouped(units, np.array([units[key] for key in self.units], dtype=np.intp))
        for column in same.columns.values() if reference is None else ():
            if column.has_own_labels:
                column.give_up()
        for key, part in [*same.parts.items()]:
            if reference is None and not same._is_worth(part):  # noqa: SLF001 - of its own kind
                del same.parts[key]
            else:
                same.parts[key] = part.finished()
        for name, column in same.columns.items():
            same.columns[name] = column.ordered([] if reference is None else [*reference.columns[name].labels])
        if same.patterns is not None:
            same.patterns = same.patterns.ordered(None if reference is None else reference.patterns)
        return same

    def _is_worth(self, part: Part) -> bool:
        column = self.columns.get(part.column)
        if column is None:
            return part.is_worth(0, is_name=False)
        return part.is_worth(len(column.labels), is_name=column.is_name)

    def only(self, names: Sequence[str]) -> Sketch:
        """Return the same of some of the columns; gaps in time are not of one of them."""
        parts = {key: part for key, part in self.parts.items() if part.column in names or isinstance(part, Gaps)}
        joint = None if self.joint is None else self.joint.only(names)
        patterns = None if self.patterns is None else self.patterns.only(names)
        columns = {name: self.columns[name] for name in names}
        return replace(self, columns=columns, joint=joint, patterns=patterns, parts=parts)

    def grouped(self, units: dict[Key, int], place: Codes) -> Sketch:
        """Return the sketch with units together; `place` says for each unit which of `units` it is in."""
        columns = {name: replace(column, tally=Tally()) for name, column in self.columns.items()}
        together = Sketch(columns, units, whole=self.whole)
        together.rows = np.bincount(place, weights=self.rows, minlength=len(units)).astype(np.int64)
        for name, column in together.columns.items():
            table = self.columns[name].tally.counts
            column.tally.reach(len(units), column.cells)
            column.tally.put(table, place[: len(table)], np.arange(table.shape[1]))
        if self.joint is not None:
            together.joint = Joint(self.joint.axes)
            together.joint.reach(len(units))
            together.joint.put(self.joint, place)
        if self.patterns is not None:
            together.patterns = self.patterns.grouped(place, len(units))
        if self.repeats is not None:
            together.repeats = self.repeats.grouped(place, len(units))
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
        return np.asarray(self.rows - self.table(name).sum(axis=1))


@dataclass(frozen=True)
class Sketcher:
    """What makes a sketch of a part of some data, on the cells of `columns`; `whole` are those in which rows repeat."""

    columns: Mapping[str, ColumnSketch]
    units: Units
    whole: Sequence[str] = ()
    parts: Mapping[str, Part] = field(default_factory=dict)
    patterns: Patterns | None = None
    axes: Sequence[Axis] = ()

    def __call__(self, batches: Iterable[nw.DataFrame[Any]], start: int) -> Sketch:
        """Return the sketch of the rows from `start` on."""
        sketch = Sketch(
            {name: column.fresh() for name, column in self.columns.items()},
            joint=Joint(self.axes) if self.axes else None,
            patterns=None if self.patterns is None else self.patterns.fresh(),
            repeats=Values("") if self.whole else None,
            whole=self.whole,
            parts={key: part.fresh() for key, part in self.parts.items()},
        )
        units = self.units.from_row(start)
        for batch in batches:
            sketch.add(batch, *units.of(batch))
        return sketch


def _count(
    reading: Reading, column: ColumnSketch, runs: Runs, n_units: int, axes: Mapping[str, NDArray[np.float32]]
) -> NDArray[np.bool_]:
    """Count the values of a batch, and say which are missing.

    `axes` are rows of what `Joint.add` takes, to be filled: of numbers one, of categories one by label.
    """
    if column.grid is None:
        cells = _labelled(reading, column) if column.type != "time" or not column.is_name else _counted(reading)
        column.tally.add(runs.members, cells, n_units, column.cells)
        for label, row in axes.items():
            indicate(cells[runs.order] == column.labels.get(label, column.cells), row)
        return cells < 0
    values = reading.numbers[runs.order] if runs.are_mixed else reading.numbers.copy()
    for row in axes.values():
        cut(values, column.grid.centre, column.grid.robust_scale, row)
    runs.count(values, column, n_units)
    return np.isnan(reading.numbers)


def _counted(reading: Reading) -> Codes:
    """Return the one cell of what has a value; what points in time they are does not matter."""
    return np.where(reading.series.is_null().to_numpy(), -1, 0)


def _labelled(reading: Reading, column: ColumnSketch) -> Codes:
    codes, found = reading.codes
    place = column.place(found if column.is_public else [short_digest(word) for word in found])
    return np.asarray(np.append(place, -1)[codes])
