"""Which rate a search of the capacity tries next, on queues whose latency is known without a server."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_mlops.stages.load.capacity_steps import NEAR, Step, Tried, next_step

Strain = Callable[[float], float]
_LESS = 1 - 1e-9  # what is rounded


def tried(strains: Mapping[float, float]) -> list[Tried]:
    return [Tried(rate, strain, 1_000) for rate, strain in strains.items()]


def search(strain_of: Strain, first: float) -> tuple[float, float, int]:
    """Search as `measure_capacity` does, where the strain is known for each rate; return low, high, steps."""
    strains: dict[float, float] = {}
    low, high, rate = 0.0, math.inf, first
    while high > NEAR * low:
        strains[rate] = strain_of(rate)
        low, high = (rate, high) if strains[rate] <= 1 else (low, rate)
        rate = next_step(low, high, tried(strains)).rate if low else rate / 2
    return low, high, len(strains)


def queue(saturated: float, capacity: float) -> Strain:
    """Return the strain of M/M/1: infinite from where it is saturated."""
    return lambda rate: (saturated - capacity) / (saturated - rate) if rate < saturated else 100.0


@given(st.floats(50, 5000), st.floats(0.05, 0.98), st.floats(0.1, 0.6))
def test_the_capacity_of_a_queue_is_closed_in_on(saturated: float, at: float, first: float) -> None:
    low, high, steps = search(queue(saturated, at * saturated), first * saturated)
    assert low * _LESS <= at * saturated <= high
    assert high * _LESS <= NEAR * low
    assert steps <= 12


@pytest.mark.parametrize(("saturated", "capacity", "most"), [(200, 170, 5), (100, 70, 5), (1000, 700, 6)])
def test_it_takes_few_steps(saturated: float, capacity: float, most: int) -> None:
    assert search(queue(saturated, capacity), 0.41 * saturated)[2] <= most


@given(st.floats(20, 2000), st.floats(1, 400))
def test_a_cliff_is_closed_in_on(capacity: float, first: float) -> None:
    """No latency tells: it keeps its level by far, or fails by far."""
    low, high, _ = search(lambda rate: 0.1 if rate <= capacity else 100.0, first)
    assert low <= capacity <= high
    assert high * _LESS <= NEAR * low


def test_latencies_that_do_not_rise_lead_nowhere() -> None:
    """Noise alone: the rate is doubled while none was too much, then the distance is halved."""
    assert next_step(100, math.inf, tried({50.0: 0.5, 100.0: 0.4})) == Step(200, is_doubtful=False)
    assert next_step(100, 400, tried({50.0: 0.5, 100.0: 0.4, 400.0: 50.0})) == Step(200, is_doubtful=False)


def test_what_lies_beyond_the_line_is_doubtful() -> None:
    """M/M/1, saturated at 200, of capacity 170."""
    strains = tried({rate: queue(200, 170)(rate) for rate in (80.0, 120.0, 165.0)})
    assert next_step(165, math.inf, strains) == Step(NEAR * 165, is_doubtful=True)
    assert next_step(120, 300, strains).rate == pytest.approx(0.98 * 170)
    assert next_step(120, 300, strains).is_doubtful
    assert not next_step(140, 150, strains).is_doubtful


def test_many_requests_lead_more_than_few() -> None:
    """A rate at which few were sent looks better than it is."""
    told = [Tried(80, 0.25, 1_000), Tried(120, 0.375, 1_000)]
    assert next_step(120, 400, [*told, Tried(160, 0.2, 10)]).rate == pytest.approx(0.98 * 170, rel=0.2)
    assert (
        next_step(120, 400, [*told, Tried(160, 0.2, 10)]).rate < next_step(120, 400, [*told, Tried(160, 0.2, 90)]).rate
    )
