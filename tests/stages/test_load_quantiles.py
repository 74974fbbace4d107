"""Intervals for quantiles of a queue's waiting times: they hold although one request waits because of another."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pytest_mlops.stats.quantiles import (
    dependence_beyond,
    enough_for,
    enough_for_both_ends,
    quantile,
    quantile_interval,
)

TRIALS = 300


def waiting_times(rng: np.random.Generator, n: int, load: float, *, warmup: int = 2_000) -> np.ndarray:
    """Return times in system of an M/M/1 queue, by Lindley's recursion: exponential, mean 1/(1/load - 1)."""
    service = rng.exponential(load, n + warmup)
    steps = np.cumsum(service[:-1] - rng.exponential(1, n + warmup - 1))
    walk = np.concatenate([[0.0], steps])
    waited = walk - np.minimum.accumulate(walk)
    return np.asarray((waited + service)[warmup:])


def true_quantile(q: float, load: float) -> float:
    return -math.log(1 - q) / (1 / load - 1)


def trial(q: float, n: int, load: float) -> tuple[float, float]:
    """Return in which share of the runs there is an interval, and in which it misses the true quantile."""
    rng = np.random.default_rng(11)
    intervals = [quantile_interval(waiting_times(rng, n, load), q) for _ in range(TRIALS)]
    ended = [(low, high) for low, high in intervals if not math.isnan(high)]
    missed = sum(not low <= true_quantile(q, load) <= high for low, high in ended)
    return len(ended) / TRIALS, missed / TRIALS


@pytest.mark.parametrize("q", [0.5, 0.95, 0.99])
@pytest.mark.parametrize("load", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("n", [200, 400, 1_000, 2_000, 5_000, 10_000])
def test_an_interval_rarely_misses(q: float, n: int, load: float) -> None:
    assert trial(q, n, load)[1] <= 0.1


@pytest.mark.parametrize(
    ("q", "n", "load"), [(0.5, 500, 0.3), (0.95, 600, 0.3), (0.95, 5_000, 0.7), (0.99, 5_000, 0.3)]
)
def test_most_runs_have_an_interval(q: float, n: int, load: float) -> None:
    assert trial(q, n, load)[0] >= 0.75


def test_too_few_values_have_no_interval() -> None:
    values = np.random.default_rng(1).exponential(size=enough_for(0.99))
    assert not math.isnan(quantile_interval(values, 0.99)[1])
    assert math.isnan(quantile_interval(values[:-1], 0.99)[1])
    assert math.isnan(quantile_interval(np.array([]), 0.5)[0])
    assert math.isnan(quantile(np.array([]), 0.5))


def test_a_stop_of_the_service_widens_the_interval() -> None:
    steady = np.random.default_rng(2).exponential(size=4_000)
    stopped = steady + np.where(np.arange(4_000) // 300 == 5, 20.0, 0.0)
    assert dependence_beyond(stopped, 0.95) > 50 > dependence_beyond(steady, 0.95)
    low, high = quantile_interval(stopped, 0.95)
    assert math.isnan(high)
    assert low < quantile(steady, 0.95), "what it reaches at least is known"
    assert enough_for_both_ends(stopped, 0.95) > 10_000 > enough_for_both_ends(steady, 0.95)
    assert not math.isnan(quantile_interval(steady, 0.95)[1])


@pytest.mark.parametrize("load", [0.3, 0.5, 0.7, 0.9])
@pytest.mark.parametrize("n", [500, 2_000, 5_000])
def test_a_lower_end_alone_rarely_lies_above(n: int, load: float) -> None:
    """So that a service that is far too slow fails, and one that is not does not."""
    rng = np.random.default_rng(12)
    ends = [quantile_interval(waiting_times(rng, n, load), 0.95) for _ in range(TRIALS)]
    assert sum(math.isnan(high) and low > true_quantile(0.95, load) for low, high in ends) <= 0.06 * TRIALS


def test_a_queue_that_only_grows_has_a_lower_end_near_its_middle() -> None:
    low, high = quantile_interval(np.linspace(1, 2_000, 1_000), 0.95)
    assert math.isnan(high)
    assert 500 < low < 1_900


def test_equal_values_have_an_interval_of_one_point() -> None:
    assert quantile_interval(np.full(2_000, 7.0), 0.95) == (7.0, 7.0)
