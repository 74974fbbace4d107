"""Rows: of both sides as many as a model is fitted to, with the unit of each."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.adapters.arrow import encode
from pytest_mlops.adapters.batches import count_rows, fold_batches, joined
from pytest_mlops.stages.drift.reading import numbers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import narwhals as nw
    from numpy.typing import NDArray

    from pytest_mlops.adapters.frames import Data
    from pytest_mlops.stages.drift.sketch import Key
    from pytest_mlops.stages.drift.units import Units

    Floats = NDArray[np.float64]
    Codes = NDArray[np.intp]

MOST = 50_000  # rows of a side
_WORDS = 200  # categories that a model tells apart


@dataclass
class _Taken:
    """Rows as tables of Arrow, with the keys of their units."""

    tables: list[Any] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)

    def merge(self, other: _Taken) -> None:
        self.tables += other.tables
        self.keys += other.keys


@dataclass(frozen=True)
class _Taker:
    """What takes each row with the chance `share`, the same rows in whatever batches they come."""

    columns: Sequence[str]
    units: Units
    share: float
    seed: int

    def __call__(self, batches: Iterable[nw.DataFrame[Any]], start: int) -> _Taken:
        rng = np.random.Generator(np.random.PCG64(self.seed).advance(start))
        units, taken = self.units.from_row(start), _Taken()
        for batch in batches:
            keys, members = units.of(batch)
            some = np.flatnonzero(rng.random(len(batch)) < self.share)
            if len(some):
                taken.tables.append(batch.select(self.columns)[some.tolist(), :].to_arrow())
                taken.keys += [keys[member] for member in members[some].tolist()]
        return taken


@dataclass(frozen=True)
class Rows:
    """Some rows of one side.

    Attributes
    ----------
    units
        Of shape (rows,): the numbers of their units in the side's sketch.
    """

    frame: nw.DataFrame[Any]
    units: Codes
    n_units: int

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.units)


def rows_of(data: Data, columns: Sequence[str], units: Units, place: Mapping[Key, int], seed: int) -> Rows:
    """Return some rows of data; `place` says for the key of each unit which number it has."""
    beside = [units.column] if units.column else []
    taker = _Taker(columns, units, MOST / max(count_rows(data), 1), seed)
    taken = fold_batches(data, list(dict.fromkeys([*columns, *beside])), taker, _Taken.merge)
    return Rows(joined(taken.tables), np.array([place[key] for key in taken.keys], dtype=np.intp), len(place))


@dataclass(frozen=True)
class Matrix:
    """The rows of both sides as numbers, those of the reference first.

    Attributes
    ----------
    values
        Of shape (rows, columns): numbers, and codes of categories, the most frequent first; NaN where missing.
    words
        What the codes of each category stand for.
    units
        Of shape (rows,): those of the current side come after those of the reference.
    is_current
        Of shape (rows,).
    """

    names: Sequence[str]
    values: Floats
    words: Mapping[str, Sequence[str]]
    units: Codes
    is_current: NDArray[np.bool_]

    def only(self, rows: NDArray[np.bool_]) -> Matrix:
        """Return some of the rows."""
        return replace(self, values=self.values[rows], units=self.units[rows], is_current=self.is_current[rows])

    def sums(self, values: Floats, n_units: tuple[int, int]) -> tuple[Floats, Floats]:
        """Return values of shape (rows, k) added up by unit, of each side of shape (units, k)."""
        added = np.zeros((sum(n_units), values.shape[1]))
        order = np.argsort(self.units, kind="stable")
        found, starts = np.unique(self.units[order], return_index=True)
        if len(found):
            added[found] = np.add.reduceat(values[order], starts, axis=0)
        return added[: n_units[0]], added[n_units[0] :]

    def counts(
        self, cells: Codes, n_cells: int, n_units: tuple[int, int], weights: Floats | None = None
    ) -> tuple[Floats, Floats]:
        """Return the rows (or their weights) of each unit in each cell, of each side of shape (units, cells)."""
        places = self.units * n_cells + cells
        added = np.bincount(places, weights=weights, minlength=sum(n_units) * n_cells).astype(np.float64)
        table = added.reshape(-1, n_cells)
        return table[: n_units[0]], table[n_units[0] :]

    @property
    def is_category(self) -> list[bool]:
        """Return which columns are categories."""
        return [name in self.words for name in self.names]


def matrix_of(sides: tuple[Rows, Rows], columns: Sequence[str], numeric: Collection[str]) -> Matrix:
    """Return the rows of both sides as one matrix."""
    values, words = [], {}
    for name in columns:
        if name in numeric:
            both = [numbers(side.frame[name]) for side in sides]
            values.append(np.concatenate(both))
        else:
            codes, words[name] = _categories([side.frame[name] for side in sides])
            values.append(codes)
    old, new = sides
    return Matrix(
        names=list(columns),
        values=np.stack(values, axis=1) if values else np.zeros((len(old) + len(new), 0)),
        words=words,
        units=np.concatenate([old.units, old.n_units + new.units]),
        is_current=np.arange(len(old) + len(new)) >= len(old),
    )


def _categories(series: Sequence[nw.Series[Any]]) -> tuple[Floats, Sequence[str]]:
    place: dict[str, int] = {}
    codes = []
    for one in series:
        found, words = encode(one)
        target = np.array([*(place.setdefault(word, len(place)) for word in words), -1], dtype=np.intp)
        codes.append(target[found])
    both = np.concatenate(codes)
    counts = np.bincount(both[both >= 0], minlength=len(place))
    order = sorted(place, key=lambda word: (-counts[place[word]], word))
    rank = np.empty(len(place) + 1)
    rank[[place[word] for word in order]] = np.minimum(np.arange(len(order)), _WORDS)  # the rare ones are one
    rank[-1] = np.nan
    return rank[both], order[:_WORDS] if len(order) <= _WORDS else [*order[:_WORDS], "others"]
