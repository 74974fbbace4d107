"""The domain classifier: whether a model can tell current rows from those of the reference, and by which columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.adapters.scikit_learn import fit_trees
from pytest_mlops.stages.drift.effects import Effect, Pair, Resamples
from pytest_mlops.stages.drift.folds import fitted_before
from pytest_mlops.stats.change import change
from pytest_mlops.stats.clusters import Distance

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pytest_mlops.stages.drift.rows import Matrix

    Floats = NDArray[np.float64]

RANKS = 100
_NAMED = 3  # columns
_LEAST = 0.005  # of an area, that shuffling a column costs
_SHUFFLED = 5_000  # rows


def ranks_told(matrix: Matrix, folds: NDArray[np.intp], seed: int) -> tuple[NDArray[np.bool_], NDArray[np.intp], str]:
    """Return which rows were judged by a model of other units, how current each looks; and the columns it used.

    It is the row's rank within its fold, in 100 groups, of shape (judged rows,).
    """
    truth, told = matrix.is_current.astype(np.float64), np.full(len(matrix.units), -1)
    drops: list[Floats] = []
    rng = np.random.default_rng(seed)

    def fit(rows: NDArray[np.bool_]) -> Callable[[Floats], Floats]:
        share = np.clip(truth[rows].mean(), 1e-9, 1 - 1e-9)
        weights = np.where(matrix.is_current[rows], 0.5 / share, 0.5 / (1 - share))
        if len(np.unique(truth[rows])) == 1:
            return lambda values: np.zeros(len(values))
        model = fit_trees(
            matrix.values[rows], truth[rows], is_category=matrix.is_category, is_class=True, weights=weights, seed=seed
        )
        drops.append(_drops(model, matrix, ~rows, rng))
        return model

    for held, scores in fitted_before(matrix, folds, fit):
        told[held] = _ranks(scores)
    words = _words(matrix, np.mean(drops, axis=0) if drops else np.zeros(len(matrix.names)))
    return told >= 0, told[told >= 0], words


def _ranks(scores: Floats) -> NDArray[np.intp]:
    order = np.unique(scores, return_inverse=True)[1]
    counts = np.bincount(order)
    middle = np.cumsum(counts) - (counts + 1) / 2
    return np.asarray((middle[order] * RANKS / len(scores)).astype(np.intp))


def _drops(
    model: Callable[[Floats], Floats], matrix: Matrix, held: NDArray[np.bool_], rng: np.random.Generator
) -> Floats:
    """Return by how much the area falls when a column is shuffled (Breiman, Machine Learning 45, 2001)."""
    some = rng.permutation(np.flatnonzero(held))[:_SHUFFLED]
    rows, current = matrix.values[some], matrix.is_current[some]
    whole = _area(model(rows), current)
    drops = np.zeros(len(matrix.names))
    for number in range(len(matrix.names)):
        shuffled = rows.copy()
        shuffled[:, number] = rng.permutation(shuffled[:, number])
        drops[number] = whole - _area(model(shuffled), current)
    return drops


def _area(scores: Floats, current: NDArray[np.bool_]) -> float:
    if current.all() or not current.any():
        return 0.5
    ranks = np.eye(RANKS)[_ranks(scores)]
    return float(area_under(ranks[~current].mean(axis=0), ranks[current].mean(axis=0)))


def area_under(reference: Floats, current: Floats) -> Floats:
    """Return the chance that a current row ranks above one of the reference, a tie being a half; shares by rank."""
    below = np.cumsum(reference, axis=-1) - reference / 2
    return np.asarray((current * below).sum(axis=-1))


def _words(matrix: Matrix, drops: Floats) -> str:
    order = [number for number in np.argsort(-drops, kind="stable")[:_NAMED] if drops[number] >= _LEAST]
    return f"told apart by {', '.join(matrix.names[number] for number in order)}" if order else ""


def domain_effect(sides: tuple[Floats, Floats], note: str, resamples: Resamples) -> Effect:
    """Return the measure: counts by unit and rank of both sides."""
    pair = Pair("", *sides, resamples)
    found = pair.resampled
    area = float(area_under(found.reference, found.current))
    table = pair.both
    centred = (np.arange(RANKS) + 0.5) / RANKS - 0.5
    mean_rank = change((table @ centred)[:, None], table.sum(axis=1), resamples.labels)
    return pair.effect(
        "domain_auc",
        Distance(area, np.abs(area_under(*found.drawn) - area)),
        {"ranks": mean_rank.difference[:, 0] / mean_rank.spread[:, 0]},
        note=note,
    )
