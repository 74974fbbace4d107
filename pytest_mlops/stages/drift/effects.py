"""What is measured of one column: how far it moved, and the statistics that say whether units alone explain it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.stats.binned import ks_bounds
from pytest_mlops.stats.change import (
    category_statistics,
    heap_statistic,
    new_cells_statistic,
    ordered_statistics,
    share_statistic,
    with_rare_together,
)
from pytest_mlops.stats.clusters import Distance, Resampled, half_sum, largest_cell, largest_gap
from pytest_mlops.stats.distances import jensen_shannon_of, population_stability_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_mlops.stages.drift.sketch import ColumnSketch, Sketch

    Floats = NDArray[np.float64]

_SHOWN = 24
_TAIL = 0.0015  # the share of the reference beyond which values are extreme
_RARE = 0.05  # the share up to which a value can become one that rows gather on


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One measure of one column.

    Attributes
    ----------
    distance
        Its size, and the errors of that in a bootstrap of units.
    statistics
        Each of shape (relabellings,).
    segment
        The rows that it is measured of, `carrier=UA`; all where it is empty.
    labels, shares
        The two histograms to draw, where it is what the column is drawn for.
    resolution
        By how much the distance of the values may be larger than that of the bins; 0 where counts say all.
    """

    column: str
    kind: str
    n: int
    distance: Distance
    statistics: Mapping[str, Floats]
    note: str = ""
    segment: str = ""
    labels: Sequence[str] = ()
    shares: tuple[Floats, Floats] | None = None
    resolution: float | None = None


@dataclass(frozen=True, kw_only=True)
class Resamples:
    """What all columns are resampled with: labels of both sides' units, and bootstrap weights of each side's."""

    labels: Floats
    weights: tuple[Floats, Floats]

    @property
    def counts(self) -> tuple[int, int]:
        """Return the number of units of each side."""
        return self.weights[0].shape[1], self.weights[1].shape[1]

    @property
    def no_errors(self) -> Floats:
        """Return the errors of what was not measured."""
        return np.zeros(len(self.weights[0]))

    @property
    def no_statistic(self) -> Floats:
        """Return a statistic that never changes."""
        return np.zeros(len(self.labels))


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
        return Resampled.of(self.old, self.new, self.resamples.weights)

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


def effects_of(
    name: str, old: Sketch, new: Sketch, resamples: Resamples, *, more: Collection[str] = ()
) -> Iterable[Effect]:
    """Yield the measures of one column, and `more` of those that are not always taken.

    The categories of a column that is not public are numbered, and not named.
    """
    column = new.columns[name]
    if not column.is_name and not old.columns[name].is_name:
        tables = old.table(name), new.table(name)
        room = tables[1].shape[1] - tables[0].shape[1]
        pair = Pair(name, np.pad(tables[0], ((0, 0), (0, max(room, 0)))), tables[1], resamples)
        own = _number(pair, column, more) if column.grid is not None else _category(pair, column, more)
        yield from own
    yield _missing(name, old, new, resamples)


def _number(pair: Pair, column: ColumnSketch, more: Collection[str]) -> Iterable[Effect]:
    grid, labels = column.grid, pair.resamples.labels
    if grid is None:
        raise TypeError(column.type)  # a number has one
    table = pair.both
    statistics = ordered_statistics(table, labels, grid.normal_scores())
    names = [f"≤ {edge:.6g}" for edge in grid.edges] + [f"> {grid.edges[-1]:.6g}"]
    shown, drawn = _shown(names, pair, ordered=True)
    distance = pair.resampled.distance(largest_gap)
    yield pair.effect("ks", distance, statistics, labels=shown, shares=drawn, resolution=_left_open(pair))
    if not pair.is_filled:
        return
    widths = np.diff(grid.edges) / (grid.scale or 1.0)
    for kind, norm in _BY_WIDTH.items():
        if kind in more:
            yield pair.effect(kind, pair.resampled.distance(partial(norm, widths)), statistics)
    coarse = _of_equal_share(grid.shares)
    yield from _divergences(Pair(pair.name, pair.old @ coarse, pair.new @ coarse, pair.resamples), more, statistics)
    cells = np.arange(len(grid))
    outside = (cells < grid.inside[0]) | (cells >= grid.inside[1])
    extreme = outside | _is_extreme(grid.shares, max(_TAIL, 5 / max(grid.n, 1)))
    yield pair.effect(
        "outside_share",
        pair.resampled.distance(half_sum, _groups(outside)),
        {"extremes": share_statistic(table @ extreme.astype(np.float64), table.sum(axis=1), labels)},
        note=_beyond(grid.edges[grid.inside[0] - 1], grid.edges[grid.inside[1] - 1], pair, cells, grid.inside),
    )
    rare = ~outside & (grid.shares <= _RARE)
    if rare.any():
        each = np.concatenate([np.eye(len(grid))[:, rare], (~rare)[:, None].astype(np.float64)], axis=1)
        heaped = pair.resampled.distance(lambda difference: largest_cell(difference[..., :-1]), each)
        most = int(np.argmax(np.abs(_share(pair.new @ each) - _share(pair.old @ each))[:-1]))
        yield pair.effect(
            "heaped_share", heaped, {"heap": heap_statistic(table @ each, labels)}, note=_bin(grid.edges, rare, most)
        )


def _left_open(pair: Pair) -> float | None:
    """Return how much larger the Kolmogorov-Smirnov distance of the values can be, rounded up to six places."""
    if not pair.is_filled:
        return None
    least, most = ks_bounds(pair.old.sum(axis=0), pair.new.sum(axis=0))
    return math.ceil((most - least) * 1e6) / 1e6


def _wasserstein(widths: Floats, difference: Floats) -> Floats:
    """Return the area between two distribution functions that are straight within each bin."""
    low, high = _at_edges(difference)
    size = np.abs(low) + np.abs(high)
    crossing = _over(low**2 + high**2, size)
    return np.asarray(np.where(low * high < 0, crossing, size) @ widths / 2)


def _energy(widths: Floats, difference: Floats) -> Floats:
    low, high = _at_edges(difference)
    return np.asarray(np.sqrt(2 / 3 * ((low**2 + low * high + high**2) @ widths)))


def _at_edges(difference: Floats) -> tuple[Floats, Floats]:
    cumulated = np.cumsum(difference, axis=-1)
    return cumulated[..., :-2], cumulated[..., 1:-1]


def _over(part: Floats, whole: Floats) -> Floats:
    return np.asarray(np.divide(part, whole, out=np.zeros_like(part), where=whole > 0))


def _of_equal_share(shares: Floats) -> Floats:
    """Return groups of neighbouring bins that each have a twentieth of the reference, of shape (bins, groups)."""
    middle = np.cumsum(shares) - shares / 2
    _, group = np.unique(np.floor(np.clip(middle, 0.0, 1.0 - 1e-9) * _EQUAL), return_inverse=True)
    return np.asarray(np.eye(group.max() + 1)[group])


_EQUAL = 20  # groups: of more, divergences are mostly noise


_BY_WIDTH = {"wasserstein": _wasserstein, "energy": _energy}


def _divergences(pair: Pair, more: Collection[str], statistics: Mapping[str, Floats]) -> Iterable[Effect]:
    if "jensen_shannon" in more:
        yield pair.effect("jensen_shannon", pair.resampled.metric(jensen_shannon_of), statistics)
    if "population_stability" in more:
        half = 0.5 / max(min(pair.old.sum(), pair.new.sum()), 1.0)  # of a row: no share is zero

        def stability(p: Floats, q: Floats) -> Floats:
            return population_stability_of(p + half, q + half)

        yield pair.effect("population_stability", pair.resampled.divergence(stability), statistics)


def _is_extreme(shares: Floats, tail: float) -> NDArray[np.bool_]:
    below = np.cumsum(shares)
    return (below <= tail) | (below - shares >= 1 - tail)


def _groups(marked: NDArray[np.bool_]) -> Floats:
    return np.stack([~marked, marked], axis=1).astype(np.float64)


def _share(table: Floats) -> Floats:
    total = table.sum()
    return np.asarray(table.sum(axis=0) / total if total else table.sum(axis=0))


def _beyond(low: float, high: float, pair: Pair, cells: Any, inside: tuple[int, int]) -> str:
    below, above = pair.new[:, cells < inside[0]].sum(), pair.new[:, cells >= inside[1]].sum()
    parts = [f"{int(n):,} {words}" for n, words in ((below, f"below {low:.6g}"), (above, f"above {high:.6g}")) if n]
    return ", ".join(parts)


def _bin(edges: Floats, rare: NDArray[np.bool_], most: int) -> str:
    cell = int(np.flatnonzero(rare)[most])
    return f"most between {edges[cell - 1]:.6g} and {edges[cell]:.6g}"


def _category(pair: Pair, column: ColumnSketch, more: Collection[str]) -> Iterable[Effect]:
    labels = pair.resamples.labels
    told = with_rare_together(pair.both)
    coarse = Pair(pair.name, told[: len(pair.old)], told[len(pair.old) :], pair.resamples)
    words = list(column.labels)
    names = words if column.is_public else [f"category {i}" for i, _ in enumerate(words, start=1)]
    shown, drawn = _shown(names, pair, ordered=False)
    statistics = category_statistics(pair.both, labels)
    distance = coarse.resampled.distance(half_sum)
    yield pair.effect("total_variation", distance, statistics, labels=shown, shares=drawn, resolution=0.0)
    if not pair.is_filled:
        return
    yield from _divergences(coarse, more, statistics)
    fresh = pair.old.sum(axis=0) == 0
    n_new = int((fresh & (pair.new.sum(axis=0) > 0)).sum())
    yield pair.effect(
        "new_category_share",
        pair.resampled.distance(half_sum, _groups(fresh)),
        {"new": new_cells_statistic(pair.both, labels)},
        note=f"{n_new} new {'category' if n_new == 1 else 'categories'}" if n_new else "",
    )


def _missing(name: str, old: Sketch, new: Sketch, resamples: Resamples) -> Effect:
    sides = [np.stack([side.rows - side.missing(name), side.missing(name)], axis=1) for side in (old, new)]
    pair = Pair(name, sides[0], sides[1], resamples)
    shares = [float(_share(side)[1]) for side in sides]
    table = pair.both
    statistic = share_statistic(table[:, 1], table.sum(axis=1), resamples.labels)
    note = f"missing {shares[0]:.2%} in the reference, {shares[1]:.2%} now" if any(shares) else ""
    return pair.effect("missing_share_change", pair.resampled.distance(half_sum), {"missing": statistic}, note=note)


def _shown(labels: Sequence[str], pair: Pair, *, ordered: bool) -> tuple[list[str], tuple[Floats, Floats]]:
    """Return at most 24 bins to draw, as shares: neighbours together, or the largest categories and the others."""
    totals = [_share(pair.old), _share(pair.new)]
    groups: list[NDArray[np.intp]] = [np.array([i]) for i in range(len(labels))]
    if len(labels) > _SHOWN and ordered:
        groups = np.array_split(np.arange(len(labels)), _SHOWN)
    elif len(labels) > _SHOWN:
        order = np.argsort(-(totals[0] + totals[1]), kind="stable")
        groups = [*(np.array([i]) for i in order[: _SHOWN - 1]), order[_SHOWN - 1 :]]
    names = [labels[group[-1]] if ordered or len(group) == 1 else f"{len(group)} others" for group in groups]
    old, new = (np.array([total[group].sum() for group in groups]) for total in totals)
    return names, (old, new)
