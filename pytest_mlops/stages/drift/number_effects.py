"""What is measured of a column of numbers: how far it moved, what lies beyond the extremes, what gathers on a value."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.stages.drift.effects import Effect, Pair, divergences, drawn_of, groups, rounded_up, share_of
from pytest_mlops.stats.binned import ks_bounds
from pytest_mlops.stats.change import heap_statistic, ordered_statistics, share_statistic
from pytest_mlops.stats.clusters import half_sum, largest_cell, largest_gap
from pytest_mlops.stats.new_cells import beyond_surprise, new_cells_surprise
from pytest_mlops.stats.ratios import over

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from numpy.typing import NDArray

    from pytest_mlops.stages.drift.column_sketch import ColumnSketch
    from pytest_mlops.stages.drift.grid import Grid

    Floats = NDArray[np.float64]

_TAIL = 0.0015  # the share of the reference beyond which values are extreme
_FREQUENT = 8  # units that have a value
_RARE = 0.05  # the share up to which a value can become one that rows gather on


def number_effects(pair: Pair, column: ColumnSketch, more: Collection[str]) -> Iterable[Effect]:
    """Yield the measures of a column of numbers."""
    grid, labels = column.grid, pair.resamples.labels
    if grid is None:
        raise TypeError(column.type)  # a number has one
    table = pair.both
    statistics = ordered_statistics(with_ends_inside(table, grid), labels)
    names = [f"≤ {edge:.6g}" for edge in grid.edges] + [f"> {grid.edges[-1]:.6g}"]
    shown, drawn = drawn_of(names, pair, ordered=True)
    distance = pair.resampled.distance(largest_gap)
    yield pair.effect("ks", distance, statistics, labels=shown, shares=drawn, resolution=_left_open(pair))
    if not pair.is_filled:
        return
    widths = np.diff(grid.edges) / (grid.scale or 1.0)
    for kind, norm in _BY_WIDTH.items():
        if kind in more:
            yield pair.effect(kind, pair.resampled.distance(partial(norm, widths)), statistics)
    coarse = _of_equal_share(grid.shares)
    yield from divergences(Pair(pair.name, pair.old @ coarse, pair.new @ coarse, pair.resamples), more, statistics)
    cells = np.arange(len(grid))
    outside = pair.old.sum(axis=0) == 0
    # Of both sides together: of the reference's own extremes, any other data have a few rows more.
    extreme = _is_extreme(share_of(table), max(_TAIL, 5 / max(grid.n, 1)))
    statistics = {
        "extremes": share_statistic(table @ extreme.astype(np.float64), table.sum(axis=1), labels),
    }
    seldom = _between_frequent(table, ~outside)
    if seldom.any():
        each = np.concatenate([table[:, seldom], table[:, ~seldom].sum(axis=1, keepdims=True)], axis=1)
        statistics["unseen"] = new_cells_surprise(each, labels)
    if pair.resamples.rng is not None:
        ends = [int(pair.new[:, end].any(axis=1).sum()) for end in (cells < grid.inside[0], cells >= grid.inside[1])]
        statistics["beyond"] = beyond_surprise((ends[0], ends[1]), table.sum(axis=1), labels, pair.resamples.rng)
    yield pair.effect(
        "outside_share",
        pair.resampled.distance(half_sum, groups(outside)),
        statistics,
        note=_beyond(grid, pair, outside),
    )
    rare = ~outside & (grid.shares <= _RARE)
    if rare.any():
        each = np.concatenate([np.eye(len(grid))[:, rare], (~rare)[:, None].astype(np.float64)], axis=1)
        heaped = pair.resampled.distance(lambda difference: largest_cell(difference[..., :-1]), each)
        most = int(np.argmax(np.abs(share_of(pair.new @ each) - share_of(pair.old @ each))[:-1]))
        # Of frequent values too: those that are rare in the reference by chance are less so in any other data.
        known = np.concatenate([table[:, ~outside], table[:, outside].sum(axis=1, keepdims=True)], axis=1)
        yield pair.effect(
            "heaped_share", heaped, {"heap": heap_statistic(known, labels)}, note=_bin(grid.edges, rare, most)
        )


def with_ends_inside(table: Floats, grid: Grid) -> Floats:
    """Return a table whose rows beyond the extremes of the reference count as those at its extremes.

    The reference never has rows beyond, and any other data have some: as cells of their own, they would reach further.
    """
    first, last = grid.inside
    inside = table[:, first:last].copy()
    inside[:, 0] += table[:, :first].sum(axis=1)
    inside[:, -1] += table[:, last:].sum(axis=1)
    return inside


def _between_frequent(table: Floats, has_value: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which cells are seldom ones, or none of a value of the reference, between two of its frequent values.

    Farther out its values are sparse, and all that the current data have between two of them is one cell: what would be
    many cells that come and go, if these were the reference, would look like one that is surely new.
    """
    frequent = has_value & ((table > 0).sum(axis=0) >= _FREQUENT)
    values, cells = np.flatnonzero(has_value), np.arange(table.shape[1])
    before, after = np.searchsorted(values, cells, side="left"), np.searchsorted(values, cells, side="right")
    are_inside = (before > 0) & (after < len(values)) & ~frequent
    around = [values[np.clip(at, 0, len(values) - 1)] for at in (before - 1, after)]
    return np.asarray(are_inside & frequent[around[0]] & frequent[around[1]])


def _left_open(pair: Pair) -> float | None:
    """Return how much larger the Kolmogorov-Smirnov distance of the values can be."""
    if not pair.is_filled:
        return None
    least, most = ks_bounds(pair.old.sum(axis=0), pair.new.sum(axis=0))
    return rounded_up(most - least)


def _wasserstein(widths: Floats, difference: Floats) -> Floats:
    """Return the area between two distribution functions that are straight within each bin."""
    low, high = _at_edges(difference)
    size = np.abs(low) + np.abs(high)
    crossing = over(low**2 + high**2, size)
    return np.asarray(np.where(low * high < 0, crossing, size) @ widths / 2)


def _energy(widths: Floats, difference: Floats) -> Floats:
    low, high = _at_edges(difference)
    return np.asarray(np.sqrt(2 / 3 * ((low**2 + low * high + high**2) @ widths)))


def _at_edges(difference: Floats) -> tuple[Floats, Floats]:
    cumulated = np.cumsum(difference, axis=-1)
    return cumulated[..., :-2], cumulated[..., 1:-1]


def _of_equal_share(shares: Floats) -> Floats:
    """Return groups of neighbouring bins that each have a twentieth of the reference, of shape (bins, groups)."""
    middle = np.cumsum(shares) - shares / 2
    _, group = np.unique(np.floor(np.clip(middle, 0.0, 1.0 - 1e-9) * _EQUAL), return_inverse=True)
    return np.asarray(np.eye(group.max() + 1)[group])


_EQUAL = 20  # groups: of more, divergences are mostly noise


_BY_WIDTH = {"wasserstein": _wasserstein, "energy": _energy}


def _is_extreme(shares: Floats, tail: float) -> NDArray[np.bool_]:
    below = np.cumsum(shares)
    return (below <= tail) | (below - shares >= 1 - tail)


def _beyond(grid: Grid, pair: Pair, outside: NDArray[np.bool_]) -> str:
    first, last = grid.inside
    cells, n = np.arange(len(grid)), pair.new.sum(axis=0)
    counts = {
        f"below {grid.edges[first - 1]:.6g}": n[cells < first].sum(),
        f"above {grid.edges[last - 1]:.6g}": n[cells >= last].sum(),
        "between values of the reference": n[outside & (cells >= first) & (cells < last)].sum(),
    }
    return ", ".join(f"{int(count):,} {words}" for words, count in counts.items() if count)


def _bin(edges: Floats, rare: NDArray[np.bool_], most: int) -> str:
    cell = int(np.flatnonzero(rare)[most])
    if cell == 0:
        return f"most below {edges[0]:.6g}"
    return (
        f"most above {edges[-1]:.6g}"
        if cell == len(edges)
        else f"most between {edges[cell - 1]:.6g} and {edges[cell]:.6g}"
    )
