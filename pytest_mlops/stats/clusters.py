"""How far a distance between two samples may be off, where units (days, customers) and not rows are independent."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.stats.change import shares
from pytest_mlops.stats.pearson import Pearson

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


POWER_Z = NormalDist().inv_cdf(0.8)  # standard errors that a change must be beyond a bound, to be seen 4 times of 5

_PLACES = 13  # of a distance: behind them sums of shares are not exact


@dataclass(frozen=True)
class Distance:
    """A distance, with the errors of it in resamples: `errors[b]` bounds |estimate - truth| in draw b."""

    value: float
    errors: Floats


def draw_weights(
    rng: np.random.Generator, n_reference: int, n_current: int, draws: int, pairs: Sequence[tuple[int, int]] = ()
) -> tuple[Floats, Floats]:
    """Return bootstrap weights of the units of both sides, each of shape (draws, units).

    `pairs` are units that stand on both sides, as in `permutation.relabellings`: both get one weight, so that their
    dependence is kept. The others are drawn on each side for themselves.
    """
    reference, current = _drawn(rng, n_reference, draws), _drawn(rng, n_current, draws)
    if pairs:
        first, second = (np.array([pair[side] for pair in pairs], dtype=np.intp) for side in (0, 1))
        reference[:, first] = current[:, second] = _drawn(rng, len(pairs), draws)
    return reference, current


def _drawn(rng: np.random.Generator, n_units: int, draws: int) -> Floats:
    return rng.multinomial(n_units, np.full(n_units, 1 / n_units), size=draws).astype(np.float64)


def largest_gap(shares: Floats) -> Floats:
    """Return the Kolmogorov-Smirnov norm of differences of shares over ordered bins, along the last axis."""
    return np.asarray(np.abs(np.cumsum(shares, axis=-1)).max(axis=-1))


def half_sum(shares: Floats) -> Floats:
    """Return the total-variation norm of differences of shares, along the last axis."""
    return np.asarray(np.abs(shares).sum(axis=-1) / 2)


def largest_cell(shares: Floats) -> Floats:
    """Return the largest difference of a single share, along the last axis."""
    return np.asarray(np.abs(shares).max(axis=-1))


@dataclass(frozen=True)
class Resampled:
    """Shares of two samples of units, of shape (cells,), and in each draw of a bootstrap, of shape (draws, cells)."""

    reference: Floats
    current: Floats
    drawn: tuple[Floats, Floats]

    @classmethod
    def of(cls, reference: Floats, current: Floats, weights: tuple[Floats, Floats]) -> Resampled:
        """Return the shares of counts of shape (units, cells), under weights of shape (draws, units)."""
        drawn = shares(weights[0] @ reference), shares(weights[1] @ current)
        return cls(shares(reference.sum(axis=0)), shares(current.sum(axis=0)), drawn)

    def errors(self) -> Floats:
        """Return by how much the difference of the shares is off in each draw."""
        return np.asarray((self.drawn[1] - self.current) - (self.drawn[0] - self.reference))

    def distance(self, norm: Callable[[Floats], Floats], cells: Floats | None = None) -> Distance:
        r"""Return a distance, and its errors under a bootstrap of the units.

        With shares :math:`p, q` and a norm, the estimate is :math:`D = \lVert \hat q - \hat p \rVert`. By the
        triangle inequality :math:`|\hat D - D| \le \lVert (\hat q - q) - (\hat p - p) \rVert`, the bootstrap gives
        the law of the right side: :math:`\lVert (q^* - \hat q) - (p^* - \hat p) \rVert`. So an interval
        :math:`\hat D \pm` its quantile covers at least as often as it says; it is never too narrow because D is near
        zero, where a percentile bootstrap of D itself fails.

        Parameters
        ----------
        norm
            Of differences of shares, along the last axis: `largest_gap`, `half_sum`, `largest_cell`.
        cells
            Of shape (cells, groups): the groups whose shares are compared.

        References
        ----------
        Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapters 8 and 9; Davison and Hinkley, Bootstrap
        Methods and their Application, 1997, section 3.8 (resampling of clusters).
        """
        difference, errors = self.current - self.reference, self.errors()
        if cells is not None:
            difference, errors = difference @ cells, errors @ cells
        return Distance(round(float(norm(difference)), _PLACES), norm(errors))

    def metric(self, distance: Callable[[Floats, Floats], Floats]) -> Distance:
        """Return a metric of two tables of shares; its error is at most the way of each side to its own estimate."""
        errors = distance(self.drawn[0], self.reference) + distance(self.drawn[1], self.current)
        return Distance(float(distance(self.reference, self.current)), errors)

    def divergence(self, divergence: Callable[[Floats, Floats], Floats]) -> Distance:
        """Return what is no metric, without the bias that the bootstrap shows, and how it varies there.

        References
        ----------
        Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 10 (bias).
        """
        drawn = divergence(*self.drawn)
        raw, mean = float(divergence(self.reference, self.current)), float(drawn.mean())
        return Distance(max(2 * raw - mean, 0.0), np.abs(drawn - mean))


@dataclass(frozen=True)
class Together:
    """What holds the intervals of several distances together.

    Attributes
    ----------
    errors
        Mean, standard deviation and skewness of each distance's errors, of shape (distances, 3).
    largest
        In each draw the largest error over all distances, as a normal deviate of its own distance; sorted.
    units
        The fewest units of a side.
    """

    errors: Sequence[Sequence[float]]
    largest: Sequence[float]
    units: int

    def width(self, number: int, false_alarms: float) -> float:
        """Return the half-width of one distance's interval, where all hold together with 1 - `false_alarms`.

        With few units a bootstrap is too narrow: it leaves out that their spread is estimated too. The widths grow as
        Student's distribution does over the normal one, and by what a variance of few units lacks.
        """
        place = min(math.ceil((1 - false_alarms) * len(self.largest)), len(self.largest)) - 1
        mean, spread, skew = (np.array([moment]) for moment in self.errors[number])
        width = Pearson(mean, spread, skew).values(np.array([self.largest[place]]))
        return max(float(width[0]), 0.0) * few_units(self.units, false_alarms)


def few_units(units: int, false_alarms: float) -> float:
    """Return by how much an interval must be wider that rests on few units, at least 1.

    >>> round(few_units(15, 0.01), 2), round(few_units(1000, 0.01), 2)
    (1.19, 1.0)

    References
    ----------
    Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5 (Student's quantile from the normal one).
    """
    freedom = max(units - 1, 1)
    z = NormalDist().inv_cdf(1 - false_alarms / 2)
    student = z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
    return math.sqrt(units / freedom) * student / z


def hold_together(distances: Sequence[Distance], units: int) -> Together:
    """Return what holds the intervals of distances together.

    The errors are made comparable (normal deviates by three moments), and the quantile of their maximum over all
    distances is taken (max-T): correlated distances cost less than Bonferroni's correction, whatever their number.

    References
    ----------
    Westfall and Young, Resampling-Based Multiple Testing, 1993.
    """
    errors = np.array([distance.errors for distance in distances])
    found = Pearson.of(errors)
    moments = np.concatenate([found.mean, found.spread, found.skew], axis=1)
    largest = np.sort(found.deviates(errors).max(axis=0))
    return Together(moments.tolist(), [float(f"{deviate:.6g}") for deviate in largest], units)
