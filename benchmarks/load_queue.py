"""Queues whose waiting times are known, or are simulated exactly: what load runs are compared with."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

WARMUP = 2_000  # requests


def waiting_times(rng: np.random.Generator, n: int, load: float) -> Floats:
    """Return times in system of an M/M/1 queue, by Lindley's recursion: exponential, mean 1 / (1 / load - 1)."""
    service = rng.exponential(load, n + WARMUP)
    steps = np.cumsum(service[:-1] - rng.exponential(1, n + WARMUP - 1))
    walk = np.concatenate([[0.0], steps])
    return np.asarray((walk - np.minimum.accumulate(walk) + service)[WARMUP:])


def true_quantile(q: float, load: float) -> float:
    """Return the q-quantile of those times."""
    return -math.log(1 - q) / (1 / load - 1)


def true_capacity(service_s: float, q: float, limit_s: float) -> float:
    """Return the rate up to which the q-quantile of an M/M/1 queue's time in system keeps a limit."""
    return 1 / service_s + math.log(1 - q) / limit_s


def stalled(arrivals_s: Floats, service_s: float, stall_s: float, every_s: float) -> Floats:
    """Return how long requests take of one server that stands still at the end of each stretch of time."""
    free_at, took = 0.0, np.empty(len(arrivals_s))
    for number, came_at in enumerate(arrivals_s):
        start = max(came_at, free_at)
        into = start % every_s
        if into >= every_s - stall_s:
            start += every_s - into
        free_at = start + service_s
        took[number] = free_at - came_at
    return took
