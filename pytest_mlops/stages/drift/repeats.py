"""Rows that stand there twice, by unit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.stages.drift.packed import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_mlops.core.plain import Json

    Floats = NDArray[np.float64]
    Codes = NDArray[np.intp]
    Hashes = NDArray[np.uint64]

_MOST = 1_000_000  # rows that are kept
_WRITTEN = 1_000  # rows that are committed
_FEWEST = 50  # different rows, of fewer than which equal ones say nothing
_OFTEN = 0.001  # the share of rows that the other side has too, above which equal rows come about by themselves
_BITS = 52  # of a hash
_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio: Knuth, The Art of Computer Programming 3, 6.4


_KEPT_BITS = np.uint64(2**64 - 2 ** (64 - _BITS))
_ALL = np.uint64(2**64 - 1)
_COMPARED = 50_000  # rows of a side, of which it is counted how many the other side has too


@dataclass
class Repeats:
    """The hashes of rows. Of many rows those are kept whose hash is small: with a row, all rows that are equal to it.

    Attributes
    ----------
    columns
        In which equal rows are equal.
    """

    columns: Sequence[str]
    hashes: list[Hashes] = field(default_factory=list)
    units: list[Codes] = field(default_factory=list)
    limit: np.uint64 = _ALL
    kept: int = 0

    def mix(self, mixed: Hashes, column: Hashes) -> None:
        """Bring the next column's hashes into those of rows, in place; the columns come in their order."""
        mixed ^= column
        mixed *= _ODD
        mixed ^= mixed >> np.uint64(29)

    def add(self, mixed: Hashes, units: Codes) -> None:
        """Take the rows of a batch, whose columns were mixed."""
        mixed &= _KEPT_BITS
        self._take(mixed, units)

    def _take(self, hashes: Hashes, units: Codes) -> None:
        if self.limit != _ALL:
            some = hashes <= self.limit
            hashes, units = hashes[some], units[some]
        self.hashes.append(hashes)
        self.units.append(units.astype(np.int32))
        self.kept += len(hashes)
        while self.kept > _MOST:
            self._only(self.limit >> np.uint64(1))

    def _only(self, limit: np.uint64) -> None:
        small = [hashes <= limit for hashes in self.hashes]
        self.limit = limit
        self.hashes = [hashes[some] for hashes, some in zip(self.hashes, small, strict=True)]
        self.units = [units[some] for units, some in zip(self.units, small, strict=True)]
        self.kept = sum(map(len, self.hashes))

    def merge(self, other: Repeats, place: Codes) -> None:
        """Add the rows of another one; `place` says for each of its units which one it is here."""
        self._only(min(self.limit, other.limit))
        hashes, units = other.rows()
        self._take(hashes, place[units])

    def to_json(self) -> dict[str, Json] | None:
        """Return some of the rows in plain JSON types, None where hardly any row differs from the others."""
        hashes, units = self.rows()
        limit = self.limit
        while (some := hashes <= limit).sum() > _WRITTEN:
            limit >>= np.uint64(1)
        hashes, units = hashes[some], units[some]
        if len(np.unique(hashes)) < _FEWEST:
            return None
        order = np.lexsort((units, hashes))
        numbers = (hashes[order] >> np.uint64(64 - _BITS)).astype(np.int64)
        return {
            "columns": [*self.columns],
            "halved": int(64 - int(limit).bit_length()),
            "rows": pack(numbers - np.append(0, numbers[:-1])),
            "units": pack(units[order]),
        }

    @classmethod
    def from_json(cls, read: Mapping[str, Any]) -> Repeats:
        """Return the rows that `to_json` wrote."""
        hashes = np.cumsum(unpack(read["rows"])).astype(np.uint64) << np.uint64(64 - _BITS)
        limit = np.uint64(2**64 - 1) >> np.uint64(read["halved"])
        return cls(list(read["columns"]), [hashes], [unpack(read["units"]).astype(np.int32)], limit, len(hashes))

    def grouped(self, place: Codes) -> Repeats:
        """Return the same with units together; `place` says for each unit which one it is in."""
        return replace(self, units=[place[units] for units in self.units])

    def rows(self) -> tuple[Hashes, Codes]:
        """Return the hashes and the units of the rows that are kept."""
        empty = np.zeros(0, dtype=np.uint64)
        return np.concatenate([empty, *self.hashes]), np.concatenate([empty, *self.units]).astype(np.intp)


def repeats_by_unit(sides: tuple[Repeats, Repeats], counts: tuple[int, int], seed: int) -> tuple[Floats, Floats]:
    """Return how many rows of each unit are the first of their kind and how many repeat one, each of shape (units, 2).

    Where the sides have rows in common, rows are equal by themselves and the more often the more there are: then as
    many rows of the larger side are looked at as the smaller one has (rarefaction: Hurlbert, Ecology 52, 1971).
    """
    limit = min(side.limit for side in sides)
    rows = []
    for side in sides:
        hashes, units = side.rows()
        some = hashes <= limit
        rows.append((hashes, units) if some.all() else (hashes[some], units[some]))
    fewest = min(len(hashes) for hashes, _ in rows)
    if _common_share(rows[0][0], rows[1][0], limit) > _OFTEN:
        rng = np.random.default_rng(seed)
        for number, (hashes, units) in enumerate(rows):
            drawn = rng.permutation(len(hashes))[:fewest]
            rows[number] = hashes[drawn], units[drawn]
    first, second = (_counted(*side, n) for side, n in zip(rows, counts, strict=True))
    return first, second


def _common_share(first: Hashes, second: Hashes, limit: np.uint64) -> float:
    """Return the share of rows that the other side has too, of those with small hashes, which are a sample of all."""
    while min(len(first), len(second)) > _COMPARED:
        limit >>= np.uint64(1)
        first, second = first[first <= limit], second[second <= limit]
    return float(np.isin(first, second).sum() / max(min(len(first), len(second)), 1))


def _counted(hashes: Hashes, units: Codes, n_units: int) -> Floats:
    """Return of each unit the rows that are the first of their kind, and those that repeat one; (units, 2).

    Hash and unit are one number, whose sorting is faster than an order of the rows; a unit takes the hash's last bits.
    """
    bits = np.uint64(max(64 - _BITS, n_units.bit_length()))
    packed = np.sort((hashes >> bits << bits) | units.astype(np.uint64))
    again = np.zeros(len(packed), dtype=bool)
    again[1:] = (packed[1:] ^ packed[:-1]) >> bits == 0
    of_unit = (packed & (np.uint64(1) << bits) - np.uint64(1)).astype(np.intp)
    repeated = np.bincount(of_unit[again], minlength=n_units)
    return np.stack([np.bincount(of_unit, minlength=n_units) - repeated, repeated], axis=1).astype(np.float64)
