"""Distributed runs that prove nothing, each broken in one way: none passes, and each says why."""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_mlops.core.errors import RequirementNotMet
from pytest_mlops.core.limit import at_most
from pytest_mlops.core.process import start
from pytest_mlops.stages.load import Load, Team, closed, measure_locust
from pytest_mlops.stages.load.team import join_command
from pytest_mlops.stages.service import Service, start_service
from tests.broken_services import model_service
from tests.broken_services.joining import ROOT, Joiner, with_option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_mlops.core.result import Result

    Change = Callable[[list[str]], list[str]]

LOCUSTFILES = Path(model_service.__file__).parent / "locustfiles"
SLOW_MACHINE_S = 30.0


@pytest.fixture(scope="module")
def delay_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    command = [sys.executable, model_service.__file__, "--port", "{port}"]
    with start_service(command, name="delay_api", workdir=tmp_path_factory.mktemp("service")) as service:
        yield service


def run(service: Service, locustfile: str, workdir: Path, team: Team, *changes: Change, seconds: float = 2.0) -> Result:
    joiner = Joiner(changes=changes)
    load = Load(scenario=closed(4), duration_s=seconds, warmup_s=0.2, seed=1, workdir=workdir, tell=joiner)
    try:
        return measure_locust(service, load, LOCUSTFILES / f"{locustfile}.py", name="delay_api", team=team)
    finally:
        joiner.kill()


def assert_never_green(result: Result, why: str) -> None:
    assert result.details["proved"] is False
    assert not any(one <= 1e9 for one in result.measurements)
    assert not any(one >= 0 for one in result.measurements)
    with pytest.raises(RequirementNotMet, match=f"not run: .*The load run proves nothing: .*{why}"):
        result.require(failures=at_most(1))


@pytest.mark.parametrize("elsewhere", [False, True], ids=["beside", "elsewhere"])
def test_a_worker_that_is_killed_in_the_middle(delay_api: Service, tmp_path: Path, elsewhere: bool) -> None:  # noqa: FBT001 - a parameter of the test
    team, changes = (Team(expect_workers=2), (list, list)) if elsewhere else (Team(processes=2), ())
    result = run(delay_api, "killed", tmp_path, team, *changes, seconds=4.0)
    assert_never_green(result, "[12] of 2 workers left before the end")


def test_a_worker_that_never_comes(delay_api: Service, tmp_path: Path) -> None:
    result = run(delay_api, "travellers", tmp_path, Team(expect_workers=1, expect_s=1.5))
    why = (
        r"0 of 1 workers joined within 1.5 s. Hint: the run prints how each joins: python -m "
        "pytest_mlops.runners.locust_run --join HOST:PORT --token TOKEN --locustfile FILE"
    )
    assert_never_green(result, why)


def test_fewer_workers_than_asked(delay_api: Service, tmp_path: Path) -> None:
    result = run(delay_api, "travellers", tmp_path, Team(processes=1, expect_workers=1, expect_s=4))
    assert_never_green(result, "[01] of 2 workers joined within 4 s")


def test_a_process_that_can_not_begin(delay_api: Service, tmp_path: Path) -> None:
    begun = time.monotonic()
    result = run(delay_api, "stillborn", tmp_path, Team(processes=2))
    assert_never_green(result, "[01] of 2 workers joined within 60 s, [12] ended before that")
    assert time.monotonic() < begun + SLOW_MACHINE_S


def with_a_wrong_token(words: list[str]) -> list[str]:
    return with_option(words, "--token", "ab" * 32)


def as_a_plain_worker_of_locust(words: list[str]) -> list[str]:
    host, _, port = words[words.index("--join") + 1].rpartition(":")
    file = words[words.index("--locustfile") + 1]
    return [sys.executable, "-m", "locust", "--worker", "--master-host", host, "--master-port", port, "-f", file]


@pytest.mark.parametrize("change", [with_a_wrong_token, as_a_plain_worker_of_locust])
def test_a_worker_without_the_token(delay_api: Service, tmp_path: Path, change: Change) -> None:
    result = run(delay_api, "travellers", tmp_path, Team(expect_workers=1, expect_s=8), change)
    assert_never_green(
        result, "0 of 1 workers joined within 8 s, and connections without the token of the run were refused"
    )


def test_a_worker_joins_no_other_master(tmp_path: Path) -> None:
    """Such as a plain one of Locust, at the port that it was told."""
    file, port = str(LOCUSTFILES / "travellers.py"), free_port()
    words = ["--master", "--headless", "--expect-workers", "1", "--master-bind-host", "127.0.0.1", "-H", "http://x"]
    command = [sys.executable, "-m", "locust", *words, "--master-bind-port", port, "-f", file]
    with start(command, log=tmp_path / "locust.log", cwd=ROOT):
        joiner = Joiner(changes=[lambda words: [*words, "--wait", "6"]])
        joiner(f"joins by: {join_command(f'127.0.0.1:{port}', 'ab' * 32, file)}")
        try:
            ((code, said),) = joiner.ended()
        finally:
            joiner.kill()
    log = (tmp_path / "locust.log").read_text(encoding="utf-8")
    assert "Waiting for workers to be ready, 0 of 1 connected" in log
    assert (code, "must answer within 6 s, got nothing" in said) == (1, True)


def free_port() -> str:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return str(sock.getsockname()[1])


def test_one_worker_too_many(delay_api: Service, tmp_path: Path) -> None:
    team = Team(expect_workers=1, expect_s=SLOW_MACHINE_S)
    result = run(delay_api, "travellers", tmp_path, team, list, list, seconds=8.0)
    assert_never_green(result, "the run must have 1 workers, got 2")


def test_a_worker_with_another_locustfile(delay_api: Service, tmp_path: Path) -> None:
    def with_slow_import(words: list[str]) -> list[str]:
        return with_option(words, "--locustfile", str(LOCUSTFILES / "slow_import.py"))

    result = run(delay_api, "travellers", tmp_path, Team(expect_workers=1), with_slow_import)
    assert_never_green(result, "1 of 1 workers had another locustfile")


def test_users_that_were_not_all_spawned(delay_api: Service, tmp_path: Path) -> None:
    result = run(delay_api, "unborn", tmp_path, Team(processes=2), seconds=0.5)
    assert_never_green(result, "not all 4 users started")


def test_requests_that_were_lost_in_merging(delay_api: Service, tmp_path: Path) -> None:
    result = run(delay_api, "greedy", tmp_path, Team(expect_workers=1), list, seconds=4.0)
    assert_never_green(result, r"the workers counted [\d,]+ requests, of which [\d,]+ arrived here")


@pytest.mark.parametrize(
    ("locustfile", "why"),
    [
        ("dying", "4 of 4 users died"),
        ("raising", r"tasks raised: KeyError: 'late' \("),
        ("foreign", r"refused: 192.0.2.1 \("),
    ],
)
def test_what_proves_nothing_in_one_process_proves_nothing_in_two(
    delay_api: Service, tmp_path: Path, locustfile: str, why: str
) -> None:
    assert_never_green(run(delay_api, locustfile, tmp_path, Team(processes=2), seconds=0.5), why)
