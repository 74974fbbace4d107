"""Values that repeat: how many rows of a column of names or numbers of rows have a value that another row has too."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.stages.drift.parts import Sums, counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pytest_mlops.core.plain import Json
    from pytest_mlops.stages.drift.reading import Reading

    Floats = NDArray[np.float64]
    Whole = NDArray[np.int64]
    Codes = NDArray[np.intp]
    Hashes = NDArray[np.uint64]

VALUES = "values"  # the name of such a part
_MOST = 1 << 17  # different values, by unit, that are kept
_ALL = 2**64 - 1
_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio: Knuth, The Art of Computer Programming 3, 6.4
_UNIT = np.uint64((1 << 12) - 1)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
THINNED = 2.0 ** (-np.arange(13) / 2)  # the parts of the rows, of which repeated ones are told
_STEPS = 256  # of a row, to which what is kept of it is rounded
_DENSE = 4  # cells for each row, up to which a table of units and values is made
_FAR = 5.0  # standard deviations of the number of rows in a sample of values


@dataclass
class Values:
    """How many rows of each unit have a value, for values whose hash is small: with a value, all of its rows.

    Attributes
    ----------
    hashes, units, rows
        Of shape (k,): a value's hash, a unit, and how many of its rows have it; sorted, each pair once.
    limit
        The hash up to which values are kept. It is halved where there are too many, and so the same however the rows
        come.
    filled
        Of shape (units,): the rows that have any value.
    """

    column: str
    is_number: bool = False
    hashes: Hashes = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))
    units: Whole = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    rows: Whole = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    limit: int = _ALL
    filled: Sums = field(default_factory=lambda: Sums(1))

    def fresh(self) -> Values:
        """Return the same of no rows."""
        return Values(self.column, is_number=self.is_number)

    def add(self, reading: Reading, units: Codes, n_units: int) -> None:
        """Take the rows of a batch."""
        codes, hashes = self._told(reading)
        if (codes < 0).any():
            units, codes = units[codes >= 0], codes[codes >= 0]
        self.filled.reach(n_units)[:, 0] += np.bincount(units, minlength=n_units)
        if n_units * len(hashes) <= _DENSE * len(codes):
            table = counted(units, codes, n_units, len(hashes))
            of, value = np.nonzero(table)
            rows = table[of, value]
        else:
            self._take(*_pairs(hashes[codes], units, n_units))
            return
        self._take(hashes[value], of.astype(np.int64), rows)

    def add_rows(self, hashes: Hashes, units: Codes, n_units: int) -> None:
        """Take the rows of a batch whose values are whole rows, by the hash of each."""
        self.filled.reach(n_units)[:, 0] += np.bincount(units, minlength=n_units)
        self._take(*_pairs(_mixed(hashes), units, n_units))

    def _told(self, reading: Reading) -> tuple[Codes, Hashes]:
        """Return which value each row has, -1 where it has none, and the values' hashes."""
        if self.is_number:
            numbers = reading.numbers + 0.0  # so that -0.0 is 0.0
            return np.where(np.isnan(numbers), -1, np.arange(len(numbers))), _mixed(numbers.view(np.uint64))
        codes, words = reading.codes
        sums = [zlib.crc32(word.encode()) + (len(word) << 32) for word in words]
        return codes, _mixed(np.array(sums, dtype=np.uint64))

    def _take(self, hashes: Hashes, units: Whole, rows: Whole) -> None:
        """Take values by unit, each pair of a value and a unit once."""
        limit = self.limit
        while (small := hashes <= np.uint64(limit)).sum() > _MOST:
            limit >>= 1
        self._only(limit)
        hashes, units, rows = hashes[small], units[small], rows[small]
        hashes, units = np.concatenate([self.hashes, hashes]), np.concatenate([self.units, units])
        rows = np.concatenate([self.rows, rows])
        order = np.lexsort((units, hashes))
        hashes, units = hashes[order], units[order]
        first = np.append(True, (hashes[1:] != hashes[:-1]) | (units[1:] != units[:-1]))[: len(hashes)]
        starts = np.flatnonzero(first)
        self.rows = np.add.reduceat(rows[order], starts) if len(starts) else rows
        self.hashes, self.units = hashes[first], units[first]
        while len(self.hashes) > _MOST:
            self._only(self.limit >> 1)

    def _only(self, limit: int) -> None:
        if limit == self.limit:
            return
        kept = self.hashes <= np.uint64(limit)
        self.hashes, self.units, self.rows, self.limit = self.hashes[kept], self.units[kept], self.rows[kept], limit

    def merge(self, other: Values, place: Codes, n_units: int) -> None:
        """Add the rows of another one."""
        self._only(min(self.limit, other.limit))
        kept = other.hashes <= np.uint64(self.limit)
        self._take(other.hashes[kept], place[other.units[kept]].astype(np.int64), other.rows[kept])
        self.filled.merge(other.filled, place, n_units)

    def grouped(self, place: Codes, n_units: int) -> Values:
        """Return the same with units together."""
        together = replace(self.fresh(), limit=self.limit, filled=self.filled.grouped(place, n_units))
        together._take(self.hashes, place[self.units].astype(np.int64), self.rows)  # noqa: SLF001 - of its own kind
        return together

    def of_units(self, kept: Codes, n_units: int) -> Values:
        """Return the same of some units."""
        place = np.full(n_units, -1, dtype=np.intp)
        place[kept] = np.arange(len(kept))
        some, filled = place[self.units] >= 0, self.filled.of_units(kept, n_units)
        units = place[self.units[some]]
        return replace(self, hashes=self.hashes[some], units=units, rows=self.rows[some], filled=filled)

    def apart(self, groups: Codes, limit: int) -> Values:
        """Return the same with values of one group of units told apart from those of others.

        Parameters
        ----------
        groups
            In which each unit is.
        limit
            The hash up to which all are kept that are compared.
        """
        small = replace(self)
        small._only(min(limit, self.limit))  # noqa: SLF001 - of its own kind
        own = (groups[small.units].astype(np.uint64) + np.uint64(1)) * _MIX << np.uint64(12)
        return replace(small, hashes=small.hashes ^ own)

    def is_worth(self, n_labels: int, *, is_name: bool) -> bool:  # noqa: ARG002 - as the others
        """Say whether values are names; of categories, counts of all are kept."""
        return is_name or self.is_number

    def finished(self) -> Uniqueness:
        r"""Return how many rows of each unit are new values, of all rows and of parts of them.

        Of a value with :math:`n_i` rows a part f of the rows has, on average, :math:`1 - (1 - f)^{n_i}` first ones
        (rarefaction: `stats.rarefaction`). One row of it is the first, the others are ascribed to their units as
        repeated ones: two equal rows are one that repeats, and not half a one twice. Where the rows in the
        sample of values are as many as they should be, it stands for all rows; where not, a value with very many rows
        is in it or is left out, and all rows are counted, with as many values as the sample says that there are.
        """
        values, place = np.unique(self.hashes, return_inverse=True)
        n = np.bincount(place, weights=self.rows, minlength=len(values)) if len(values) else np.zeros(0)
        firsts = -np.expm1(n[:, None] * np.log1p(-np.minimum(THINNED, 1 - 1e-12)))
        repeats = np.maximum(n[:, None] - firsts / THINNED, 0.0) / np.maximum(n[:, None] - 1, 1.0)
        n_units = len(self.filled.table)
        table = np.zeros((n_units, 1 + len(THINNED)))
        others = self.rows - _is_first(self.hashes, self.units)
        np.add.at(table[:, 1:], self.units, self.rows[:, None] - others[:, None] * repeats[place])
        np.add.at(table[:, 0], self.units, self.rows)
        share, rows = self.limit / _ALL, float(self.filled.table.sum())
        if share < 1 and abs(table[:, 0].sum() - share * rows) > _FAR * np.sqrt(share * max(rows, 1.0)):
            table[:, 1:] /= share
            table[:, 0] = self.filled.table[:, 0]
        sums = Sums(1 + len(THINNED))
        sums.reach(n_units)[:] = np.rint(table * _STEPS)
        return Uniqueness(self.column, self.is_number, self.filled, sums)

    def to_json(self) -> None:
        """Return nothing: it is written when it is finished."""


@dataclass
class Uniqueness:
    """By unit: the rows that have a value, and how many of those in a sample are first ones, also of parts of them."""

    column: str
    is_number: bool
    filled: Sums
    sums: Sums

    def fresh(self) -> Values:
        """Return what takes rows."""
        return Values(self.column, is_number=self.is_number)

    def add(self, reading: Reading, units: Codes, n_units: int) -> None:
        """Refuse rows."""
        raise NotImplementedError

    def merge(self, other: Uniqueness, place: Codes, n_units: int) -> None:
        """Refuse what is not to be merged: values of both may be the same."""
        raise NotImplementedError

    def grouped(self, place: Codes, n_units: int) -> Uniqueness:
        """Return the same with units together."""
        return replace(self, filled=self.filled.grouped(place, n_units), sums=self.sums.grouped(place, n_units))

    def of_units(self, kept: Codes, n_units: int) -> None:
        """Return nothing: which of their rows are first ones depends on the other units."""

    def finished(self) -> Uniqueness:
        """Return the same."""
        return self

    def is_worth(self, n_labels: int, *, is_name: bool) -> bool:  # noqa: ARG002 - as the others
        """Say that it is kept."""
        return True

    def split(self, n_units: int, steps: float = 0.0) -> Floats:
        """Return rows that are first ones and rows that repeat one, of shape (units, 2).

        Parameters
        ----------
        steps
            How often the rows are thinned by the root of a half; between two whole numbers, a mean of both.
        """
        table = self.sums.of(n_units) / _STEPS
        low = min(int(steps), len(THINNED) - 2)
        firsts = table[:, 1 + low] + (steps - low) * (table[:, 2 + low] - table[:, 1 + low])
        return np.stack([firsts, table[:, 0] - firsts], axis=1)

    def met(self, steps: int) -> tuple[float, float]:
        """Return the rows of a part of all, each thinning by the root of a half, and how many of them are first ones.

        Both of the sample of values, if there is one.
        """
        table = self.sums.table.sum(axis=0) / _STEPS
        part = float(THINNED[steps])
        return float(table[0]) * part, float(table[1 + steps]) * part

    def to_json(self) -> dict[str, Json]:
        """Return it in plain JSON types."""
        own: dict[str, Json] = {"kind": "values", "column": self.column, "is_number": self.is_number}
        return {**own, "filled": self.filled.to_json(), "sums": self.sums.to_json()}

    @classmethod
    def from_json(cls, read: Mapping[str, Any]) -> Uniqueness:
        """Return what `to_json` wrote."""
        filled, sums = Sums.from_json(read["filled"], 1), Sums.from_json(read["sums"], 1 + len(THINNED))
        return cls(read["column"], bool(read["is_number"]), filled, sums)


def split_at_equal_n(old: Uniqueness, new: Uniqueness, counts: tuple[int, int]) -> tuple[Floats, Floats]:
    """Return first and repeated rows of both sides by unit, each of shape (units, 2).

    Where values come from one stock, more rows repeat more of them; where each unit has its own, they do not. So of the
    larger side all parts are looked at, from all of its rows down to as many as the smaller one has, and the one is
    taken that is most like the smaller side: what is left, the number of rows does not explain.
    """
    sides, rows = (old, new), [int(side.filled.table.sum()) for side in (old, new)]
    larger = int(rows[1] > rows[0])
    one, other = sides[larger], sides[1 - larger]
    goal = repeated(other.split(counts[1 - larger]))
    most = min(-2 * math.log2(max(min(rows), 1) / max(*rows, 1)), len(THINNED) - 1.0)
    met = [repeated(one.split(counts[larger], steps)) for steps in range(len(THINNED))]
    steps = float(np.clip(np.interp(-goal, -np.array(met), np.arange(len(THINNED))), 0.0, most))
    found = one.split(counts[larger], steps), other.split(counts[1 - larger])
    return (found[1], found[0]) if larger else found


def repeated(split: Floats) -> float:
    """Return the share of the rows that repeat one."""
    return float(split[:, 1].sum() / max(split.sum(), 1e-9))


def _pairs(hashes: Hashes, units: Codes, n_units: int) -> tuple[Hashes, Whole, Whole]:
    """Return each pair of a hash and a unit once, and how many rows have it.

    Hash and unit are one number, whose sorting is faster than an order of the rows.
    """
    if n_units > int(_UNIT):
        return hashes, units.astype(np.int64), np.ones(len(hashes), dtype=np.int64)
    packed = np.sort(hashes | units.astype(np.uint64))
    first = np.flatnonzero(np.append(True, packed[1:] != packed[:-1])[: len(packed)])
    rows = np.diff(np.append(first, len(packed)))
    return packed[first] & ~_UNIT, (packed[first] & _UNIT).astype(np.int64), rows


def _is_first(hashes: Hashes, units: Whole) -> NDArray[np.bool_]:
    """Return which of the units that have a value is said to have it first; the hashes are sorted."""
    by_chance = _mixed(hashes ^ (units.astype(np.uint64) + np.uint64(1)) * _ODD)
    order = np.lexsort((by_chance, hashes))
    first = np.zeros(len(hashes), dtype=bool)
    first[order[np.append(True, hashes[1:] != hashes[:-1])[: len(hashes)]]] = True
    return first


def _mixed(hashes: Hashes) -> Hashes:
    """Return hashes that are evenly spread, whatever these were; their last bits leave room for a unit."""
    with np.errstate(over="ignore"):
        mixed = (hashes ^ (hashes >> np.uint64(30))) * _MIX
        mixed = (mixed ^ (mixed >> np.uint64(27))) * _ODD
    return np.asarray((mixed ^ (mixed >> np.uint64(31))) & ~_UNIT)
