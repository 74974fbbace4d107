"""Folds: parts of the units of both sides, so that no model judges rows of a unit that it was fitted to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from pytest_mlops.stages.drift.rows import Matrix
    from pytest_mlops.stages.drift.sketch import Key

    Floats = NDArray[np.float64]
    Codes = NDArray[np.intp]
    Fit = Callable[[NDArray[np.bool_]], Callable[[Floats], Floats]]

FOLDS = 5


def folds_of(old: Mapping[Key, int], new: Mapping[Key, int]) -> Codes:
    """Return the fold of each unit, those of the reference first, of shape (units,).

    Units in a row (days, blocks) are in folds in stretches, since neighbours may be alike; one that stands on both
    sides is in the same fold there.
    """
    keys = sorted({*old, *new}, key=lambda key: (isinstance(key, str), key))
    fold = {key: rank * 2 * FOLDS // len(keys) % FOLDS for rank, key in enumerate(keys)}
    folds = np.zeros(len(old) + len(new), dtype=np.intp)
    for side, start in ((old, 0), (new, len(old))):
        for key, number in side.items():
            folds[start + number] = fold[key]
    return folds


def fitted_before(matrix: Matrix, folds: Codes, fit: Fit) -> Iterable[tuple[NDArray[np.bool_], Floats]]:
    """Yield the rows of each fold but the first, and what a model says of them that was fitted to the folds before it.

    Of two folds only one is judged by what the other taught. Where each is (cross-fitting), every likeness of two folds
    is seen twice: what a model says of them goes together, and varies more than relabelled units show. Judged by those
    before it, each fold's part is a martingale difference: it has no mean, given the others.

    Parameters
    ----------
    fit
        Takes the mask of the rows to fit to.

    References
    ----------
    Dawid, Journal of the Royal Statistical Society A 147, 1984 (prequential analysis).
    """
    of_rows = folds[matrix.units]
    for fold in range(1, FOLDS):
        held, before = of_rows == fold, of_rows < fold
        if held.any() and before.any():
            yield held, fit(before)(matrix.values[held])
