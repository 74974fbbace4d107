"""Ratios of two services that were measured side by side, in blocks of time, and how sure they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.stats.quantiles import quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.intp]

_DRAWS = 1_999
FEWEST = 8  # blocks, below which an interval says nothing


def block_quantiles(values: Floats, blocks: Codes, n_blocks: int, q: float, fewest: int) -> Floats:
    """Return the q-quantile of each block, NaN of one with fewer than `fewest` values, of shape (n_blocks,)."""
    found = np.full(n_blocks, np.nan)
    for block in range(n_blocks):
        own = values[blocks == block]
        if len(own) >= fewest:
            found[block] = quantile(own, q)
    return found


def paired_ratio(base: Floats, candidate: Floats, *, confidence: float, seed: int) -> tuple[float, float, float]:
    r"""Return the ratio of candidate to base over blocks, and its interval; NaN where there are too few blocks.

    With :math:`d_b = \log c_b - \log a_b` of block :math:`b`, in which both had the same machine, the ratio is
    :math:`\exp` of the mean; its interval is a bootstrap-t over blocks, which is right for few of them too.

    Parameters
    ----------
    base, candidate
        One value a block, of shape (blocks,); blocks with a NaN or none above 0 on either side are left out.

    References
    ----------
    Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 12.5 (bootstrap-t).

    >>> noise = np.exp(np.random.default_rng(1).normal(0, 0.5, 40))
    >>> ratio, low, high = paired_ratio(noise, 1.2 * noise, confidence=0.95, seed=1)
    >>> round(ratio, 6), round(low, 6), round(high, 6)
    (1.2, 1.2, 1.2)
    """
    known = (base > 0) & (candidate > 0)
    apart = np.log(candidate[known] / base[known])
    n = len(apart)
    if n < FEWEST:
        return (float(np.exp(apart.mean())) if n else float("nan")), float("nan"), float("nan")
    mean, error = float(apart.mean()), float(apart.std(ddof=1)) / np.sqrt(n)
    drawn = apart[np.random.default_rng(seed).integers(0, n, (_DRAWS, n))]
    errors = drawn.std(axis=1, ddof=1) / np.sqrt(n)
    t = (drawn.mean(axis=1) - mean) / np.maximum(errors, max(error, 1e-12) * 1e-3)
    tail = (1 - confidence) / 2
    low, high = np.quantile(t, [1 - tail, tail])
    return float(np.exp(mean)), float(np.exp(mean - low * error)), float(np.exp(mean - high * error))
