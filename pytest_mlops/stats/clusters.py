"""How far a distance between two samples may be off, where units (days, customers) and not rows are independent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Distance:
    """A distance, with the errors of it in resamples: `errors[b]` bounds |estimate - truth| in draw b."""

    value: float
    errors: Floats


def unit_counts(codes: NDArray[np.intp], units: NDArray[np.intp], n_codes: int, n_units: int) -> Floats:
    """Return how often each code occurs in each unit, of shape (units, codes). Negative codes are left out.

    >>> unit_counts(np.array([0, 1, 1, -1]), np.array([0, 0, 1, 1]), 2, 2)
    array([[1., 1.],
           [0., 1.]])
    """
    kept = codes >= 0
    flat = np.bincount(units[kept] * n_codes + codes[kept], minlength=n_units * n_codes)
    return flat.reshape(n_units, n_codes).astype(np.float64)


def draw_weights(rng: np.random.Generator, n_units: int, draws: int) -> Floats:
    """Return multinomial bootstrap weights of units, of shape (draws, units): each row sums to `n_units`."""
    return rng.multinomial(n_units, np.full(n_units, 1 / n_units), size=draws).astype(np.float64)


def largest_gap(shares: Floats) -> Floats:
    """Return the Kolmogorov-Smirnov norm of differences of shares over ordered bins, along the last axis."""
    return np.asarray(np.abs(np.cumsum(shares, axis=-1)).max(axis=-1))


def half_sum(shares: Floats) -> Floats:
    """Return the total-variation norm of differences of shares, along the last axis."""
    return np.asarray(np.abs(shares).sum(axis=-1) / 2)


def measure_distance(reference: Floats, current: Floats, weights: tuple[Floats, Floats], *, ordered: bool) -> Distance:
    r"""Measure the distance of two samples of units, and its errors under a bootstrap of the units.

    With shares :math:`p, q` and a norm, the estimate is :math:`D = \lVert \hat q - \hat p \rVert`. By the triangle
    inequality :math:`|\hat D - D| \le \lVert (\hat q - q) - (\hat p - p) \rVert`, the bootstrap gives the law of the
    right side: :math:`\lVert (q^* - \hat q) - (p^* - \hat p) \rVert`. So an interval
    :math:`\hat D \pm` its quantile covers at least as often as it says; it is never too narrow because D is near zero,
    where a percentile bootstrap of D itself fails.

    Parameters
    ----------
    reference, current
        Counts of shape (units, bins).
    weights
        Bootstrap weights of both, of shape (draws, units).
    ordered
        True: the bins are ordered and the norm is Kolmogorov and Smirnov's; False: total variation.

    References
    ----------
    Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapters 8 and 9; Davison and Hinkley, Bootstrap
    Methods and their Application, 1997, section 3.8 (resampling of clusters).
    """
    norm = largest_gap if ordered else half_sum
    p, q = _shares(reference.sum(axis=0)), _shares(current.sum(axis=0))
    errors = (_shares(weights[1] @ current) - q) - (_shares(weights[0] @ reference) - p)
    return Distance(float(norm(q - p)), norm(errors))


def _shares(counts: Floats) -> Floats:
    total = counts.sum(axis=-1, keepdims=True)
    return np.asarray(np.divide(counts, total, out=np.zeros_like(counts), where=total > 0))


def simultaneous_widths(distances: Sequence[Distance], false_alarms: float) -> list[float]:
    """Return a half-width for each distance so that all intervals hold together with 1 - `false_alarms`.

    The errors are studentised by their mean, and the quantile of their maximum over all distances is taken
    (max-T): correlated distances cost less than Bonferroni's correction, whatever their number.

    References
    ----------
    Westfall and Young, Resampling-Based Multiple Testing, 1993.
    """
    scales = [max(float(distance.errors.mean()), 1e-12) for distance in distances]
    ratios = np.max([distance.errors / scale for distance, scale in zip(distances, scales, strict=True)], axis=0)
    factor = float(np.quantile(ratios, 1 - false_alarms, method="higher"))
    return [factor * scale for scale in scales]
