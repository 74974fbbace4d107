"""Change points: for each measure the split of a sequence that tells most, and what chance makes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.stages.drift.effects import Effect, Resamples
from pytest_mlops.stages.drift.one_out import drawn_distances, every_effect
from pytest_mlops.stages.drift.subsets import some_units
from pytest_mlops.stages.drift.widening import blocks_of
from pytest_mlops.stats.clusters import Distance, draw_weights
from pytest_mlops.stats.permutation import adjusted_highest
from pytest_mlops.stats.split import likeness_beside_a_change, orders, split_labels, split_scores, splits_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from pytest_mlops.stages.drift.one_out import Name
    from pytest_mlops.stages.drift.sketch import Key, Sketch

    Floats = NDArray[np.float64]

TRIM = 3  # windows on each side of a change
_SPLITS = 24
_ORDERS = 499
_AT_ONCE = 2_000  # labellings
_FEWEST = 10  # groups of windows, below which neighbours are not put together


@dataclass(frozen=True, kw_only=True)
class Change:
    """One measure before and after its most telling split.

    Attributes
    ----------
    split
        The number of the first window after it.
    effect
        Between the windows before and those after.
    middle
        The same between the halves of the sequence, for what would have been seen there.
    """

    effect: Effect
    split: int
    p_value: float
    middle: Distance
    draws: int


def changes_of(windows: Sketch, measures: Collection[str], seed: int) -> tuple[list[Change], str]:
    """Return the change of each measure, and what was found of the dependence of neighbours, in words.

    Windows are permuted; where neighbouring ones are alike beside any change, groups of them, so that slow natural
    movement within a group is no change. What is slower than that is one.
    """
    groups, said = _groups(windows)
    grouped = _together(windows, groups)
    n = len(grouped.units)
    trim = min(TRIM, max(n // 3, 1))
    splits = splits_of(n, trim, _SPLITS)
    rng = np.random.default_rng(seed)
    places = orders(rng, n, _ORDERS)
    seen, highest = _scored(grouped, places, splits, measures)
    first_of = np.searchsorted(groups, np.arange(n), side="left")
    best_split = _located(grouped, trim, measures)
    halves = _between(grouped, n // 2, measures, seed)
    at: dict[int, dict[Name, Effect]] = {}
    found = []
    for name, half in halves.items():
        score = seen.get(name)
        p = 1.0 if score is None else float(adjusted_highest(score.max(keepdims=True), highest)[0])
        split = best_split.get(name, n // 2)
        if split not in at:
            at[split] = _between(grouped, split, measures, seed)
        effect = at[split].get(name, half)
        found.append(Change(effect=effect, split=int(first_of[split]), p_value=p, middle=half.distance, draws=_ORDERS))
    return found, said


def _scored(
    windows: Sketch, places: NDArray[np.intp], splits: Sequence[int], measures: Collection[str]
) -> tuple[dict[Name, Floats], Floats]:
    """Return the scores of each measure in each split as seen, and the highest of all measures in each order."""
    first, rest = some_units(windows, [0]), some_units(windows, range(1, len(windows.units)))
    labels = split_labels(places, splits)
    parts: dict[Name, dict[str, list[Floats]]] = {}
    for start in range(0, len(labels), _AT_ONCE):
        one = Resamples(
            labels=labels[start : start + _AT_ONCE], weights=(np.ones((1, 1)), np.ones((1, len(rest.units))))
        )
        for effect in every_effect((first, rest), one, measures):
            for statistic, values in effect.statistics.items():
                kept = parts.setdefault((effect.column, effect.kind), {})
                kept.setdefault(statistic, []).append(values)
    seen: dict[Name, Floats] = {}
    highest = np.full(len(places), -np.inf)
    for name, statistics in parts.items():
        best = np.full((len(splits), len(places)), -np.inf)
        for lines in statistics.values():
            best = np.maximum(best, split_scores(np.concatenate(lines), len(splits)))
        seen[name] = best[:, 0]
        highest = np.maximum(highest, best.max(axis=0))
    return seen, highest


def _located(windows: Sketch, trim: int, measures: Collection[str]) -> dict[Name, int]:
    r"""Return the split of each measure that explains most: the largest distance, less for splits near an end.

    With :math:`t` of :math:`n` windows before it, that of the largest :math:`D(t) \sqrt{t (n - t)}`: the least
    squares of two levels (Bai, Econometric Theory 13, 1997), for a distance.
    """
    n = len(windows.units)
    splits = np.array(splits_of(n, trim, n))
    if not len(splits):
        return {}
    after = (np.arange(n) >= splits[:, None]).astype(np.float64)
    far = drawn_distances(windows, 1 - after, after, measures)
    weight = np.sqrt(splits * (n - splits))
    return {name: int(splits[np.argmax(distances * weight)]) for name, distances in far.items()}


def _between(windows: Sketch, split: int, measures: Collection[str], seed: int) -> dict[Name, Effect]:
    """Return the measures between the windows before and after a split, with their errors."""
    n = len(windows.units)
    old, new = some_units(windows, range(split)), some_units(windows, range(split, n))
    weights = draw_weights(np.random.default_rng([seed, split]), split, n - split, 999)
    labels = (np.arange(n) >= split).astype(np.float64)[None, :]
    effects = every_effect((old, new), Resamples(labels=labels, weights=weights), measures)
    return {(effect.column, effect.kind): effect for effect in effects}


def _groups(windows: Sketch) -> tuple[NDArray[np.intp], str]:
    """Return in which group each window is, and why."""
    groups = np.arange(len(windows.units))
    grouped, said = windows, ""
    while len(grouped.units) >= 2 * _FEWEST:
        alike = _alike(grouped)
        if not alike:
            return groups, said
        groups = groups // 2
        grouped = _together(windows, groups)
        size = int(np.bincount(groups).max())
        said = f"neighbouring windows are alike in {alike}, {size} of them are one"
    if alike := _alike(grouped):
        said += (
            f"{'; ' * bool(said)}neighbours are {'still ' * bool(said)}alike in {alike}: slow movement is change here"
        )
    return groups, said


def _alike(windows: Sketch) -> str:
    ordered = replace(windows, units={number: number for number in range(len(windows.units))})
    for name, blocks in blocks_of(ordered):
        is_known = blocks.is_telling() and (blocks.rows > 0).all()
        if is_known and likeness_beside_a_change(blocks.means, TRIM):
            return name
    return ""


def _together(windows: Sketch, groups: NDArray[np.intp]) -> Sketch:
    if len(np.unique(groups)) == len(groups):
        return windows
    units: dict[Key, int] = {number: number for number in range(int(groups.max()) + 1)}
    return windows.grouped(units, groups)
