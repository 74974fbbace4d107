"""Which rate a search of the capacity tries next, on queues whose latency is known without a server."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_mlops.stages.load.capacity_steps import NEAR, Step, next_step

Strain = Callable[[float], float]
_LESS = 1 - 1e-9  # what is rounded


def search(strain_of: Strain, first: float) -> tuple[float, float, int]:
    """Search as `measure_capacity` does, where the strain is known for each rate; return low, high, steps."""
    strains: dict[float, float] = {}
    low, high, rate = 0.0, math.inf, first
    while high > NEAR * low:
        strains[rate] = strain_of(rate)
        low, high = (rate, high) if strains[rate] <= 1 else (low, rate)
        rate = next_step(low, high, strains).rate if low else rate / 2
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
    assert next_step(100, math.inf, {50.0: 0.5, 100.0: 0.4}) == Step(200, is_doubtful=False)
    assert next_step(100, 400, {50.0: 0.5, 100.0: 0.4, 400.0: 50.0}) == Step(200, is_doubtful=False)


def test_what_lies_beyond_the_line_is_doubtful() -> None:
    """M/M/1, saturated at 200, of capacity 170."""
    strains = {rate: queue(200, 170)(rate) for rate in (80.0, 120.0, 165.0)}
    assert next_step(165, math.inf, strains) == Step(NEAR * 165, is_doubtful=True)
    assert next_step(120, 300, strains).rate == pytest.approx(170)
    assert not next_step(160, 172, strains).is_doubtful
