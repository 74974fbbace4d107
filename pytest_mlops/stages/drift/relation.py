r"""Change of the relation between the inputs and the target: :math:`P(y \mid x)`, apart from a change of :math:`P(x)`.

A model of the target is fitted to the reference; what it expects of a row is taken from what was seen. The rows of a
fold, of both sides, are held against a model of the reference's folds before it: given those, they are exchangeable
where nothing changed. In a bin of a column, two things are the same on both sides
where the relation is, whatever became of the inputs: the mean residual, and the slope of the residual over what is
expected: 0 where the target follows the model, lower by 1 where it no longer does, by 2 where it does the reverse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.adapters.scikit_learn import fit_trees
from pytest_mlops.stages.drift.effects import Effect, Resamples
from pytest_mlops.stages.drift.folds import fitted_before
from pytest_mlops.stats.change import ratio_change
from pytest_mlops.stats.clusters import Distance
from pytest_mlops.stats.ratios import over

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from pytest_mlops.stages.drift.rows import Matrix

    Floats = NDArray[np.float64]

_BINS = 8  # of a column of numbers
_CATEGORIES = 20  # the most frequent ones, each a bin
_LARGE = 0.05  # the share of the rows, of each side, that a bin must have to be measured


@dataclass(frozen=True)
class Expected:
    """The target of some rows, and what a model of both sides expects of them, both in standard deviations."""

    seen: Floats
    expected: Floats
    mean: float
    scale: float


def expected_of(
    matrix: Matrix, target: Floats, folds: NDArray[np.intp], *, is_class: bool, seed: int
) -> tuple[NDArray[np.bool_], Expected]:
    """Return the rows that a model of earlier folds judges, as a mask, and of them the target and what it expects.

    Both are in standard deviations of the target in the reference.
    """
    known = target[~matrix.is_current]
    mean, scale = float(known.mean()), float(known.std()) or 1.0
    expected, judged = np.full(len(target), mean), np.zeros(len(target), dtype=np.bool_)

    def fit(before: NDArray[np.bool_]) -> Callable[[Floats], Floats]:
        rows = before & ~matrix.is_current
        if not rows.any():
            return lambda values: np.full(len(values), mean)
        if len(np.unique(target[rows])) == 1:
            return lambda values: np.full(len(values), target[rows][0])
        return fit_trees(
            matrix.values[rows], target[rows], is_category=matrix.is_category, is_class=is_class, seed=seed
        )

    for held, found in fitted_before(matrix, folds, fit):
        expected[held] = found
        judged |= held
    return judged, Expected((target[judged] - mean) / scale, (expected[judged] - mean) / scale, mean, scale)


@dataclass(frozen=True)
class Bins:
    """The bins of a column.

    Attributes
    ----------
    squares
        Of residuals, and of residuals times levers, over all rows; each of shape (bins,).
    seen
        The mean target of each bin in the reference and now, and what was expected now; of shape (3, bins).
    """

    words: Sequence[str]
    squares: tuple[Floats, Floats]
    seen: Floats


def bins_of(
    matrix: Matrix, number: int, expected: Expected, n_units: tuple[int, int]
) -> tuple[Bins, tuple[Floats, Floats]]:
    """Return the bins of a column, and by unit of each side what adds up in them, of shape (units, 4 bins).

    That is, side by side: rows, residuals, squares of levers (how far what is expected is from its mean), residuals
    times levers.
    """
    cells, words = _cells(matrix, number)
    size = len(words)
    residual = expected.seen - expected.expected
    lever = expected.expected - expected.expected.mean()
    sums = [matrix.counts(cells, size, n_units, by) for by in (None, residual, lever**2, residual * lever)]
    squares = [
        np.bincount(cells, weights=by**2, minlength=size).astype(np.float64) for by in (residual, residual * lever)
    ]
    real = [by * expected.scale + expected.mean for by in (expected.seen, expected.seen, expected.expected)]
    seen = [
        _mean(values[side], cells[side], size)
        for values, side in zip(real, (~matrix.is_current, matrix.is_current, matrix.is_current), strict=True)
    ]
    by_side = [np.concatenate([table[side] for table in sums], axis=1) for side in (0, 1)]
    return Bins(words, (squares[0], squares[1]), np.stack(seen)), (by_side[0], by_side[1])


def _mean(values: Floats, cells: NDArray[np.intp], size: int) -> Floats:
    total = np.bincount(cells, weights=values, minlength=size)
    return np.asarray(total / np.maximum(np.bincount(cells, minlength=size), 1))


def _cells(matrix: Matrix, number: int) -> tuple[NDArray[np.intp], list[str]]:
    values, name = matrix.values[:, number], matrix.names[number]
    missing = np.isnan(values)
    if matrix.is_category[number]:
        words = [f"{name}={word}" for word in matrix.words[name][:_CATEGORIES]]
        codes = np.where(missing, len(words) + 1, np.minimum(values, len(words))).astype(np.intp)
        return codes, [*words, f"{name} is another", f"{name} missing"]
    known = values[~missing]
    edges = np.unique(np.quantile(known, np.arange(1, _BINS) / _BINS)) if len(known) else np.zeros(1)
    codes = np.where(missing, len(edges) + 1, np.searchsorted(edges, values, side="left"))
    words = [f"{name} ≤ {edge:.6g}" for edge in edges] + [f"{name} > {edges[-1]:.6g}", f"{name} missing"]
    return codes.astype(np.intp), words


_KINDS = ("relation_change", "relation_slope_change")


def relation_effects(
    column: str, bins: Bins, sides: tuple[Floats, Floats], resamples: Resamples, *, is_public: bool
) -> Iterable[Effect]:
    """Yield the measures of one column: the largest changes in any of its bins that has a twentieth of the rows.

    For the slope, that has a twentieth of what can show one: of the squares of levers.

    Parameters
    ----------
    sides
        The sums of `bins_of` by unit, of both sides.
    """
    parts = [np.split(side, 4, axis=1) for side in sides]
    n = int(parts[1][0].sum())
    for kind, at, squares in zip(_KINDS, (0, 2), bins.squares, strict=True):
        large = (
            np.min([over(total, total.sum()) for total in (side[at].sum(axis=0) for side in parts)], axis=0) >= _LARGE
        )
        weights, tables = [side[at][:, large] for side in parts], [side[at + 1][:, large] for side in parts]
        changed = ratio_change(np.concatenate(tables), np.concatenate(weights), squares[large], resamples.labels)
        means = [over(table.sum(axis=0), n.sum(axis=0)) for table, n in zip(tables, weights, strict=True)]
        drawn = [
            over(draws @ table, draws @ n) - mean
            for table, n, draws, mean in zip(tables, weights, resamples.weights, means, strict=True)
        ]
        size = np.abs(means[1] - means[0])
        distance = Distance(float(size.max(initial=0.0)), np.abs(drawn[1] - drawn[0]).max(axis=1, initial=0.0))
        yield Effect(
            column=column,
            kind=kind,
            n=n,
            distance=distance,
            statistics={"bins": (np.abs(changed.difference) / changed.spread).max(axis=-1, initial=0.0)},
            note=_words(kind, bins, int(np.flatnonzero(large)[np.argmax(size)]), is_public) if len(size) else "",
        )


def _words(kind: str, bins: Bins, cell: int, is_public: bool) -> str:  # noqa: FBT001 - of one call
    word = bins.words[cell] if is_public else f"category {cell + 1}"
    if kind == "relation_slope_change":
        return f"where {word}: the target follows the other columns otherwise than before"
    then, now, expected = bins.seen[:, cell]
    return f"where {word}: mean target {then:.4g} in the reference, {now:.4g} now, {expected:.4g} expected"
