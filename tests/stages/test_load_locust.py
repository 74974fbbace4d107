"""Locust on a real service: exact numbers where the run proves itself, and never a pass where it does not."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_mlops.core.errors import DeclarationError, RequirementNotMet
from pytest_mlops.core.limit import at_least, at_most
from pytest_mlops.core.result import Result
from pytest_mlops.stages.load import Load, closed, measure_locust
from pytest_mlops.stages.service import Service, start_service
from tests.broken_services import model_service

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCUSTFILES = Path(model_service.__file__).parent / "locustfiles"


def serve(workdir: Path, fault: str) -> Service:
    command = [sys.executable, model_service.__file__, "--port", "{port}", "--fault", fault]
    return start_service(command, name="delay_api", workdir=workdir)


@pytest.fixture(scope="module")
def delay_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serve(tmp_path_factory.mktemp("service"), "") as service:
        yield service


def load(service: Service | str, locustfile: str, workdir: Path, duration_s: float = 1.0, users: int = 4) -> Result:
    asked = Load(scenario=closed(users), duration_s=duration_s, warmup_s=0.2, seed=1, workdir=workdir)
    return measure_locust(service, asked, LOCUSTFILES / f"{locustfile}.py", name="delay_api")


def test_a_good_service_keeps_its_level(delay_api: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCUST_RUN_TIME", "1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    result = load(delay_api, "travellers", tmp_path, duration_s=3.0)
    result.require(
        p50=at_most(50, "ms"), failures=at_most(0.0), throughput=at_least(50, "1/s"), duration=at_least(2.97, "s")
    )
    lines = (tmp_path / "load-delay_api/records").read_text(encoding="utf-8").splitlines()
    assert len(lines) == float(result["requests"]) == result["p95"].n
    latencies = sorted(json.loads(line)[1] * 1000 for line in lines)
    assert float(result["p95"]) == pytest.approx(latencies[math.ceil(0.95 * len(lines)) - 1])
    assert len({round(latency, 3) for latency in latencies}) > len(latencies) / 4  # unrounded
    assert float(result["p50"]) < float(result["p95"]) < float(result["p99"])
    histogram = result["p95"].artefacts[0].data
    assert sum(histogram["counts"]) == len(lines)  # type: ignore[arg-type]
    assert {"gevent", "locust"}.isdisjoint(sys.modules)


def test_a_result_survives_json(delay_api: Service, tmp_path: Path) -> None:
    result = load(delay_api, "travellers", tmp_path)
    kept = Result.from_json(json.loads(json.dumps(result.to_json(), allow_nan=False)))
    assert (kept["p99"] <= 1_000).verdict == (result["p99"] <= 1_000).verdict == "inconclusive"


def test_a_slow_service_is_red(tmp_path: Path) -> None:
    with serve(tmp_path, "slow") as service:
        result = load(service, "travellers", tmp_path, duration_s=2.0)
    assert 75 < float(result["p95"]) < 400
    with pytest.raises(RequirementNotMet, match=r"load.p95 must be at most 50 ms, got \d+"):
        result.require(p95=at_most(50, "ms", by="point"))


def test_jitter_is_no_failure(tmp_path: Path) -> None:
    with serve(tmp_path, "quiet_jitter") as service:
        load(service, "travellers", tmp_path).require(p50=at_most(50, "ms", by="point"), failures=at_most(0))


def test_failed_requests_are_counted_and_have_no_latency(tmp_path: Path) -> None:
    with serve(tmp_path, "fails_sometimes") as service:
        result = load(service, "travellers", tmp_path)
    assert 0.1 < float(result["failures"]) < 0.3
    assert float(result["p95"]) == 1_000
    assert "ailed requests count as long as the run" in result["p95"].note


def test_a_slow_import_does_not_shorten_the_run(delay_api: Service, tmp_path: Path) -> None:
    """Locust's own clock would have run out before the first request."""
    result = load(delay_api, "slow_import", tmp_path)
    result.require(duration=at_least(0.99, "s"), requests=at_least(20))


def test_wrong_declarations_are_refused(delay_api: Service, tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="locustfile must be a file"):
        load(delay_api, "no_such_file", tmp_path)
    with pytest.raises(DeclarationError, match="users must be a whole number from 1 on, got 0"):
        load(delay_api, "travellers", tmp_path, users=0)
    with pytest.raises(DeclarationError, match="must be on loopback or on an allowed host"):
        load("http://example.org", "travellers", tmp_path)
