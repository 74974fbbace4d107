"""The search of a capacity in simulated queues: near the truth, also of slow services with many servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_mlops import at_most, service_level
from pytest_mlops.stages.load import Bounds, Load, measure_capacity, single_stream
from tests.simulated_queue import SimulatedQueue

if TYPE_CHECKING:
    from pathlib import Path

SEARCHES = 40


# law of the service times, their mean in seconds, servers, limit of the p95 in ms, true capacity, time in s
QUEUES: dict[str, tuple[str, float, int, float, float, float]] = {
    "one server": ("exponential", 0.005, 1, 100, 170.1, 60),
    "constant": ("constant", 0.002, 1, 10, 343, 40),
    "lognormal": ("lognormal", 0.020, 4, 100, 167, 85),
    "slow": ("exponential", 0.100, 8, 400, 68.3, 140),
}


@pytest.mark.parametrize("kind", QUEUES)
def test_it_ends_near_the_truth(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The slow one gets 5 requests a second at first, whose p95 is over its limit by chance in one search of ten."""
    law, mean_s, servers, limit_ms, truth, longest_s = QUEUES[kind]
    found, took_s = [], []
    for search in range(SEARCHES):
        queue = SimulatedQueue(law, mean_s, servers, np.random.default_rng([7, search]))
        monkeypatch.setattr("pytest_mlops.stages.load.capacity_search.measure_load", queue.measure)
        monkeypatch.setattr("pytest_mlops.stages.load.capacity.endpoint", lambda service, **_: service)
        asked = Load(
            scenario=single_stream(), duration_s=1.0, warmup_s=0.5, seed=1, workdir=tmp_path,
            level=service_level(p95=at_most(limit_ms, "ms", by="point")),
        )  # fmt: skip
        found.append(float(measure_capacity(queue, asked, [])["capacity"]))  # type: ignore[arg-type]
        took_s.append(queue.took_s)
    off = np.array(found) / truth - 1
    assert np.mean(np.abs(off) <= 0.15) >= 0.9, np.round(off, 2)
    assert np.abs(off).max() < 0.35
    assert np.median(took_s) <= longest_s


def test_a_rate_that_the_bounds_allow_is_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:

    queue = SimulatedQueue("constant", 0.001, 4, np.random.default_rng(1))
    monkeypatch.setattr("pytest_mlops.stages.load.capacity_search.measure_load", queue.measure)
    monkeypatch.setattr("pytest_mlops.stages.load.capacity.endpoint", lambda service, **_: service)
    asked = Load(
        scenario=single_stream(), duration_s=1.0, warmup_s=0.5, seed=1, workdir=tmp_path, bounds=Bounds(rate=900),
        level=service_level(p95=at_most(50, "ms")),
    )  # fmt: skip
    capacity = measure_capacity(queue, asked, [])["capacity"]  # type: ignore[arg-type]
    assert capacity.value == 900
    assert capacity.note == "not searched beyond 900 requests a second"
