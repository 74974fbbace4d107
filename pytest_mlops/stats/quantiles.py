"""Quantiles of values that were measured one after another, and intervals that know of their dependence."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_BATCHES = 20
_T_19 = 2.093  # the 0.975 quantile of Student's t with 19 degrees of freedom
CONFIDENCE = 0.95
_FEWEST = 20 * _BATCHES
_FEWEST_BEYOND = 20
_FEWEST_INDEPENDENT = 10  # of those beyond
_BATCHES_SEE = 3  # dependence that batches of 20 values still see
_NEARER = 5  # times as many values lie beyond the quantile that dependence is looked for at too


def enough_for(q: float) -> int:
    """Return how many values an interval for the q-quantile needs at least: 400, and 20 beyond it.

    >>> enough_for(0.5), enough_for(0.95), enough_for(0.99)
    (400, 400, 2000)
    """
    return max(math.ceil(round(_FEWEST_BEYOND / min(q, 1 - q), 6)), _FEWEST)


def quantile(values: Floats, q: float) -> float:
    """Return the q-quantile: the smallest value that a share q of the values does not exceed. NaN of none.

    >>> quantile(np.array([4.0, 1.0, 3.0, 2.0]), 0.5)
    2.0
    """
    if not len(values):
        return math.nan
    rank = max(math.ceil(round(q * len(values), 9)), 1)
    return float(np.partition(values, rank - 1)[rank - 1])


def quantile_interval(values: Floats, q: float) -> tuple[float, float]:
    r"""Return the 95 % interval for the q-quantile of values in the order in which they were measured.

    Order statistics at the ranks :math:`n (q \pm t \sqrt{q (1 - q) \tau / n})`, where the dependence :math:`\tau` is
    the variance of the means of 20 batches of the indicator "over the quantile", over what independent values
    would have, and at least 1; :math:`t` is Student's with 19 degrees of freedom. A run that has seen few of the slow
    stretches takes them for independent, and for less slow than they are; so :math:`\tau` is at least that of the
    quantile beyond which five times as many values lie, of which any run sees more. Batches see too little of a strong
    dependence: with fewer than :math:`m = \max(133 \tau, 10 \tau / (1 - q))` values :math:`\tau` is multiplied by
    :math:`m / n`.

    NaN at both ends for fewer values than `enough_for(q)`, and at an end that would lie beyond all of them. In waiting
    times of a queue at 30 % to 70 % load an interval with both ends misses the quantile in at most 7 % of the runs, a
    lower end alone in 1 %; one that treats the values as independent misses it in 12 % to 75 %.

    References
    ----------
    Batch means: Law and Kelton, Simulation Modeling and Analysis, chapter 9; order statistics as an interval: David and
    Nagaraja, Order Statistics, 2003, section 7.1.

    Examples
    --------
    For independent values the ranks are those of the binomial interval: of 2,000 values the median's are 956
    and 1,045 at least (normal approximation, no dependence).

    >>> values = np.random.default_rng(5).permutation(2000) + 1.0
    >>> low, high = quantile_interval(values, 0.5)
    >>> bool(940 < low <= 957), bool(1045 <= high < 1060)
    (True, True)
    >>> quantile_interval(values[:100], 0.95)
    (nan, nan)
    """
    n = len(values)
    if n < enough_for(q):
        return math.nan, math.nan
    factor = _dependence(values, q)
    well_seen = factor * _well_seen(q)
    half = _T_19 * math.sqrt(q * (1 - q) * factor * max(well_seen / n, 1) / n)
    low, high = math.floor(n * (q - half)), math.ceil(n * (q + half))
    ordered = np.sort(values)
    return float(ordered[low - 1]) if low >= 1 else math.nan, float(ordered[high - 1]) if high <= n else math.nan


def enough_for_both_ends(values: Floats, q: float) -> int:
    """Return how many values like these it takes for both ends of the interval, their dependence taken as it looks.

    It takes more where the values have shown too little of it: of queues at 30 % load one in ten runs of so many values
    still lacks an end, at 70 % two in three.

    >>> values = np.random.default_rng(5).random(2000)
    >>> 400 <= enough_for_both_ends(values, 0.95) <= 800
    True
    """
    factor, spread = _dependence(values, q), max(q, 1 - q) / min(q, 1 - q)
    few = _T_19 * factor * math.sqrt(spread * _well_seen(q))  # of fewer than are well seen, the width goes with 1 / n
    many = _T_19**2 * spread * factor
    return max(math.ceil(few if few <= factor * _well_seen(q) else many), enough_for(q))


def _dependence(values: Floats, q: float) -> float:
    return max(dependence_beyond(values, q), dependence_beyond(values, _nearer(q)))


def _well_seen(q: float) -> float:
    """Return how many values show a dependence of 1 well; of a stronger one it takes as many times more."""
    return max(_FEWEST / _BATCHES_SEE, _FEWEST_INDEPENDENT / min(q, 1 - q))


def _nearer(q: float) -> float:
    """Return the quantile beyond which five times as many values lie, and at most half of them."""
    beyond = min(_NEARER * min(q, 1 - q), 0.5)
    return beyond if q < 0.5 else 1 - beyond  # noqa: PLR2004 - the median


def dependence_beyond(values: Floats, q: float) -> float:
    """Return by how much dependence multiplies the variance of the share of values over their q-quantile.

    1 for independent values, and for fewer than 20.

    >>> dependence_beyond(np.random.default_rng(2).random(100_000), 0.9) < 2
    True
    >>> dependence_beyond(np.sin(np.arange(100_000) / 2_000), 0.9) > 100
    True
    """
    over = values > quantile(values, q)
    size = len(over) // _BATCHES
    share = float(over.mean()) if size else 0.0
    if share in {0.0, 1.0}:
        return 1.0
    means = over[: size * _BATCHES].reshape(_BATCHES, size).mean(axis=1)
    return max(float(means.var(ddof=1)) * size / (share * (1 - share)), 1.0)
