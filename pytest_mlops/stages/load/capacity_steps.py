"""Which rate a search of the capacity tries next, and what a few requests say already."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

NEAR = 1.06  # the ratio of two rates that are not told apart
_TELLING = 3.0  # times its limit: a latency beyond tells how long the run was, and not how near the rate is
_AIM = 0.98  # of where the line says that the limit is reached, so that a run there may keep it
_DOUBTFUL = 0.95  # of that, from where on a short run may look well
_FEWEST = 20  # requests that say anything
_SURE = 400  # requests from which on a latency over its limit is too much, by how little ever
_NOISE = 7.0  # a latency's relative error is less than this over the root of the requests


class Tried(NamedTuple):
    """What all runs at a rate showed: how many times its limit the worst latency was, and of how many requests."""

    rate: float
    strain: float
    n: float


class Step(NamedTuple):
    """A rate to try, and whether it may be too much for a short run to show it."""

    rate: float
    is_doubtful: bool


def is_clearly_kept(strain: float, n: float) -> bool:
    """Say whether so many requests are enough to see that a latency is inside its limit.

    >>> is_clearly_kept(0.5, 50), is_clearly_kept(0.5, 30), is_clearly_kept(0.9, 1_000)
    (True, False, False)
    """
    return n >= _FEWEST and strain * (1 + _NOISE / math.sqrt(n)) <= 1


def is_clearly_over(strain: float, n: float) -> bool:
    """Say whether so many requests are enough to see that a latency is beyond its limit.

    >>> is_clearly_over(2.5, 30), is_clearly_over(1.5, 30), is_clearly_over(1.01, 500)
    (True, False, True)
    """
    return strain > 1 and (n >= _SURE or (n >= _FEWEST and strain > 1 + _NOISE / math.sqrt(n)))


def next_step(low: float, high: float, tried: Sequence[Tried]) -> Step:
    """Return what to try next, between the highest rate that was kept and the lowest that was not.

    In a queue the inverse of a latency falls nearly in a straight line, to zero where the server is saturated (exactly
    so in M/M/1, for the mean and every quantile). Where two rates tell, the line through all of them is followed, each
    weighted by its requests, but not nearer to an end than what is told apart, so that one more step closes in on the
    answer. From where the line says that the limit is reached a queue grows slowly, and looks well for a while.

    Parameters
    ----------
    low, high
        Requests a second; `low` above 0, `high` infinite where no rate was too much yet.
    """
    telling = [one for one in tried if 0 < one.strain <= _TELLING]
    guess = _where_strained(telling) if len(telling) > 1 else math.inf
    if math.isinf(high):
        rate = min(max(guess * _AIM, NEAR * low), 2 * low)
    elif high <= NEAR**2 * low or math.isinf(guess):
        rate = math.sqrt(low * high)
    else:
        rate = min(max(guess * _AIM, NEAR * low), high / NEAR)
    return Step(rate, rate >= guess * _DOUBTFUL)


def _where_strained(tried: Sequence[Tried]) -> float:
    """Return where the line of least squares comes down to 1; infinite where it does not come down."""
    rates, strains, weights = (np.array(column) for column in zip(*tried, strict=True))
    inverses = 1 / strains
    middle, height = np.average(rates, weights=weights), np.average(inverses, weights=weights)
    across = weights * (rates - middle)
    slope = float(across @ (inverses - height)) / float(across @ (rates - middle))
    return float(middle + (1 - height) / slope) if slope < 0 else math.inf
