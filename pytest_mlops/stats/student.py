"""The upper tail of Student's distribution, as a logarithm, for whole degrees of freedom."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_MANY = 2_000  # degrees of freedom; more are as good as these
_FAR = 1e-6  # a chance below which the sum would lose digits
_TERMS = 20_000


def student_log_tail(t: Floats, freedom: int) -> Floats:
    r"""Return :math:`\log P(T > t)`, elementwise, exact also where the chance is too small to be told from none.

    With :math:`\theta = \arctan(t / \sqrt{\nu})`, the chance to be within :math:`\pm t` is for odd :math:`\nu`

    .. math:: \frac{2}{\pi} \left\{ \theta + \sin\theta \left( \cos\theta + \frac{2}{3} \cos^3\theta + \dots +
        \frac{2 \cdot 4 \cdots (\nu - 3)}{3 \cdot 5 \cdots (\nu - 2)} \cos^{\nu - 2}\theta \right) \right\},

    and the like for even :math:`\nu`. Far out, with :math:`x = \nu / (\nu + t^2)`, it is half of the incomplete beta
    function :math:`I_x(\nu / 2, 1 / 2)` by its series, all of whose terms are positive.

    References
    ----------
    Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3, 26.7.4, 26.5.4.

    Examples
    --------
    The 0.975 quantiles of a table of Student's distribution; and the tail of Cauchy's, which is 1 / (pi t) far out.

    >>> [round(math.exp(student_log_tail(np.array([t]), n)[0]), 4) for n, t in ((4, 2.776), (7, 2.365), (50, 2.009))]
    [0.025, 0.025, 0.025]
    >>> round(float(student_log_tail(np.array([1e20]), 1)[0] + math.log(math.pi * 1e20)), 12)
    0.0
    """
    nu = min(max(freedom, 1), _MANY)
    values = np.asarray(t, dtype=np.float64)
    near = (1 - _within(values, nu)) / 2
    far = near < _FAR
    found = np.log(np.where(far, 1.0, near))
    found[far] = _far_out(values[far], nu)
    return np.asarray(found)


def _within(t: Floats, nu: int) -> Floats:
    theta = np.arctan(t / math.sqrt(nu))
    sine, squared = np.sin(theta), np.cos(theta) ** 2
    is_odd = nu % 2
    term = np.cos(theta) if is_odd else np.ones_like(theta)
    total = term.copy() if nu > 1 else np.zeros_like(theta)
    for k in range(2 + is_odd, nu - 1, 2):
        term = term * squared * (k - 1) / k
        total += term
    return np.asarray(2 / math.pi * (theta + sine * total) if is_odd else sine * total)


def _far_out(t: Floats, nu: int) -> Floats:
    a, b = nu / 2, 0.5
    x = nu / (nu + t**2)
    term, total = np.ones_like(t), np.ones_like(t)
    for n in range(_TERMS):
        term = term * x * (a + b + n) / (a + 1 + n)
        total += term
        if not (term > 1e-15 * total).any():
            break
    beta = math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    whole = a * np.log(x) + b * np.log1p(-x) - math.log(a) - beta + np.log(total)
    return np.asarray(whole - math.log(2))
