r"""Rarefaction: numbers of different values, compared at the same number of rows.

Of more rows more values are met. With :math:`n_i` rows of value i among N, a part of m rows has on average

.. math:: S(m) = \sum_i 1 - (1 - m / N)^{n_i}

of them, where each row is kept with the chance m / N (Coleman, Mathematical Biosciences 54, 1981); Hurlbert's sum over
:math:`1 - \binom{N - n_i}{m} / \binom{N}{m}` (Ecology 52, 1971), where exactly m are, differs from it by less than a
row's worth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def distinct(counts: Floats, share: Floats) -> Floats:
    """Return how many values a part of the rows has on average.

    Parameters
    ----------
    counts
        Rows of each value, of shape (..., values).
    share
        The part, from 0 to 1, of shape (...).

    >>> round(float(distinct(np.array([50.0, 49.0, 1.0]), np.array(0.5))), 9)
    2.5
    """
    with np.errstate(divide="ignore"):
        kept = np.log1p(-np.minimum(share, 1.0))[..., None]  # -inf where all rows are
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(counts > 0, -np.expm1(counts * kept), 0.0).sum(axis=-1))


def distinct_at_equal_n(old: Floats, new: Floats) -> tuple[Floats, Floats]:
    """Return how many values each side has at as many rows as the smaller one has; both of shape (..., values)."""
    rows = old.sum(axis=-1), new.sum(axis=-1)
    fewest = np.minimum(*rows)
    first, second = (distinct(side, fewest / np.maximum(n, 1.0)) for side, n in zip((old, new), rows, strict=True))
    return first, second
