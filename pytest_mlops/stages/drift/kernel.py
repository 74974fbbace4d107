"""The kernel two-sample test: the maximum mean discrepancy of all columns together, by random Fourier features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.stages.drift.effects import Effect, Resamples
from pytest_mlops.stats.change import change
from pytest_mlops.stats.clusters import Distance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlops.stages.drift.rows import Matrix

    Floats = NDArray[np.float64]

_WAVES = 200
_FAR = 5.0  # robust standard deviations, at which values are cut
_WIDTH_OF = 1_000  # rows, whose distances give the kernel its width
_OTHERS = 20  # categories of a column that are told apart


def waves_of(matrix: Matrix, seed: int) -> Floats:
    r"""Return cosines and sines of rows, of shape (rows, 2 * 200), whose means differ by the discrepancy.

    Numbers are centred and scaled by the reference's median and interquartile range, categories are one column each.
    The kernel is :math:`\exp(-|x - y|^2 / 2 \sigma^2)`, :math:`\sigma` the median distance of two rows.

    References
    ----------
    Gretton et al., Journal of Machine Learning Research 13, 2012; Rahimi and Recht, Advances in Neural Information
    Processing Systems 20, 2007 (the features).
    """
    rng = np.random.default_rng(seed)
    points = np.concatenate([_scaled(matrix, number) for number in range(len(matrix.names))], axis=1)
    some = points[rng.permutation(len(points))[:_WIDTH_OF]]
    half = len(some) // 2
    distances = np.sqrt(((some[:half] - some[half : 2 * half]) ** 2).sum(axis=1))
    width = float(np.median(distances)) or 1.0
    angles = points @ rng.normal(0, 1 / width, (points.shape[1], _WAVES))
    return np.concatenate([np.cos(angles), np.sin(angles)], axis=1)


def _scaled(matrix: Matrix, number: int) -> Floats:
    values = matrix.values[:, number]
    if matrix.is_category[number]:
        codes = np.where(np.isnan(values), _OTHERS + 1, np.minimum(values, _OTHERS)).astype(np.intp)
        return np.asarray(np.eye(_OTHERS + 2)[codes] / np.sqrt(2))
    known = values[~matrix.is_current & np.isfinite(values)]
    if not len(known):
        return np.zeros((len(values), 1))
    low, centre, high = np.quantile(known, [0.25, 0.5, 0.75])
    scale = (high - low) / 1.349 or known.std() or 1.0
    cut = np.clip(np.nan_to_num((values - centre) / scale, nan=0.0), -_FAR, _FAR)
    return np.stack([cut, np.isnan(values).astype(np.float64)], axis=1)


def kernel_effect(by_unit: tuple[Floats, Floats], resamples: Resamples) -> Effect:
    """Return the measure; by unit of both sides the number of rows, and the sums of the waves beside it."""
    sides, rows = [side[:, 1:] for side in by_unit], [side[:, 0] for side in by_unit]
    means = [side.sum(axis=0) / max(n.sum(), 1.0) for side, n in zip(sides, rows, strict=True)]
    errors = [
        weights @ side / (weights @ n)[:, None] - mean
        for side, n, weights, mean in zip(sides, rows, resamples.weights, means, strict=True)
    ]
    changed = change(np.concatenate(sides), np.concatenate(rows), resamples.labels)
    return Effect(
        column="",
        kind="kernel_distance",
        n=int(rows[1].sum()),
        distance=Distance(_norm(means[1] - means[0]), np.sqrt(((errors[1] - errors[0]) ** 2).sum(axis=1) / _WAVES)),
        statistics={"kernel": (changed.difference**2).sum(axis=1) / (changed.spread**2).mean(axis=1)},
    )


def _norm(difference: Floats) -> float:
    return float(np.sqrt((difference**2).sum() / _WAVES))
