r"""How surprising a window is among others of its kind, over many statistics together.

Of :math:`W + 1` windows, the current one and :math:`W` of the reference, each has statistics :math:`S_{ki} \ge 0` of
its change against all the others. Each is looked at as an outlier among the others, on a scale on which it is near
normal, and the most surprising statistic speaks for the window:

.. math:: x = S^{2/3}, \quad t_{ki} = \frac{x_{ki} - \bar x_{k(i)}}{s_{k(i)} \sqrt{1 + 1/W}}, \quad
    y_{ki} = -\log P(T_{W-1} > t_{ki}), \quad M_i = \max_k y_{ki},

mean and standard deviation those of the :math:`W` other windows. Where the current window is like the others, its
:math:`M` has any rank among them with the same chance, whatever the number and correlation of the statistics: the
share of windows that are as surprising is an exact p-value (Vovk, Gammerman and Shafer, Algorithmic Learning in a
Random World, 2005, section 2.2).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.stats.pearson import Pearson
from pytest_mlops.stats.student import student_log_tail

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_LEAST_SPREAD = 0.4  # of the root of a normal deviate, less its sign, to the power of 4/3: what rows alone show
_GUMBEL_SKEW = 12 * math.sqrt(6) * 1.2020569031595942 / math.pi**3


def surprises(statistics: Floats) -> Floats:
    """Return how surprising each window is by each statistic: minus the logarithm of a chance.

    Parameters
    ----------
    statistics
        Of shape (statistics, windows), from three windows on: the change of each window against all the others, as a
        multiple of its standard error.

    References
    ----------
    Cook and Weisberg, Residuals and Influence in Regression, 1982, section 2.2 (outliers by the others' spread); Wilson
    and Hilferty, Proceedings of the National Academy of Sciences 17, 1931 (the power).

    >>> surprises(np.array([[1.0, 1.2, 0.8, 1.1, 0.9, 6.0]])).round(1).tolist()
    [[0.4, 0.5, 0.4, 0.5, 0.4, 5.8]]
    """
    x = np.sign(statistics) * np.cbrt(np.abs(statistics)) ** 2
    n = x.shape[1]
    apart = x - x.mean(axis=1, keepdims=True)
    others = -apart / (n - 1)  # the mean of the others, from that of all
    squares = (apart**2).sum(axis=1, keepdims=True) - apart**2 - (n - 1) * others**2
    spread = np.sqrt(np.maximum(squares / (n - 2), _LEAST_SPREAD**2))
    t = (apart - others) / (spread * math.sqrt(1 + 1 / (n - 1)))
    return np.asarray(-student_log_tail(t, n - 2))


def window_p(scores: Floats, alike: Floats, others: Floats, alone: Floats) -> Floats:
    r"""Return the p-value of each statistic of the current window, adjusted for all of them.

    It is the rank of its surprise among the windows' :math:`M`, which is exact, as long as a window is as surprising.
    Beyond the most surprising one, which an exact p-value can't follow below :math:`1 / (W + 1)`, the rank among the
    windows of all seasons, each compared in its own; and beyond them all a bound for one more :math:`M`: of the shape
    of a largest value (Gumbel's), its mean and spread those of the windows, by Student's distribution.

    Parameters
    ----------
    scores
        Of shape (statistics,): those of the current window.
    alike
        Of shape (W,): the largest of each window that it is compared with.
    others
        Those of windows of other seasons; may be empty.
    alone
        As `alike`, with the current window not among those that each is compared with: if it is an outlier, they are
        not less surprising for it.

    References
    ----------
    Hahn and Meeker, Statistical Intervals, 1991, section 4.3 (a bound for one more value).

    Of 19 windows none is as surprising as 9, six are as surprising as 2.

    >>> known = np.linspace(0.5, 2.6, 19)
    >>> window_p(np.array([2.0, 9.0]), known, np.zeros(0), known).round(4).tolist()
    [0.35, 0.0]
    """
    everyone = np.concatenate([alike, others])
    near, far = (((known >= scores[:, None]).sum(axis=1) + 1) / (len(known) + 1) for known in (alike, everyone))
    beyond = np.minimum(_of_one_more(scores, np.concatenate([alone, others])), far)
    refined = np.where(far * (len(everyone) + 1) > 1.5, far, beyond)  # noqa: PLR2004 - one is the current one itself
    return np.asarray(np.where(near * (len(alike) + 1) > 1.5, near, np.minimum(refined, near)))  # noqa: PLR2004 - as above


def _of_one_more(scores: Floats, known: Floats) -> Floats:
    n = len(known)
    spread = known.std(ddof=1)
    shape = Pearson(np.array(known.mean()), np.array(spread), np.array(_GUMBEL_SKEW))
    return np.exp(student_log_tail(shape.deviates(scores) / math.sqrt(1 + 1 / n), n - 1))
