"""Effects: how far something moved, and the statistics that say whether units alone explain it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.stats.clusters import Distance, Resampled
from pytest_mlops.stats.distances import jensen_shannon_of, population_stability_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_SHOWN = 24


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One measure of one column.

    Attributes
    ----------
    distance
        Its size, and the errors of that in a bootstrap of units.
    statistics
        Each of shape (relabellings,).
    resolution
        By how much the distance of the values may be larger than that of the cells; 0 where counts say all.
    segment
        The rows that it is measured of, `carrier=UA`; all where it is empty.
    labels, shares
        The two histograms to draw, where it is what the column is drawn for.
    """

    column: str
    kind: str
    n: int
    distance: Distance
    statistics: Mapping[str, Floats]
    note: str = ""
    segment: str = ""
    resolution: float | None = None
    labels: Sequence[str] = ()
    shares: tuple[Floats, Floats] | None = None


@dataclass(frozen=True, kw_only=True)
class Resamples:
    """What all columns are resampled with: labels of both sides' units, and bootstrap weights of each side's.

    `rng` draws what has a known law where the labels are shuffled; it is None where they are others.
    """

    labels: Floats
    weights: tuple[Floats, Floats]
    compares: type[Resampled] = Resampled
    rng: np.random.Generator | None = None

    @property
    def counts(self) -> tuple[int, int]:
        """Return the number of units of each side."""
        return self.weights[0].shape[1], self.weights[1].shape[1]

    @property
    def no_errors(self) -> Floats:
        """Return the errors of what was not measured."""
        return np.zeros(len(self.weights[0]))


@dataclass(frozen=True)
class Pair:
    """A column on both sides, as counts of shape (units, cells)."""

    name: str
    old: Floats
    new: Floats
    resamples: Resamples = field(repr=False)

    @cached_property
    def resampled(self) -> Resampled:
        """Return the shares, and those of each bootstrap."""
        return self.resamples.compares.of(self.old, self.new, self.resamples.weights)

    @property
    def both(self) -> Floats:
        """Return the counts of all units, those of the reference first."""
        return np.concatenate([self.old, self.new])

    @property
    def is_filled(self) -> bool:
        """Say whether both sides have a value."""
        return bool(self.old.sum() and self.new.sum())

    def effect(self, kind: str, distance: Distance, statistics: Mapping[str, Floats], **more: Any) -> Effect:
        """Return a measure of it."""
        n = int(self.new.sum()) if self.is_filled else 0
        return Effect(column=self.name, kind=kind, n=n, distance=distance, statistics=statistics, **more)


def divergences(pair: Pair, more: Collection[str], statistics: Mapping[str, Floats]) -> Iterable[Effect]:
    """Yield the divergences of shares that are asked for."""
    if "jensen_shannon" in more:
        yield pair.effect("jensen_shannon", pair.resampled.metric(jensen_shannon_of), statistics)
    if "population_stability" in more:
        half = 0.5 / max(min(pair.old.sum(), pair.new.sum()), 1.0)  # of a row: no share is zero

        def stability(p: Floats, q: Floats) -> Floats:
            return population_stability_of(p + half, q + half)

        yield pair.effect("population_stability", pair.resampled.divergence(stability), statistics)


def groups(marked: NDArray[np.bool_]) -> Floats:
    """Return what adds up cells in two groups: those that are not marked, and those that are."""
    return np.stack([~marked, marked], axis=1).astype(np.float64)


def rounded_up(bound: float) -> float:
    """Return a bound to six places, none smaller."""
    return math.ceil(bound * 1e6) / 1e6


def share_of(table: Floats) -> Floats:
    """Return the share of each cell in all rows."""
    total = table.sum()
    return np.asarray(table.sum(axis=0) / total if total else table.sum(axis=0))


def drawn_of(labels: Sequence[str], pair: Pair, *, ordered: bool) -> tuple[list[str], tuple[Floats, Floats]]:
    """Return at most 24 bins to draw, as shares: neighbours together, or the largest categories and the others."""
    totals = [share_of(pair.old), share_of(pair.new)]
    groups: list[NDArray[np.intp]] = [np.array([i]) for i in range(len(labels))]
    if len(labels) > _SHOWN and ordered:
        groups = np.array_split(np.arange(len(labels)), _SHOWN)
    elif len(labels) > _SHOWN:
        order = np.argsort(-(totals[0] + totals[1]), kind="stable")
        groups = [*(np.array([i]) for i in order[: _SHOWN - 1]), order[_SHOWN - 1 :]]
    names = [labels[group[-1]] if ordered or len(group) == 1 else f"{len(group)} others" for group in groups]
    old, new = (np.array([total[group].sum() for group in groups]) for total in totals)
    return names, (old, new)
