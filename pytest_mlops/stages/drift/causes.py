"""Likely causes: what was done to a column, in words, where undoing it takes most of the change away.

A cause is tried by its effect on the two curves (or shares): `before` is their distance, `after` what is left of it
when the cause is undone. The cause is said when `after` is a small part of `before` and no plainer cause does better.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_LEFT = 0.4  # of the distance, of a cause that is rarely met by chance
_MOST_LEFT_LOOSE = 0.15  # of one that fits much: a shift, a factor, a spread
_NOISE = 0.03  # of a distance, which is left of a cause that is right too
_ALIKE = 0.01  # of distances, which are not known better


@dataclass(frozen=True, kw_only=True)
class Cause:
    """A cause that was tried.

    Attributes
    ----------
    words
        What follows "likely".
    before, after
        The distance of the two sides, and what is left of it.
    rank
        The smaller, the rather it is believed among those that leave about as little.
    is_loose
        Whether it has so much room to fit that less must be left.
    is_of_all
        Whether it is the same for all rows, so that it is no news which of them moved most.
    """

    words: str
    before: float
    after: float
    rank: int = 0
    is_loose: bool = False
    is_of_all: bool = False

    @property
    def explains(self) -> bool:
        """Say whether undoing it takes most of the change away."""
        part = self.after / self.before if self.before else 1.0
        return part <= (_MOST_LEFT if not self.is_loose or self.after <= _NOISE else _MOST_LEFT_LOOSE)


def likeliest(causes: Iterable[Cause], noise: float = 0.0) -> Cause | None:
    """Return the cause that is believed, or None: of those that leave about the least, the one of the lowest rank.

    Distances that differ by no more than `noise` are taken as alike.
    """
    fitting = [cause for cause in causes if cause.explains]
    if not fitting:
        return None
    least = min(cause.after for cause in fitting)
    alike = [cause for cause in fitting if cause.after <= 1.5 * least + max(_ALIKE, noise)]
    return min(alike, key=lambda cause: (cause.rank, cause.after))
