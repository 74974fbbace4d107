"""Normal deviates of values of a skewed statistic, and back, by three moments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.stats.ratios import over

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_STRAIGHT = 1e-3  # a skewness below which a distribution is taken as normal
_MOST_SKEWED = 6.0
_ROUNDING = 1e-10


@dataclass(frozen=True)
class Pearson:
    """A Pearson III distribution with the moments of a sample, brought to the normal one by Wilson and Hilferty's root.

    Statistics of different kinds (a share that is mostly zero, a distance, a mean) are so made comparable.

    References
    ----------
    Wilson and Hilferty, Proceedings of the National Academy of Sciences 17, 1931; Mielke and Berry, Permutation
    Methods, 2007 (Pearson III for permutation distributions).
    """

    mean: Floats
    spread: Floats
    skew: Floats

    @classmethod
    def of(cls, values: Floats) -> Pearson:
        """Return the distribution of values along the last axis. One that does not change has no spread."""
        mean = values.mean(axis=-1, keepdims=True)
        centred = values - mean
        spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True))
        size = np.abs(values).max(axis=-1, keepdims=True)
        spread = np.where(spread > _ROUNDING * np.maximum(size, np.finfo(float).tiny), spread, 0.0)
        skew = (over(centred, spread) ** 3).mean(axis=-1, keepdims=True)
        return cls(mean, spread, np.clip(skew, -_MOST_SKEWED, _MOST_SKEWED))

    def deviates(self, values: Floats) -> Floats:
        """Return the normal deviate of each value; 0 where there is no spread."""
        x = over(values - self.mean, self.spread)
        skew = self._bent()
        return np.asarray(np.where(self._straight(), x, 6 / skew * (np.cbrt(1 + skew * x / 2) - 1) + skew / 6))

    def values(self, deviates: Floats) -> Floats:
        """Return the value of each normal deviate."""
        skew = self._bent()
        bent = 2 / skew * ((1 + skew * deviates / 6 - skew**2 / 36) ** 3 - 1)
        return np.asarray(self.mean + self.spread * np.where(self._straight(), deviates, bent))

    def _straight(self) -> NDArray[np.bool_]:
        return np.asarray(np.abs(self.skew) < _STRAIGHT)

    def _bent(self) -> Floats:
        return np.asarray(np.where(self._straight(), 1.0, self.skew))
