"""Whether rows depend on their neighbours, from sums over blocks of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_SURE = 4.0  # normal deviates: one in 30,000, since many columns are looked at
_ALIKE = 3.0  # standard errors
_RARE = 0.01  # a share of ones below which their spread says little


@dataclass(frozen=True)
class Blocks:
    """Rows, sums and sums of squares of a variable in consecutive blocks, each of shape (blocks,)."""

    rows: Floats
    sums: Floats
    squares: Floats

    @property
    def means(self) -> Floats:
        """Return the means of the blocks that have rows."""
        kept = self.rows > 0
        return self.sums[kept] / self.rows[kept]

    def is_telling(self) -> bool:
        """Say whether there are blocks, rows in them, and a variable that varies."""
        n = self.rows.sum()
        if n < 2 * len(self.rows) or (self.rows > 0).sum() < 3:  # noqa: PLR2004 - two have one difference
            return False
        mean = self.sums.sum() / n
        return bool(self.squares.sum() / n - mean**2 > _RARE * (1 - _RARE))


def within_blocks(blocks: Blocks) -> float | None:
    """Return the correlation of two rows of a block, where it is surely above zero, else None.

    By the analysis of variance between and within blocks (Fisher's intra-class correlation); sure is an F ratio whose
    logarithm is four standard deviations above zero.

    References
    ----------
    Donner, A review of inference procedures for the intraclass correlation coefficient, International Statistical
    Review 54, 1986.

    >>> import numpy as np
    >>> alike = Blocks(np.full(20, 50.0), np.tile([10.0, 40.0], 10), np.tile([10.0, 40.0], 10))
    >>> round(within_blocks(alike), 2)
    0.36
    """
    if not blocks.is_telling():
        return None
    kept = blocks.rows > 0
    rows, sums, squares = blocks.rows[kept], blocks.sums[kept], blocks.squares[kept]
    n, k = rows.sum(), len(rows)
    within = (squares.sum() - (sums**2 / rows).sum()) / (n - k)
    between = ((sums**2 / rows).sum() - sums.sum() ** 2 / n) / (k - 1)
    if within <= 0:
        return 1.0 if between > 0 else None
    ratio = between / within
    if ratio <= 1 or math.log(ratio) <= _SURE * math.sqrt(2 / (k - 1) + 2 / (n - k)):
        return None
    size = (n - (rows**2).sum() / n) / (k - 1)
    return float((between - within) / (between + (size - 1) * within))


def between_neighbours(blocks: Blocks) -> bool:
    """Say whether the means of neighbouring blocks are surely alike: a lag-1 correlation of three standard errors.

    References
    ----------
    Box and Jenkins, Time Series Analysis, 1970, section 2.1.6 (Bartlett's standard error).
    """
    if not blocks.is_telling():
        return False
    means = blocks.means
    apart = means - means.mean()
    total = float((apart**2).sum())
    return total > 0 and float((apart[1:] * apart[:-1]).sum()) / total > _ALIKE / math.sqrt(len(means))
