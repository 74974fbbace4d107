"""The sample of rows from which grids are chosen, the same in whatever batches the rows come."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.stages.drift.grid import Grid, choose_grid
from pytest_mlops.stages.drift.reading import Reading, numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import narwhals as nw
    from numpy.typing import NDArray


@dataclass
class _Drawn:
    """What was drawn of one column, and the extremes of all of its finite values."""

    values: list[NDArray[np.float64]] = field(default_factory=list)
    low: float = np.inf
    high: float = -np.inf

    def add(self, values: NDArray[np.float64], some: NDArray[np.intp]) -> None:
        self.values.append(values[some])
        finite = values if np.isfinite(values.sum()) else values[np.isfinite(values)]
        if len(finite):
            self.low, self.high = min(self.low, float(finite.min())), max(self.high, float(finite.max()))


@dataclass
class Sample:
    """Some rows of some columns."""

    columns: dict[str, _Drawn]
    words: dict[str, Counter[str]] = field(default_factory=dict)

    def merge(self, other: Sample) -> None:
        """Add what was drawn of other rows."""
        for name, mine in self.columns.items():
            theirs = other.columns[name]
            mine.values += theirs.values
            mine.low, mine.high = min(mine.low, theirs.low), max(mine.high, theirs.high)
        for name, counts in self.words.items():
            counts.update(other.words[name])

    def grids(self) -> Mapping[str, Grid]:
        """Return the grid of each column."""
        return {
            name: choose_grid(np.concatenate(drawn.values or [np.zeros(0)]), drawn.low, drawn.high)
            for name, drawn in self.columns.items()
        }

    def levels(self) -> Mapping[str, Sequence[str]]:
        """Return the most frequent categories of each column, by which it is held together with others.

        Of few categories all but one; of a column of names none.
        """
        found = {}
        for name, counts in self.words.items():
            total, by_rows = counts.total(), sorted(counts, key=lambda word: (-counts[word], word))
            most = min(_LEVELS, len(by_rows) - 1)
            kept = [word for word in by_rows[:most] if counts[word] >= _FREQUENT * total]
            if kept:
                found[name] = kept
        return found

    def identifiers(self) -> Sequence[str]:
        """Return the columns of whole numbers that hardly any two rows share: numbers of the rows."""
        return [name for name, drawn in self.columns.items() if _are_identifiers(drawn.values)]


@dataclass(frozen=True)
class Sampler:
    """What draws from a part of some data: each row with the chance `share`."""

    columns: Sequence[str]
    share: float
    seed: int
    words: Sequence[str] = ()

    def __call__(self, batches: Iterable[nw.DataFrame[Any]], start: int) -> Sample:
        """Return what is drawn of the rows from `start` on; one number is drawn for each row, in the data's order."""
        rng = np.random.Generator(np.random.PCG64(self.seed).advance(start))
        sample = Sample({name: _Drawn() for name in self.columns}, {name: Counter() for name in self.words})
        for batch in batches:
            some = np.flatnonzero(rng.random(len(batch)) < self.share)
            for name, drawn in sample.columns.items():
                drawn.add(numbers(batch[name]), some)
            for name, counts in sample.words.items():
                codes, words = Reading(batch[name][some]).codes
                found = np.bincount(codes[codes >= 0], minlength=len(words))
                counts.update({word: int(n) for word, n in zip(words, found, strict=True) if n})
        return sample


_LEVELS = 3  # categories of a column
_FREQUENT = 0.03  # the share of the rows from which on a category is frequent
_FEWEST = 100  # values
_ALONE = 0.999  # of them that are different


def _are_identifiers(drawn: Sequence[NDArray[np.float64]]) -> bool:
    some = next((part for part in drawn if len(part)), np.zeros(0))[:_FEWEST]
    if not np.array_equal(some, np.floor(some)):
        return False  # which most columns show at once
    values = np.concatenate([*drawn, np.zeros(0)])
    values = values[np.isfinite(values)]
    if len(values) < _FEWEST or not np.array_equal(values, np.floor(values)):
        return False
    return len(np.unique(values)) >= _ALONE * len(values)
