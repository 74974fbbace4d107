"""One column that moved: before and after, its likely cause, and which rows moved most."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.core.artefact import Artefact
from pytest_mlops.core.digest import short_digest
from pytest_mlops.stages.drift.causes import Cause, likeliest
from pytest_mlops.stages.drift.causes_categories import Labels, category_causes
from pytest_mlops.stages.drift.causes_heaps import cut_causes, emptied_causes, heap_causes, part_causes
from pytest_mlops.stages.drift.causes_maps import Pair, map_causes
from pytest_mlops.stages.drift.curves import Curve
from pytest_mlops.stages.drift.moved import (
    Part,
    Segments,
    segments_of,
    table_of,
    unit_parts,
    words_of_mix,
    words_of_segments,
    words_of_units,
)
from pytest_mlops.stages.drift.pictures import Picture, picture_of_numbers
from pytest_mlops.stages.drift.reading import numbers
from pytest_mlops.stages.drift.unit_names import in_order, names_of_units, together, word_of_units

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import narwhals as nw
    from numpy.typing import NDArray

    from pytest_mlops.stages.drift.again import Again, Sides
    from pytest_mlops.stages.drift.column_sketch import ColumnSketch
    from pytest_mlops.stages.drift.sketch import Sketch

    Floats = NDArray[np.float64]
    Marks = NDArray[np.bool_]


_WIDTH = 76


@dataclass(frozen=True)
class Explained:
    """What is said beside the first measure of a column that moved."""

    lines: Sequence[str]
    artefacts: tuple[Artefact, ...] = ()

    @property
    def note(self) -> str:
        """Return the lines, none longer than a terminal shows."""
        return "\n".join(part for line in self.lines for part in textwrap.wrap(line, _WIDTH, subsequent_indent="  "))


@dataclass(frozen=True)
class MovedColumn:
    """One column that moved."""

    sides: Sides
    again: Again
    name: str
    kind: str
    alarmed: Collection[str]

    @cached_property
    def sketches(self) -> tuple[ColumnSketch, ColumnSketch]:
        """Return the column in the sketch of each side."""
        return self.sides.sketches[0].columns[self.name], self.sides.sketches[1].columns[self.name]

    @cached_property
    def tables(self) -> tuple[Floats, Floats]:
        """Return the counts of both sides, with the rows without a value as the last cell."""
        tables = [np.column_stack([side.table(self.name), side.missing(self.name)]) for side in self.sides.sketches]
        more = tables[1].shape[1] - tables[0].shape[1]
        return np.insert(tables[0], [tables[0].shape[1] - 1] * more, 0.0, axis=1), tables[1]

    @cached_property
    def counts(self) -> tuple[Floats, Floats]:
        """Return the counts of all units."""
        return self.tables[0].sum(axis=0), self.tables[1].sum(axis=0)

    @cached_property
    def missing(self) -> tuple[float, float]:
        """Return the shares of the rows without a value."""
        old, new = (float(counts[-1] / max(counts.sum(), 1)) for counts in self.counts)
        return old, new

    @cached_property
    def curves(self) -> tuple[Curve, Curve]:
        """Return both sides as curves; that of the current one of values at hand where they were read again."""
        grid = self.sketches[1].grid
        if grid is None:
            raise TypeError(self.name)
        old = Curve.of_counts(grid.edges, self.counts[0][:-1], self.missing[0])
        if self.name in self.again.values:
            return old, Curve.of_values(self.again.values[self.name], self.missing[1])
        return old, Curve.of_counts(grid.edges, self.counts[1][:-1], self.missing[1])

    @cached_property
    def words(self) -> Sequence[str]:
        """Return the categories as a report may show them."""
        column = self.sketches[1]
        if column.is_public:
            return [repr(word) for word in column.labels]
        return [f"category {number}" for number, _ in enumerate(column.labels, start=1)]

    def picture(self) -> Picture:
        """Return before and after in common bins."""
        if self.sketches[1].grid is not None:
            return picture_of_numbers(*self.curves)
        shares = [counts[:-1] / max(counts[:-1].sum(), 1) for counts in self.counts]
        return picture_of_categories(self.words, shares[0], shares[1])

    def cause(self) -> Cause | None:
        """Return the likely cause, None where it is not recognisable."""
        noise = Pair(*self.curves).noise if self.sketches[1].grid is not None else 0.0
        return likeliest(self._causes(), noise)

    def _causes(self) -> Iterable[Cause]:
        column = self.sketches[1]
        if column.grid is None:
            shares = [counts[:-1] / max(counts[:-1].sum(), 1) for counts in self.counts]
            words = list(column.labels) if column.is_public else []
            yield from category_causes(Labels(self.words, shares[0], shares[1], self.missing, words))
            return
        pair, grid = Pair(*self.curves, self.name), column.grid
        is_whole = bool({"ks", "wasserstein", "energy", "jensen_shannon"} & set(self.alarmed))
        yield from emptied_causes(pair)
        if is_whole:
            yield from map_causes(pair)
            yield from cut_causes(pair)
        if is_whole or "heaped_share" in self.alarmed:
            yield from heap_causes(pair, is_asked=not is_whole)
        if "outside_share" in self.alarmed:
            yield from part_causes(pair, (grid.edges[grid.inside[0] - 1], grid.edges[grid.inside[1] - 1]))

    @cached_property
    def marked(self) -> Marks:
        """Return the cells that have more rows for the change, as the leading measure sees it."""
        old, new = self.counts
        marks = np.zeros(len(new), dtype=bool)
        if self.kind == "missing_share_change":
            marks[-1] = True
            return marks if self.missing[1] >= self.missing[0] else ~marks
        change = new[:-1] / max(new[:-1].sum(), 1) - old[:-1] / max(old[:-1].sum(), 1)
        grid, cells = self.sketches[1].grid, np.arange(len(change))
        if self.kind == "new_category_share":
            marks[:-1] = old[:-1] == 0
        elif grid is None:
            marks[:-1] = change > 0
        elif self.kind == "outside_share":
            marks[:-1] = (cells < grid.inside[0]) | (cells >= grid.inside[1])
        elif self.kind == "heaped_share":
            marks[:-1] = cells == np.argmax(change)
        else:
            gaps = np.cumsum(change)
            at = int(np.argmax(np.abs(gaps)))
            marks[:-1] = (cells <= at) == (gaps[at] > 0)
        return marks

    @cached_property
    def unit_names(self) -> Sequence[str]:
        """Return a name for each unit, empty where it may not be shown."""
        frame = None if self.again.rows is None else self.again.rows[1].frame
        return names_of_units(self.sides.units[1], self.sides.sketches[1].units, frame, self.sides.public)

    def _together(self, names: Collection[str]) -> str:
        return together(names, in_order(self.sides.units[1], self.unit_names))

    def units(self) -> list[Part]:
        """Return what part of the change each unit has."""
        names = self.unit_names
        is_missing = self.kind == "missing_share_change"
        rows = [table.sum(axis=1) if is_missing else table[:, :-1].sum(axis=1) for table in self.tables]
        hits = [table[:, self.marked].sum(axis=1) for table in self.tables]
        if not names or not rows[1].sum():
            return []
        return unit_parts(names, rows[1], hits[1], float(hits[0].sum() / max(rows[0].sum(), 1)))

    def segments(self) -> list[Segments]:
        """Return the other columns, with what part of the change each of their categories has."""
        if self.name not in self.again.columns or self.again.rows is None:
            return []
        cells = [self._cells(side.frame) for side in self.again.rows]
        is_missing = self.kind == "missing_share_change"
        kept = [side >= 0 if not is_missing else np.ones(len(side), dtype=bool) for side in cells]
        marks = [self.marked[side][keep] for side, keep in zip(cells, kept, strict=True)]  # -1 is the last: missing
        found = []
        for other in self.again.segments:
            if other != self.name:
                place = {word: number for number, word in enumerate(self.sides.sketches[1].columns[other].labels)}
                codes = [
                    _codes(side.frame[other], place)[keep] for side, keep in zip(self.again.rows, kept, strict=True)
                ]
                one = segments_of(other, list(place), (codes[0], codes[1]), (marks[0], marks[1]))
                found += [one] if one is not None else []
        return found

    def _cells(self, frame: nw.DataFrame[Any]) -> NDArray[np.intp]:
        column = self.sketches[1]
        if column.grid is not None:
            return column.grid.codes(numbers(frame[self.name]))
        return _codes(frame[self.name], column.labels, is_public=column.is_public)

    def told(self, subject: str) -> Explained:
        """Return all that is said."""
        picture, cause, units, segments = self.picture(), self.cause(), self.units(), self.segments()
        lines = [picture.line()] if len(picture.labels) else []
        if self.sketches[1].grid is None and picture.movers():
            lines.append(picture.movers())
        lines += [f"likely {cause.words}"] if cause is not None else []
        lines.append(words_of_units(units, word_of_units(self.sides.units[1]), self._together))
        if cause is None or not cause.is_of_all:
            lines += words_of_segments(segments) or words_of_mix(segments)
        artefacts = [Artefact("histogram", f"{subject}.{self.name}", picture.to_json())] if picture.labels else []
        table = table_of([unit for unit in units if unit.name], segments)
        if table["rows"]:
            artefacts.append(Artefact("table", f"{subject}.{self.name}: what moved", table))
        return Explained([line for line in lines if line], tuple(artefacts))


def picture_of_counts(sketches: tuple[Sketch, Sketch], name: str) -> Picture | None:
    """Return a column of numbers as its counts show it, None of another one."""
    grid = sketches[1].columns[name].grid
    if grid is None:
        return None
    old, new = (Curve.of_counts(grid.edges, side.table(name).sum(axis=0)) for side in sketches)
    return picture_of_numbers(old, new)


def _codes(series: nw.Series[Any], place: Mapping[str, int], *, is_public: bool = True) -> NDArray[np.intp]:
    from pytest_mlops.adapters.arrow import encode

    codes, words = encode(series)
    target = [place.get(word if is_public else short_digest(word), -1) for word in words]
    return np.asarray(np.array([*target, -1], dtype=np.intp)[codes])


def picture_of_categories(words: Sequence[str], old: Floats, new: Floats) -> Picture:
    """Return the largest categories of both sides, and the others as one."""
    order = np.argsort(-(old + new), kind="stable")
    order = np.array([i for i in order if old[i] + new[i] > 0], dtype=np.intp)
    shown, rest = (order, order[:0]) if len(order) <= _SHOWN else (order[: _SHOWN - 1], order[_SHOWN - 1 :])
    labels = [words[i] for i in shown] + ([f"{len(rest)} others"] if len(rest) else [])
    sides = [np.append(side[shown], [side[rest].sum()] if len(rest) else []) for side in (old, new)]
    return Picture(labels, sides[0], sides[1])


_SHOWN = 20
