"""Which rate a search of the capacity tries next."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

NEAR = 1.06  # the ratio of two rates that are not told apart
_TELLING = 3.0  # times its limit: a latency beyond tells how long the run was, and not how near the rate is


class Step(NamedTuple):
    """A rate to try, and whether it may be too much for a short run to show it."""

    rate: float
    is_doubtful: bool


def next_step(low: float, high: float, strains: Mapping[float, float]) -> Step:
    """Return what to try next, between the highest rate that was kept and the lowest that was not.

    In a queue the inverse of a latency falls nearly in a straight line, to zero where the server is saturated (exactly
    so in M/M/1, for the mean and every quantile). Where two rates tell, the line through all of them is followed, but
    not nearer to an end than what is told apart, so that one more step closes in on the answer. From where the line
    says that the limit is reached a queue grows slowly, and looks well for a while.

    Parameters
    ----------
    low, high
        Requests a second; `low` above 0, `high` infinite where no rate was too much yet.
    strains
        For each rate that was tried, how many times its limit the worst latency was.
    """
    telling = [(rate, 1 / strain) for rate, strain in strains.items() if 0 < strain <= _TELLING]
    guess = _where_strained(telling) if len(telling) > 1 else math.inf
    if math.isinf(high):
        rate = min(max(guess, NEAR * low), 2 * low)
    elif high <= NEAR**2 * low or math.isinf(guess):
        rate = math.sqrt(low * high)
    else:
        rate = min(max(guess, NEAR * low), high / NEAR)
    return Step(rate, rate >= guess)


def _where_strained(points: list[tuple[float, float]]) -> float:
    """Return where the line of least squares comes down to 1; infinite where it does not come down."""
    rates, inverses = (np.array(column) for column in zip(*points, strict=True))
    across = rates - rates.mean()
    slope = float(across @ inverses) / float(across @ across)
    return float(rates.mean() + (1 - inverses.mean()) / slope) if slope < 0 else math.inf
