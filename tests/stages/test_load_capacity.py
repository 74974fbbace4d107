"""Capacity and regression on real queues whose answer is known."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_mlops import DeclarationError, RequirementNotMet, at_least, at_most, between
from pytest_mlops.adapters.http import Request
from pytest_mlops.stages.load import Bounds, Load, closed, measure_capacity, measure_regression, server, service_level
from pytest_mlops.stages.service import Service, start_service
from pytest_mlops.stats.paired import paired_ratio
from tests.broken_services import busy_service, queue_service

if TYPE_CHECKING:
    from pathlib import Path

ASK = [Request(method="POST", path="/invocations", body=b"{}")]


def serve(workdir: Path, name: str, module: Any, *words: str) -> Service:
    return start_service([sys.executable, module.__file__, "--port", "{port}", *words], name=name, workdir=workdir)


def asked(workdir: Path, **more: Any) -> Load:
    return Load(**{"scenario": server(60), "duration_s": 18.0, "warmup_s": 0.3, "seed": 1, "workdir": workdir, **more})


def test_the_capacity_of_a_queue(tmp_path: Path) -> None:
    """One server, 10 ms a request: 100 a second saturate it, and before that a few wait for 150 ms."""
    level = service_level(p90=at_most(150, "ms"), failures=at_most(0))
    with serve(tmp_path, "queue", queue_service, "--service-ms", "10") as service:
        result = measure_capacity(service, asked(tmp_path, level=level), ASK, step=250)
    capacity = result["capacity"]
    assert capacity.value is not None
    assert 60 < float(capacity) < 105
    assert capacity.interval is not None
    assert capacity.interval.low <= float(capacity) <= capacity.interval.high
    assert capacity.artefacts[0].data["limit"] == 1


def test_a_service_that_keeps_no_rate_has_no_capacity(tmp_path: Path) -> None:
    level = service_level(p50=at_most(250, "ms"))
    with serve(tmp_path, "queue", queue_service, "--delay-s", "0.4") as service:
        result = measure_capacity(service, asked(tmp_path, level=level), ASK, step=30)
    assert result["capacity"].value == 0.0
    assert not result["capacity"] >= 1


def test_a_pause_of_callers_is_no_fault_of_the_service(tmp_path: Path) -> None:
    """With this seed 19 requests come in the first three seconds, where 30 are expected."""
    level, bounds = service_level(failures=at_most(0)), Bounds(rate=10)
    with serve(tmp_path, "queue", queue_service) as service:
        asking = asked(tmp_path, level=level, bounds=bounds, seed=26)
        result = measure_capacity(service, asking, ASK, step=30)
    assert result["capacity"].value == 10
    result.require(capacity=at_least(8, "1/s"))
    with pytest.raises(RequirementNotMet, match=r"inconclusive: .*no upper end.*Not searched beyond 10 requests"):
        result.require(capacity=at_least(20, "1/s"))


def test_a_queue_that_grows_is_no_capacity_though_all_are_answered_in_the_end(tmp_path: Path) -> None:
    """Without a limit of the latency: 100 a second saturate the service."""
    level = service_level(failures=at_most(0))
    with serve(tmp_path, "queue", queue_service, "--service-ms", "10") as service:
        result = measure_capacity(service, asked(tmp_path, level=level), ASK, step=120)
    assert 60 < float(result["capacity"]) < 118


def test_what_a_percentile_is_at_least_is_held_too(tmp_path: Path) -> None:
    level = service_level(p50=between(500, 1000, "ms"))
    with serve(tmp_path, "queue", queue_service, "--delay-s", "0.1") as service:
        result = measure_capacity(service, asked(tmp_path, level=level), ASK, step=25)
    assert result["capacity"].value == 0.0


def test_a_capacity_needs_a_level(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="needs level="):
        measure_capacity("http://127.0.0.1:1", asked(tmp_path), ASK)
    with pytest.raises(DeclarationError, match=r"level must be a service level, got Limit.* Hint: service_level"):
        measure_capacity("http://127.0.0.1:1", asked(tmp_path, level=at_most(3)), ASK)


def test_a_slower_candidate_is_told_from_its_base(tmp_path: Path) -> None:
    with (
        serve(tmp_path, "base", busy_service, "--cpu-ms", "2") as base,
        serve(tmp_path, "candidate", busy_service, "--cpu-ms", "3") as candidate,
    ):
        result = measure_regression(candidate, base, asked(tmp_path), ASK)
        same = measure_regression(base, base, asked(tmp_path / "same"), ASK)
    cpu, latency = result["server_cpu_ratio"], result["p50_ratio"]
    assert cpu.interval is not None
    assert 1.15 < cpu.interval.low < 1.5 < cpu.interval.high + 0.2
    assert float(latency) > 1.1
    with pytest.raises(RequirementNotMet, match=r"fail: candidate: load.server_cpu_ratio must be at most 1.1"):
        result.require(server_cpu_ratio=at_most(1.1))
    assert same["p50_ratio"].interval is not None
    assert same["p50_ratio"].interval.low < 1.0 < same["p50_ratio"].interval.high * 1.02
    assert result["p50_ratio"].artefacts[0].kind == "lines"


def test_a_regression_needs_an_open_loop_and_blocks(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="need an open loop, got 2 users"):
        measure_regression("http://127.0.0.1:1", "http://127.0.0.1:2", asked(tmp_path, scenario=closed(2)), ASK)
    with pytest.raises(DeclarationError, match="need 9 blocks of 2 s, got a duration of 5 s"):
        measure_regression("http://127.0.0.1:1", "http://127.0.0.1:2", asked(tmp_path, duration_s=5.0), ASK)


def test_the_interval_of_a_ratio_covers() -> None:
    """Blocks that share a machine: what both have in common does not widen the interval of their ratio."""
    missed, widths = 0, []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        common = np.exp(rng.normal(0, 0.5, 30))
        base, candidate = (common * level * np.exp(rng.normal(0, 0.1, 30)) for level in (1.0, 1.1))
        _, low, high = paired_ratio(base, candidate, confidence=0.95, seed=seed)
        missed += not low <= 1.1 <= high
        widths.append(high - low)
    assert missed <= 36
    assert np.median(widths) < 0.15
