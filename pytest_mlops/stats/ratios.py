"""Ratios of arrays, where the lower part may be nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def over(part: Floats, whole: Floats) -> Floats:
    """Return parts over wholes, of shapes that go together; 0 where the whole is not above 0.

    >>> over(np.array([1.0, 2.0]), np.array([4.0, 0.0])).tolist()
    [0.25, 0.0]
    """
    if (whole > 0).all():
        return np.asarray(part / whole)
    return np.asarray(
        np.divide(part, whole, out=np.zeros(np.broadcast_shapes(part.shape, whole.shape)), where=whole > 0)
    )
