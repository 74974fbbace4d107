"""Intervals for metrics of a model, and for shares."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def roc_auc_interval(truth: NDArray[np.bool_], score: Floats, confidence: float = 0.95) -> tuple[float, float, float]:
    r"""Return the area under the ROC curve and its interval, by DeLong's variance on the logit scale.

    With midranks :math:`R` the placements are :math:`V_{10} = (R - R_x)/n`, :math:`V_{01} = 1 - (R - R_y)/m`, and
    :math:`\operatorname{var}(A) = s_{10}/m + s_{01}/n`. NaN for all three where a class is absent; NaN ends where a
    class has fewer than two rows or the area is 0 or 1.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988; Sun and Xu, IEEE Signal Processing Letters 21, 2014.

    Examples
    --------
    The area is the share of pairs in order: of the 4 pairs here, 3.

    >>> truth = np.array([False, True, False, True])
    >>> roc_auc_interval(truth, np.array([0.1, 0.4, 0.35, 0.3]))[0]
    0.75
    """
    positive, negative = score[truth], score[~truth]
    m, n = len(positive), len(negative)
    if not m or not n:
        return float("nan"), float("nan"), float("nan")
    ranks = _midranks(np.concatenate([positive, negative]))
    of_positive = (ranks[:m] - _midranks(positive)) / n
    of_negative = 1 - (ranks[m:] - _midranks(negative)) / m
    area = float(of_positive.mean())
    if min(m, n) < 2 or area in (0.0, 1.0):  # noqa: PLR2004 - a variance needs two
        return area, float("nan"), float("nan")
    error = float(np.sqrt(of_positive.var(ddof=1) / m + of_negative.var(ddof=1) / n)) / (area * (1 - area))
    return area, *_expit_interval(area, error, confidence)


def _expit_interval(area: float, error: float, confidence: float) -> tuple[float, float]:
    z, centre = NormalDist().inv_cdf((1 + confidence) / 2), float(np.log(area / (1 - area)))
    low, high = (1 / (1 + np.exp(-(centre + sign * z * error))) for sign in (-1, 1))
    return float(low), float(high)


def _midranks(values: Floats) -> Floats:
    """Return ranks from 1, ties sharing their mean."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse], dtype=np.float64)


def bootstrap_interval(
    metric: Callable[[NDArray[np.intp]], float], n: int, *, seed: int, draws: int = 200, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the basic bootstrap interval of a metric of rows; NaN where no draw gives a number.

    Parameters
    ----------
    metric
        From the positions of the rows in a draw to the metric.

    References
    ----------
    Davison and Hinkley, Bootstrap Methods and their Application, 1997, equation 5.6.
    """
    rng = np.random.default_rng(seed)
    values = np.array([metric(rng.integers(0, n, n)) for _ in range(draws)])
    values = values[~np.isnan(values)]
    if len(values) < draws // 2:
        return float("nan"), float("nan")
    centre = metric(np.arange(n))
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(2 * centre - high), float(2 * centre - low)


def share_interval(count: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    r"""Return the interval of Clopper and Pearson for a share, of which `count` of `n` were seen; NaN for none.

    Its ends are the shares :math:`p` at which seeing as many or more, as few or fewer, has the chance
    :math:`(1 - c) / 2`; it misses the share in no more than :math:`1 - c` of all samples, however small they are.

    References
    ----------
    Clopper and Pearson, Biometrika 26, 1934.

    Examples
    --------
    Of none in 20 the upper end is :math:`1 - 0.025^{1/20}`; of 10 in 20 a table has 0.272 and 0.728.

    >>> [round(end, 4) for end in share_interval(0, 20)], round(1 - 0.025 ** (1 / 20), 4)
    ([0.0, 0.1684], 0.1684)
    >>> [round(end, 3) for end in share_interval(10, 20)]
    [0.272, 0.728]
    """
    if not n:
        return math.nan, math.nan
    tail = (1 - confidence) / 2
    low = 1 - _share_at(n - count, n, tail) if count else 0.0
    high = _share_at(count, n, tail) if count < n else 1.0
    return low, high


_HALVINGS = 60


def _share_at(count: int, n: int, chance: float) -> float:
    """Return the share at which `count` of n or fewer are seen with this chance."""
    low, high = 0.0, 1.0
    ways = [math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) for k in range(count + 1)]
    for _ in range(_HALVINGS):
        share = (low + high) / 2
        logs = (way + k * math.log(share) + (n - k) * math.log1p(-share) for k, way in enumerate(ways))
        if math.fsum(map(math.exp, logs)) > chance:
            low = share
        else:
            high = share
    return (low + high) / 2
