"""A new version beside the old one, and the way back, on real services and a real router."""

from __future__ import annotations

import json
import math
import random
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops import DeclarationError, RequirementNotMet, ToolError, at_least, at_most
from pytest_mlops.adapters.http import HttpClient, Request
from pytest_mlops.stages.canary import RollBack, measure_canary, measure_rollback
from pytest_mlops.stages.service import Service, start_service
from pytest_mlops.stats.intervals import share_interval
from tests.broken_services import model_service, router, version_service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_mlops.core.result import Result

CHANCE = random.Random(3)  # noqa: S311 - no secret
ROWS: list[dict[str, Any]] = [
    {
        "carrier": CHANCE.choice(model_service.CARRIERS), "origin": "JFK", "dep_delay": CHANCE.uniform(-10, 60),
        "distance": CHANCE.randint(100, 3000), "hour": CHANCE.randint(5, 23),
    }
    for _ in range(150)
]  # fmt: skip
PAIRS = 150
OLD = {"model_digest": "sha256:old"}


def version(folder: Path, change: str = "", digest: str = "sha256:new") -> Service:
    command = [sys.executable, version_service.__file__, "--port", "{port}", "--digest", digest, "--change", change]
    name = digest.partition(":")[2]
    return start_service(command, name=name, workdir=folder)


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with version(tmp_path_factory.mktemp("old"), digest="sha256:old") as service:
        yield service


def canary(old: Service, folder: Path, change: str, **options: Any) -> Result:
    with version(folder, change) as new:
        return measure_canary(old, new, ROWS, seed=1, **{"pairs": PAIRS} | options)


def test_an_equal_version_meets_every_limit(old: Service, tmp_path: Path) -> None:
    result = canary(old, tmp_path, "")
    result.require(
        failures=at_most(0.03),
        failed_requests=at_most(0),
        old_failures=at_most(0.03),
        decisions_changed=at_most(0.03),
        largest_difference=at_most(0),
        p50_ratio=at_most(2, by="point"),
        p90_ratio=at_most(3, by="point"),
    )
    assert result.subject == "new"
    assert {one.short_name: one.n for one in result.measurements} == {
        "failures": 150, "failed_requests": 150, "old_failures": 150, "old_failed_requests": 150,
        "decisions_changed": 150, "largest_difference": 150, "p50_ratio": 15, "p90_ratio": 15,
    }  # fmt: skip
    assert result["failures"].interval is not None
    assert result["failures"].interval.high == pytest.approx(1 - 0.025 ** (1 / 150))


def test_last_digits_are_told_and_change_no_decision(old: Service, tmp_path: Path) -> None:
    result = canary(old, tmp_path, "last_digits")
    result.require(decisions_changed=at_most(0.03), largest_difference=at_most(1e-9))
    assert 0 < float(result["largest_difference"]) < 1e-11


def test_flipped_decisions_are_found(old: Service, tmp_path: Path) -> None:
    flipped = sum(0.4 <= one["probability"] < 0.5 for one in model_service.predict(ROWS))
    assert flipped > 3
    result = canary(old, tmp_path, "flips")
    assert float(result["decisions_changed"]) == flipped / 150
    with pytest.raises(RequirementNotMet, match=r"decisions_changed must .*row \d+: False, now True"):
        result.require(decisions_changed=at_most(0.001))
    result.require(failures=at_most(0.03), largest_difference=at_most(0))


def test_a_version_that_fails_is_found(old: Service, tmp_path: Path) -> None:
    result = canary(old, tmp_path, "fails")
    with pytest.raises(RequirementNotMet, match=r"fail: new: serving.failures must .*Status 500 \(\d+ times\)"):
        result.require(failures=at_most(0.05))
    assert 0.15 < float(result["failures"]) < 0.25
    result.require(old_failures=at_most(0.03))


def test_a_slower_version_is_found(old: Service, tmp_path: Path) -> None:
    result = canary(old, tmp_path, "slower")
    for name in ("p50_ratio", "p90_ratio"):
        assert result[name] >= 1.1
    with pytest.raises(RequirementNotMet, match=r"p50_ratio must be at most 1.2, got .*Median of blocks"):
        result.require(p50_ratio=at_most(1.2))


def test_too_few_rows_are_sent_again_for_the_latency_alone(old: Service, tmp_path: Path) -> None:
    with version(tmp_path) as new:
        result = measure_canary(old, new, ROWS[:4], seed=1, pairs=90)
    assert (result["decisions_changed"].n, result["failures"].n, result["failed_requests"].n) == (4, 4, 90)
    assert (result["failures"] <= 0.01).verdict == "inconclusive"


def test_a_version_that_is_gone_is_never_green(old: Service, tmp_path: Path) -> None:
    with version(tmp_path) as new:
        pass
    result = measure_canary(old, new, ROWS[:5], contract=model_service.document(), seed=1, pairs=5)
    assert float(result["failures"]) == 1
    for name in ("decisions_changed", "largest_difference", "p50_ratio"):
        assert (result[name] <= 1).verdict == "not_run"
    with pytest.raises(ToolError, match=r"must serve its OpenAPI document.*contract=, for both"):
        measure_canary(old, new, ROWS[:5], seed=1)
    with pytest.raises(DeclarationError, match="needs recorded rows, got none"):
        measure_canary(old, old, [], seed=1)


def test_a_share_has_an_interval_for_all_of_them_too() -> None:
    low, high = share_interval(7, 7)
    assert (round(low, 4), high) == (0.5904, 1.0)
    assert all(math.isnan(end) for end in share_interval(0, 0))


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with version(tmp_path_factory.mktemp("new")) as service:
        yield service


def switch(url: str) -> Callable[[], None]:
    def call() -> None:
        with HttpClient(url) as client:
            client.send(Request(method="POST", path="/route", body=json.dumps({"to": "old"}).encode()))

    return call


def rolled_back(old: Service, new: Service, folder: Path, fault: str, **options: Any) -> Result:
    command = [sys.executable, router.__file__, "--port", "{port}", "--old", old.url, "--new", new.url]
    with start_service([*command, "--fault", fault], name="router", workdir=folder) as front:
        given: dict[str, Any] = {"call": switch(front.url), "is_back": OLD, "longest_s": 6.0} | options
        return measure_rollback(front, RollBack(**given), ROWS[:20])


@pytest.mark.parametrize(
    "is_back", [OLD, lambda answer: answer["model_digest"] == "sha256:old"], ids=["names", "function"]
)
def test_a_router_that_switches_at_once_loses_nothing(old: Service, new: Service, tmp_path: Path, is_back: Any) -> None:
    result = rolled_back(old, new, tmp_path, "", is_back=is_back)
    result.require(rollback_time=at_most(1, "s"), failed_requests=at_most(0))
    assert result["rollback_time"].n > 20
    assert result["failed_requests"].n > 60


def test_a_router_that_takes_a_second_is_timed(old: Service, new: Service, tmp_path: Path) -> None:
    result = rolled_back(old, new, tmp_path, "slow")
    result.require(rollback_time=at_least(0.9, "s"), failed_requests=at_most(0))
    assert result["rollback_time"] <= 3


def test_a_router_that_drops_requests_while_it_switches_is_found(old: Service, new: Service, tmp_path: Path) -> None:
    result = rolled_back(old, new, tmp_path, "drops")
    with pytest.raises(RequirementNotMet, match=r"failed_requests must be at most 0, got \d+ .*RemoteDisconnected"):
        result.require(failed_requests=at_most(0))
    result.require(rollback_time=at_least(0.3, "s"))


@pytest.mark.parametrize("fault", ["never", "forgets_some"])
def test_a_router_that_never_switches_all_is_found(old: Service, new: Service, tmp_path: Path, fault: str) -> None:
    result = rolled_back(old, new, tmp_path, fault, longest_s=2.5)
    with pytest.raises(RequirementNotMet, match=r"rollback_time must be at most 600 s, got inf s .*\d+ of \d+ answers"):
        result.require(rollback_time=at_most(600, "s"))
    result.require(failed_requests=at_most(0))


def test_nothing_to_roll_back_is_no_rollback(old: Service, tmp_path: Path) -> None:
    result = rolled_back(old, old, tmp_path, "")
    judgement = result["rollback_time"] <= 5
    assert judgement.verdict == "not_run"
    assert "before the call every answer was the old version's" in judgement.measurement.note


def test_a_rollback_that_fails_or_hangs_is_an_error(old: Service, new: Service, tmp_path: Path) -> None:
    def fails() -> None:
        raise OSError("no such deployment")

    with pytest.raises(ToolError, match="roll_back must roll back, got OSError: no such deployment"):
        rolled_back(old, new, tmp_path, "", call=fails)
    with pytest.raises(ToolError, match=r"roll_back must return within 1.5 s, got still running"):
        rolled_back(old, new, tmp_path, "", call=lambda: time.sleep(5), longest_s=1.5)


@pytest.mark.parametrize(
    ("options", "words"),
    [({"rate": 0.0}, "a rate above 0"), ({"is_back": {}}, "is_back must say"), ({"longest_s": 1.0}, "more than 1 s")],
)
def test_a_rollback_that_can_t_be_seen_is_refused(options: dict[str, Any], words: str) -> None:
    given: dict[str, Any] = {"call": lambda: None, "is_back": OLD} | options
    with pytest.raises(DeclarationError, match=words):
        measure_rollback("http://127.0.0.1:1", RollBack(**given), ROWS[:1])
