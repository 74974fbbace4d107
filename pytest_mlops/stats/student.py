"""The upper tail of Student's distribution, for whole degrees of freedom."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_MANY = 2_000  # degrees of freedom, above which the normal distribution does


def student_tail(t: Floats, freedom: int) -> Floats:
    r"""Return :math:`P(T > t)`, elementwise; what is below 1e-15 is given as that.

    With :math:`\theta = \arctan(t / \sqrt{\nu})`, the chance to be within :math:`\pm t` is for odd :math:`\nu`

    .. math:: \frac{2}{\pi} \left\{ \theta + \sin\theta \left( \cos\theta + \frac{2}{3} \cos^3\theta + \dots +
        \frac{2 \cdot 4 \cdots (\nu - 3)}{3 \cdot 5 \cdots (\nu - 2)} \cos^{\nu - 2}\theta \right) \right\},

    and the like for even :math:`\nu`.

    References
    ----------
    Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4.

    Examples
    --------
    The 0.975 quantiles of a table of Student's distribution.

    >>> [round(float(student_tail(np.array([t]), n)[0]), 4) for n, t in ((4, 2.776), (7, 2.365), (50, 2.009))]
    [0.025, 0.025, 0.025]
    """
    nu = min(max(freedom, 1), _MANY)
    theta = np.arctan(np.asarray(t, dtype=np.float64) / math.sqrt(nu))
    sine, squared = np.sin(theta), np.cos(theta) ** 2
    is_odd = nu % 2
    term = np.cos(theta) if is_odd else np.ones_like(theta)
    total = term.copy() if nu > 1 else np.zeros_like(theta)
    for k in range(2 + is_odd, nu - 1, 2):
        term = term * squared * (k - 1) / k
        total += term
    within = 2 / math.pi * (theta + sine * total) if is_odd else sine * total
    return np.asarray(np.clip((1 - within) / 2, _LEAST, 1.0))


_LEAST = 1e-15
