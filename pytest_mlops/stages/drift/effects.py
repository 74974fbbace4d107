"""What is measured of one column: how far it moved, and the statistics that say whether units alone explain it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.stats.change import (
    category_statistics,
    heap_statistic,
    new_cells_statistic,
    ordered_statistics,
    share_statistic,
    with_rare_together,
)
from pytest_mlops.stats.clusters import Distance, half_sum, largest_cell, largest_gap, measure_distance

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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
    labels, shares
        The two histograms to draw, where it is what the column is drawn for.
    """

    column: str
    kind: str
    n: int
    distance: Distance
    statistics: Mapping[str, Floats]
    note: str = ""
    labels: Sequence[str] = ()
    shares: tuple[Floats, Floats] | None = None


@dataclass(frozen=True, kw_only=True)
class Resamples:
    """What all columns are resampled with: labels of both sides' units, and bootstrap weights of each side's."""

    labels: Floats
    weights: tuple[Floats, Floats]


@dataclass(frozen=True)
class Pair:
    """A column on both sides, as counts of shape (units, cells)."""

    name: str
    old: Floats
    new: Floats
    resamples: Resamples = field(repr=False)

    @property
    def both(self) -> Floats:
        """Return the counts of all units, those of the reference first."""
        return np.concatenate([self.old, self.new])

    @property
    def is_filled(self) -> bool:
        """Say whether both sides have a value."""
        return bool(self.old.sum() and self.new.sum())

    def distance(self, norm: Any, cells: Any = None) -> Distance:
        """Return a distance of the counts, or of the counts in some groups of cells."""
        old, new = (self.old, self.new) if cells is None else (self.old @ cells, self.new @ cells)
        return measure_distance(old, new, self.resamples.weights, norm)

    def effect(self, kind: str, distance: Distance, statistics: Mapping[str, Floats], **more: Any) -> Effect:
        """Return a measure of it."""
        n = int(self.new.sum()) if self.is_filled else 0
        return Effect(column=self.name, kind=kind, n=n, distance=distance, statistics=statistics, **more)


def effects_of(name: str, old: Sketch, new: Sketch, resamples: Resamples, *, public: bool) -> Iterable[Effect]:
    """Yield the measures of one column. The categories of a column that is not public are numbered, and not named."""
    column = new.columns[name]
    if not column.is_name and not old.columns[name].is_name:
        tables = old.table(name), new.table(name)
        room = tables[1].shape[1] - tables[0].shape[1]
        pair = Pair(name, np.pad(tables[0], ((0, 0), (0, max(room, 0)))), tables[1], resamples)
        yield from _number(pair, column) if column.grid is not None else _category(pair, column, public=public)
    yield _missing(name, old, new, resamples)


def _number(pair: Pair, column: ColumnSketch) -> Iterable[Effect]:
    grid, labels = column.grid, pair.resamples.labels
    if grid is None:
        raise TypeError(column.type)  # a number has one
    table = pair.both
    statistics = ordered_statistics(table, labels, grid.normal_scores())
    names = [f"≤ {edge:.6g}" for edge in grid.edges] + [f"> {grid.edges[-1]:.6g}"]
    shown, drawn = _shown(names, pair, ordered=True)
    yield pair.effect("ks", pair.distance(largest_gap), statistics, labels=shown, shares=drawn)
    if not pair.is_filled:
        return
    cells = np.arange(len(grid))
    outside = (cells < grid.inside[0]) | (cells >= grid.inside[1])
    extreme = outside | _is_extreme(grid.shares, max(_TAIL, 5 / max(grid.n, 1)))
    yield pair.effect(
        "outside_share",
        pair.distance(half_sum, _groups(outside)),
        {"extremes": share_statistic(table @ extreme.astype(np.float64), table.sum(axis=1), labels)},
        note=_beyond(grid.edges[grid.inside[0] - 1], grid.edges[grid.inside[1] - 1], pair, cells, grid.inside),
    )
    rare = ~outside & (grid.shares <= _RARE)
    if rare.any():
        each = np.concatenate([np.eye(len(grid))[:, rare], (~rare)[:, None].astype(np.float64)], axis=1)
        heaped = pair.distance(lambda difference: largest_cell(difference[..., :-1]), each)
        most = int(np.argmax(np.abs(_share(pair.new @ each) - _share(pair.old @ each))[:-1]))
        yield pair.effect(
            "heaped_share", heaped, {"heap": heap_statistic(table @ each, labels)}, note=_bin(grid.edges, rare, most)
        )


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


def _category(pair: Pair, column: ColumnSketch, *, public: bool) -> Iterable[Effect]:
    labels = pair.resamples.labels
    told = with_rare_together(pair.both)
    coarse = Pair(pair.name, told[: len(pair.old)], told[len(pair.old) :], pair.resamples)
    words = list(column.labels)
    names = words if public else [f"category {i} ({len(word)} characters)" for i, word in enumerate(words, start=1)]
    shown, drawn = _shown(names, pair, ordered=False)
    yield pair.effect(
        "total_variation", coarse.distance(half_sum), category_statistics(pair.both, labels), labels=shown, shares=drawn
    )
    if not pair.is_filled:
        return
    fresh = pair.old.sum(axis=0) == 0
    n_new = int((fresh & (pair.new.sum(axis=0) > 0)).sum())
    yield pair.effect(
        "new_category_share",
        pair.distance(half_sum, _groups(fresh)),
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
    return pair.effect("missing_share_change", pair.distance(half_sum), {"missing": statistic}, note=note)


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
