"""The open-loop generator on real queues: requests come when they are due, and what is no load proves nothing."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from pytest_mlops import DeclarationError, RequirementNotMet, at_least, at_most
from pytest_mlops.adapters.http import Request
from pytest_mlops.stages.load import (
    Bounds,
    Load,
    closed,
    measure_load,
    offline,
    requests_of,
    server,
    service_level,
    single_stream,
)  # fmt: skip
from pytest_mlops.stages.service import Service, start_service
from tests.broken_services import model_service, queue_service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_mlops.core.result import Result

ASK = [Request(method="POST", path="/invocations", body=b'{"rows": []}')]


def serve(workdir: Path, *words: str) -> Service:
    command = [sys.executable, queue_service.__file__, "--port", "{port}", *words]
    return start_service(command, name="queue", workdir=workdir)


@pytest.fixture(scope="module")
def queue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serve(tmp_path_factory.mktemp("queue")) as service:
        yield service


def run(service: Any, workdir: Path, scenario: Any, duration_s: float = 1.0, **more: Any) -> Result:
    asked = Load(
        **{"scenario": scenario, "duration_s": duration_s, "warmup_s": 0.2, "seed": 1, "workdir": workdir, **more}
    )
    return measure_load(service, asked, ASK, name="queue")


def facts_of(result: Result) -> Any:
    return result.details["facts"]


def test_requests_come_when_they_are_due(queue: Service, tmp_path: Path) -> None:
    level = service_level(
        requests=at_least(200), failures=at_most(0), p50=at_most(500, "ms", by="point"), duration=at_least(1.98, "s")
    )
    result = run(queue, tmp_path, server(100, arrivals="constant"), 2.0, level=level)
    result.require(level)
    assert float(result["requests"]) == 200
    assert facts_of(result)["most_in_flight"] < 50


def test_poisson_arrivals_are_as_many_as_they_should_be(queue: Service, tmp_path: Path) -> None:
    n = float(run(queue, tmp_path, server(200), 2.0)["requests"])
    assert abs(n - 400) < 5 * 20


def test_a_replay_sends_what_was_recorded(queue: Service, tmp_path: Path) -> None:
    offsets = sorted(np.random.default_rng(3).uniform(0, 1.5, 60).tolist())
    result = run(queue, tmp_path, server(arrivals="replay", offsets_s=offsets), 1.5, warmup_s=0.0)
    assert float(result["requests"]) == 60


def test_users_wait_for_their_answers(tmp_path: Path) -> None:
    with serve(tmp_path, "--delay-s", "0.05") as service:
        one = run(service, tmp_path / "1", single_stream(), 2.0)
        four = run(service, tmp_path / "4", closed(4), 2.0)
    assert 24 <= float(one["requests"]) <= 40
    assert 3.3 <= float(four["requests"]) / float(one["requests"]) <= 4.7
    assert "A closed loop" in four["p95"].note
    assert facts_of(four)["most_in_flight"] == 4


def test_many_rows_in_a_request_are_counted_as_rows(tmp_path: Path) -> None:
    command = [sys.executable, model_service.__file__, "--port", "{port}"]
    with start_service(command, name="delay_api", workdir=tmp_path) as service:
        asked = Load(scenario=offline(50), duration_s=1.0, warmup_s=0.2, seed=1, workdir=tmp_path)
        result = measure_load(service, asked, requests_of(model_service.document(), [], batch=50, seed=1), rows=50)
    result.require(failures=at_most(0))
    assert float(result["rows_throughput"]) == pytest.approx(50 * float(result["throughput"]))


def test_what_waits_behind_a_slow_answer_is_late(tmp_path: Path) -> None:
    """An M/D/1 queue at 60 % load: the mean wait is rho s / (2 (1 - rho)), and a closed loop sees none of it."""
    with serve(tmp_path, "--service-ms", "10") as service:
        # With a limit far off, a generator that a busy machine makes late is still on time.
        result = run(service, tmp_path, server(60), 10.0, level=service_level(p95=at_most(1_000, "ms")))
        alone = run(service, tmp_path / "alone", single_stream(), 2.0)
    assert float(result["p95"]) > 2 * float(alone["p95"])
    assert float(result["p50"]) > float(alone["p50"])


def test_what_is_answered_after_the_end_is_no_throughput(tmp_path: Path) -> None:
    """Half as much again as a service of 100 a second can do, and all of it is answered in the end."""
    with serve(tmp_path, "--service-ms", "10") as service:
        result = run(service, tmp_path, server(150, arrivals="constant"), 3.0)
    result.require(failures=at_most(0), requests=at_least(450), throughput=at_most(102, "1/s"))
    assert result["p95"].note.count("A queue grew: 150 requests a second came,") == 1
    assert float(result["throughput"]) > 60


def test_a_percentile_of_a_queue_that_only_grows_fails_though_nobody_knows_how_high_it_is(tmp_path: Path) -> None:
    with serve(tmp_path, "--service-ms", "10") as service:
        result = run(service, tmp_path, server(200, arrivals="constant"), 3.0)
    with pytest.raises(RequirementNotMet, match=r"fail: .*p95 must be at most 100 ms.*unknown"):
        result.require(p95=at_most(100, "ms"))
    with pytest.raises(RequirementNotMet, match=r"inconclusive: .*The interval has no upper end"):
        result.require(p95=at_most(5_000, "ms"))


def test_a_run_ends_when_its_limits_can_be_judged(queue: Service, tmp_path: Path) -> None:
    level = service_level(p50=at_most(500, "ms"), p95=at_most(800, "ms"))
    said: list[str] = []
    result = run(queue, tmp_path, server(400), 0.5, longest_s=20.0, level=level, progress=said.append)
    result.require(level)
    assert float(result["duration"]) in {0.5, 1.0, 2.0, 4.0}
    assert any("decided after" in words for words in said)


def test_a_run_that_can_not_decide_goes_on_to_its_end(queue: Service, tmp_path: Path) -> None:
    level = service_level(p999=at_most(500, "ms"))
    result = run(queue, tmp_path, server(100), 0.5, longest_s=2.0, level=level)
    assert float(result["duration"]) == pytest.approx(2.0, abs=0.02)
    with pytest.raises(
        RequirementNotMet, match=r"(?s)(inconclusive: .*An interval needs at least 20,000 requests|sent too late)"
    ):
        result.require(level)


@pytest.mark.parametrize("words", [("--close",), ("--drop", "0.2")])
def test_connections_that_end_are_made_anew(words: tuple[str, ...], tmp_path: Path) -> None:
    with serve(tmp_path, *words) as service:
        result = run(service, tmp_path, server(200), 2.0)
    share = float(result["failures"])
    if words == ("--close",):
        assert share == 0
    else:
        assert 0.02 < float(result["failures_connection"]) == share < 0.3
        assert "connection dropped" in result["failures"].note


def test_what_it_costs_the_service_is_seen(queue: Service, tmp_path: Path) -> None:
    result = run(queue, tmp_path, server(500), 3.0)
    assert 0.005 < float(result["server_cpu"]) < 5
    assert abs(float(result["memory_growth"])) < 5
    assert float(result["startup"]) == queue.started_in_s
    assert 0 < float(result["first_request"]) < 1_000


def test_a_limit_finer_than_the_generator_sees_is_refused(queue: Service, tmp_path: Path) -> None:
    result = run(queue, tmp_path, server(200), 1.0)
    with pytest.raises(DeclarationError, match=r"must not be finer than 0.1 ms, what it can tell apart, got 0.05"):
        result.require(p50=at_most(0.05, "ms"))


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: server(0), "rate must be above 0"),
        (lambda: server(-3), "rate must be above 0"),
        (lambda: server(5, arrivals=cast("Any", "poison")), "Did you mean 'poisson'"),
        (lambda: server(arrivals="replay"), "needs offsets_s"),
        (lambda: server(rate="50"), "rate must be above 0 requests a second, got '50'"),  # type: ignore[arg-type]
        (lambda: server(arrivals=[3, 1]), "arrivals must be one of poisson, constant, replay, got"),  # type: ignore[arg-type]
        (lambda: server(arrivals="replay", offsets_s=[1, 0.5]), "must not fall, got 0.5 after 1"),
        (lambda: closed(0), "users must be a whole number from 1 on, got 0"),
        (lambda: offline(cast("Any", 2.5)), "batch must be a whole number from 1 on, got 2.5"),
        (service_level, "must have a limit, got none"),
    ],
)
def test_wrong_scenarios_are_refused(make: Any, why: str) -> None:
    with pytest.raises(DeclarationError, match=why):
        make()


def test_more_than_the_bounds_is_refused(queue: Service, tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"at most 5,000 requests a second, got 9,000. Hint: bounds=Bounds"):
        run(queue, tmp_path, server(9_000))
    with pytest.raises(DeclarationError, match="at most 900 seconds, got 3,600"):
        run(queue, tmp_path, closed(2), 3_600)
    with pytest.raises(DeclarationError, match="at most 10 users"):
        run(queue, tmp_path, closed(20), bounds=Bounds(users=10))
    with pytest.raises(DeclarationError, match="must be on loopback"):
        run("http://example.org", tmp_path, server(10))
    with pytest.raises(DeclarationError, match=r"speaks plain HTTP, got 'https://127.0.0.1:1'"):
        run("https://127.0.0.1:1", tmp_path, server(10))


def test_the_record_holds_every_request(queue: Service, tmp_path: Path) -> None:
    result = run(queue, tmp_path, server(100), 1.0)
    facts = json.loads((tmp_path / "load-queue/summary.json").read_text(encoding="utf-8"))
    size = (tmp_path / "load-queue/records").stat().st_size
    assert size % 40 == 0
    assert size // 40 - 1 >= float(result["requests"])
    assert facts["refused"] == {}
    assert {"gevent", "locust", "zmq"}.isdisjoint(sys.modules)


def test_lateness_is_held_against_percentiles_alone() -> None:
    """What a service uses is in milliseconds too, and says nothing of how exactly requests must be sent."""
    level = service_level(p95=at_most(80, "ms"), p50=at_least(1, "ms"), server_cpu=at_most(2, "ms"))
    assert level.tightest_ms() == 80
    assert service_level(server_cpu=at_most(2, "ms"), failures=at_most(0)).tightest_ms() is None
