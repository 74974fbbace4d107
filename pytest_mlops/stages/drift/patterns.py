"""Patterns: which columns are missing together, as counts by unit. One that was never there is seen in a few rows."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.stages.drift.column_sketch import MANY, OTHERS, Tally
from pytest_mlops.stages.drift.packed import pack, unpack
from pytest_mlops.stages.drift.reading import mix

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_mlops.core.plain import Json

    Counts = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Codes = NDArray[np.intp]

    Pattern = tuple[str, ...]

COMPLETE = ()  # the pattern of rows that lack nothing
_OTHER = (OTHERS,)
_MOST = 64  # patterns that a reference tells apart; the rarer ones are one


@dataclass
class Patterns:
    """How many rows of each unit lack which columns together.

    Attributes
    ----------
    names
        The columns that are looked at.
    cells
        The patterns, as the columns that are missing.
    is_crowded
        Whether there were too many patterns to be counted; then there are no cells.
    """

    names: Sequence[str]
    cells: dict[Pattern, int] = field(default_factory=lambda: {COMPLETE: 0})
    tally: Tally = field(default_factory=Tally)
    is_crowded: bool = False

    def fresh(self) -> Patterns:
        """Return the same of no rows."""
        return replace(self, cells=dict(self.cells), tally=Tally())

    def add(self, missing: Mapping[str, Bools], units: Codes, n_units: int) -> None:
        """Take the rows of a batch; `missing` says of each column which rows lack it."""
        if self.is_crowded:
            return
        missing = {name: missing[name] for name in self.names if name in missing and missing[name].any()}
        rows = np.zeros(len(units), dtype=np.uint64)
        for name, lacks in missing.items():
            mix(rows, lacks * np.uint64(zlib.crc32(name.encode()) + 1))
        lacking = np.flatnonzero(rows) if missing else np.zeros(0, dtype=np.intp)
        _, first, codes = np.unique(rows[lacking], return_index=True, return_inverse=True)
        found = [tuple(name for name, lacks in missing.items() if lacks[lacking[at]]) for at in first]
        cells = np.zeros(len(units), dtype=np.intp)
        cells[lacking] = self._place(found)[codes]
        if not self.is_crowded:
            self.tally.add(units, cells, n_units, len(self.cells))

    def _place(self, patterns: Iterable[Pattern]) -> Codes:
        if _OTHER in self.cells:
            others = self.cells[_OTHER]
            return np.array([self.cells.get(pattern, others) for pattern in patterns], dtype=np.intp)
        found = [self.cells.setdefault(pattern, len(self.cells)) for pattern in patterns]
        if len(self.cells) > MANY:
            self._give_up()
        return np.array(found, dtype=np.intp)

    def _give_up(self) -> None:
        self.cells, self.tally, self.is_crowded = {}, Tally(), True

    def merge(self, other: Patterns, units: Codes) -> None:
        """Add what another one counted; its units are at `units` here."""
        if other.is_crowded:
            self._give_up()
        if self.is_crowded:
            return
        table = other.table(0)
        cells = self._place(other.cells)
        if not self.is_crowded:
            self.tally.put(table, units[: len(table)], cells)

    def grouped(self, place: Codes, n_units: int) -> Patterns:
        """Return the same with units together; `place` says for each unit which one it is in."""
        together = self.fresh()
        together.tally.reach(n_units, len(self.cells))
        table = self.table(0)
        together.tally.put(table, place[: len(table)], np.arange(len(self.cells)))
        return together

    def only(self, names: Sequence[str]) -> Patterns | None:
        """Return the same of some of the columns; None where it is not known, since rare patterns are one."""
        kept = [name for name in self.names if name in names]
        if len(kept) == len(self.names) or self.is_crowded:
            return self
        if _OTHER in self.cells:
            return None
        some, table = Patterns(kept), self.table(0)
        cells = some._place(tuple(name for name in pattern if name in names) for pattern in self.cells)
        some.tally.put(table, np.arange(len(table)), cells)
        return some

    def ordered(self, reference: Patterns | None = None) -> Patterns:
        """Return the same with the cells in an order of their own: of a reference, then by name.

        A reference tells apart its most frequent patterns; the others are one.
        """
        totals = self.table(0).sum(axis=0)
        cells = sorted(self.cells, key=lambda cell: (cell != COMPLETE, -totals[self.cells[cell]], cell))
        if reference is not None:
            cells = [*reference.cells, *(cell for cell in cells if cell not in reference.cells)]
        elif len(cells) > _MOST:
            cells = [*cells[: _MOST - 1], _OTHER]
        same = Patterns(self.names, {cell: number for number, cell in enumerate(cells)}, is_crowded=self.is_crowded)
        same.merge(self, np.arange(len(self.tally.counts)))
        return same

    def table(self, n_units: int) -> Counts:
        """Return the counts, of shape (units, cells): of all units, and of so many at least."""
        self.tally.reach(n_units, len(self.cells))
        return self.tally.counts

    def to_json(self) -> dict[str, Json]:
        """Return it in plain JSON types."""
        return {
            "names": [*self.names],
            "cells": [[*cell] for cell in self.cells],
            "is_crowded": self.is_crowded,
            "counts": [pack(line) for line in self.tally.counts],
        }

    @classmethod
    def from_json(cls, read: Mapping[str, Any]) -> Patterns:
        """Return what `to_json` wrote."""
        counts = [unpack(line) for line in read["counts"]]
        cells = {tuple(cell): number for number, cell in enumerate(read["cells"])}
        tally = Tally(np.stack(counts)) if counts else Tally()
        return cls(read["names"], cells, tally, is_crowded=read["is_crowded"])


@dataclass(frozen=True)
class Lacking:
    """The patterns in which a column is missing, and their rows by unit, of shape (units, patterns).

    The reference's units come first. None where a side has too many patterns.
    """

    name: str
    patterns: Sequence[Pattern]
    rows: Floats

    @classmethod
    def of(cls, name: str, sides: tuple[Patterns, Patterns], counts: tuple[int, int]) -> Lacking:
        """Return those of two sides, whose cells are those of the first, and more."""
        if any(side.is_crowded for side in sides):
            return cls(name, [], np.zeros((sum(counts), 0)))
        tables = [side.table(n) for side, n in zip(sides, counts, strict=True)]
        room = len(sides[1].cells) - tables[0].shape[1]
        both = np.concatenate([np.pad(tables[0], ((0, 0), (0, room))), tables[1]])
        kept = [number for pattern, number in sides[1].cells.items() if name in pattern and both[:, number].any()]
        found = {number: pattern for pattern, number in sides[1].cells.items()}
        return cls(name, [found[number] for number in kept], both[:, kept].astype(np.float64))

    def said(self, n_old: int) -> str:
        """Say which pattern is new and has most rows; `n_old` is the number of the reference's units."""
        rows = np.where(self.rows[:n_old].any(axis=0), 0, self.rows[n_old:].sum(axis=0))
        most = int(np.argmax(rows))
        if not rows[most]:
            return ""
        others = [other for other in self.patterns[most] if other != self.name]
        with_what = f"together with {' and '.join(others)}" if others else "alone"
        return f"; in {int(rows[most]):,} rows {with_what}, which the reference never has"
