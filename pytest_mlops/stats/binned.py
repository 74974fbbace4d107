r"""How far a distance of binned values may be from that of the values: what counts alone leave open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


def ks_bounds(reference: ArrayLike, current: ArrayLike) -> tuple[float, float]:
    r"""Return the least and the greatest Kolmogorov-Smirnov distance that samples with these counts can have.

    With shares :math:`p_j, q_j` of the bins and :math:`D_j = \sum_{i \le j} (q_i - p_i)`, the distribution functions
    are known at the edges alone: :math:`\max_j |D_j|` is reached whatever the values are, and it is the distance of the
    bins. Within bin :math:`j` both rise from one edge to the other, in any order: at most all current values of the
    bin come before those of the reference, or after. So

    .. math:: \max_j |D_j| \le \max |G - F| \le \max_j \max(D_{j-1} + q_j, p_j - D_{j-1}),

    and each side is the distance of some values with these counts: no bound that rests on the counts is tighter. A bin
    that holds one value only, as of a column of whole hours, can't be told from one that holds many.

    Parameters
    ----------
    reference, current
        Counts of shape (bins,), of values in bins that include their upper edge.

    Returns
    -------
    tuple[float, float]
        NaN where a side has no values.

    >>> tuple(round(bound, 12) for bound in ks_bounds([50, 50], [40, 60]))
    (0.1, 0.6)
    >>> ks_bounds([1, 1, 1, 1], [1, 1, 1, 1])
    (0.0, 0.25)
    """
    counts = np.stack([np.asarray(reference, dtype=np.float64), np.asarray(current, dtype=np.float64)])
    totals = counts.sum(axis=1, keepdims=True)
    if not totals.all():
        return float("nan"), float("nan")
    p, q = counts / totals
    after = _rounded(np.cumsum(counts, axis=1), totals)
    before = after - (q - p)
    most = max(float((before + q).max()), float((p - before).max()))
    least = float(np.abs(after).max())
    return least, max(least, most)


def _rounded(cumulated: Floats, totals: Floats) -> Floats:
    """Return the gaps at the upper edges, from whole counts, so that their rounding does not add up."""
    p, q = cumulated / totals
    return np.asarray(q - p)
