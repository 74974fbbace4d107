"""Rows that stand there twice, by unit."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.stages.drift.packed import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import narwhals as nw
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
    limit: np.uint64 = field(default_factory=lambda: np.uint64(2**64 - 1))
    kept: int = 0

    def add(self, columns: Iterable[nw.Series[Any]], units: Codes) -> None:
        """Take the rows of a batch."""
        mixed = np.zeros(len(units), dtype=np.uint64)
        for series in columns:
            mixed = (mixed ^ hashed(series)) * _ODD
            mixed ^= mixed >> np.uint64(29)
        self._take(mixed & _KEPT_BITS, units)

    def _take(self, hashes: Hashes, units: Codes) -> None:
        some = hashes <= self.limit
        self.hashes.append(hashes[some])
        self.units.append(units[some].astype(np.int32))
        self.kept += int(some.sum())
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
        rows.append((hashes[hashes <= limit], units[hashes <= limit]))
    fewest = min(len(hashes) for hashes, _ in rows)
    if np.isin(rows[0][0], rows[1][0]).sum() > _OFTEN * fewest:
        rng = np.random.default_rng(seed)
        for number, (hashes, units) in enumerate(rows):
            some = rng.permutation(len(hashes))[:fewest]
            rows[number] = hashes[some], units[some]
    first, second = (_counted(*side, n) for side, n in zip(rows, counts, strict=True))
    return first, second


def _counted(hashes: Hashes, units: Codes, n_units: int) -> Floats:
    order = np.argsort(hashes, kind="stable")
    again = np.zeros(len(hashes), dtype=bool)
    again[order[1:]] = hashes[order[1:]] == hashes[order[:-1]]
    counts = [np.bincount(units[some], minlength=n_units) for some in (~again, again)]
    return np.stack(counts, axis=1).astype(np.float64)


def hashed(series: nw.Series[Any]) -> Hashes:
    """Return a hash of each value, the same in every run: of a number its bits, of a text its checksum."""
    import narwhals as nw

    from pytest_mlops.adapters.arrow import encode

    if series.dtype.is_numeric():
        values = np.asarray(series.to_numpy(), dtype=np.float64) + 0.0  # so that -0.0 is 0.0
        return np.where(np.isnan(values), np.nan, values).view(np.uint64)
    if isinstance(series.dtype, nw.Datetime | nw.Date):
        return np.asarray(series.to_numpy()).astype("datetime64[us]").view(np.uint64)
    codes, words = encode(series)
    sums = np.array([zlib.crc32(word.encode()) + (len(word) << 32) for word in [*words, ""]], dtype=np.uint64)
    return np.asarray(sums[codes])
