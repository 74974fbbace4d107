"""What is measured of a column of categories: how far it moved, what is new, what is gone, how many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.stages.drift.effects import Effect, Pair, divergences, drawn_of, groups, rounded_up, share_of
from pytest_mlops.stats.change import category_statistics, with_rare_together
from pytest_mlops.stats.clusters import Distance, half_sum
from pytest_mlops.stats.new_cells import new_cells_surprise
from pytest_mlops.stats.rarefaction import distinct_at_equal_n

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from numpy.typing import NDArray

    from pytest_mlops.stages.drift.column_sketch import ColumnSketch

    Floats = NDArray[np.float64]


def category_effects(pair: Pair, column: ColumnSketch, more: Collection[str]) -> Iterable[Effect]:
    """Yield the measures of a column of categories."""
    labels = pair.resamples.labels
    told = with_rare_together(pair.both)
    coarse = Pair(pair.name, told[: len(pair.old)], told[len(pair.old) :], pair.resamples)
    words = list(column.labels)
    names = words if column.is_public else [f"category {i}" for i, _ in enumerate(words, start=1)]
    shown, drawn = drawn_of(names, pair, ordered=False)
    statistics = category_statistics(pair.both, labels)
    distance = coarse.resampled.distance(half_sum)
    left_open = _left_open(pair, coarse)
    yield pair.effect("total_variation", distance, statistics, labels=shown, shares=drawn, resolution=left_open)
    if not pair.is_filled:
        return
    yield from divergences(coarse, more, statistics)
    yield _new(pair)
    yield _vanished(pair)
    if "cardinality_change" in more:
        yield _cardinality(pair)


def _left_open(pair: Pair, coarse: Pair) -> float:
    """Return how much larger the distance can be where rare categories are told apart: what both sides have of them."""
    if coarse.old.shape[1] == pair.old.shape[1]:
        return 0.0
    return rounded_up(float(min(share_of(side)[-1] for side in (coarse.old, coarse.new))))


def _new(pair: Pair) -> Effect:
    fresh = pair.old.sum(axis=0) == 0
    return pair.effect(
        "new_category_share",
        pair.resampled.distance(half_sum, groups(fresh)),
        {"new": new_cells_surprise(pair.both, pair.resamples.labels)},
        note=_counted(fresh & (pair.new.sum(axis=0) > 0), "new"),
    )


def _vanished(pair: Pair) -> Effect:
    """Return the mirror of what is new: what the reference has as rows of categories that the current data lack."""
    gone = pair.new.sum(axis=0) == 0
    return pair.effect(
        "vanished_category_share",
        pair.resampled.distance(half_sum, groups(gone)),
        {"vanished": new_cells_surprise(pair.both, 1 - pair.resamples.labels)},
        note=_counted(gone & (pair.old.sum(axis=0) > 0), "vanished"),
    )


def _counted(categories: NDArray[np.bool_], word: str) -> str:
    n = int(categories.sum())
    return f"{n} {word} {'category' if n == 1 else 'categories'}" if n else ""


def _cardinality(pair: Pair) -> Effect:
    """Return the change of the number of categories at equal n, as a part of the larger number."""
    weights, labels, both = pair.resamples.weights, pair.resamples.labels, pair.both
    old, new = distinct_at_equal_n(pair.old.sum(axis=0), pair.new.sum(axis=0))
    drawn = distinct_at_equal_n(weights[0] @ pair.old, weights[1] @ pair.new)
    relabelled = distinct_at_equal_n((1 - labels) @ both, labels @ both)
    most = max(float(old), float(new), 1.0)
    errors = (drawn[1] - drawn[0]) / most
    return pair.effect(
        "cardinality_change",
        Distance(abs(float(new - old)) / most, np.abs(errors - errors.mean())),
        {"cardinality": np.abs(relabelled[1] - relabelled[0])},
        note=f"{float(old):.1f} categories in the reference, {float(new):.1f} now, at equal n",
    )
