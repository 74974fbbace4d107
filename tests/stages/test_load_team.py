"""Locust in several processes on a real service: as exact as in one, and no request lost."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_mlops.adapters.http import HttpClient, Request
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.stages.load import Load, Team, closed, measure_locust
from pytest_mlops.stages.service import Service, start_service
from pytest_mlops.stats.quantiles import quantile
from tests.broken_services import counting_service
from tests.broken_services.joining import Joiner, with_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pytest_mlops.core.result import Result

LOCUSTFILES = Path(counting_service.__file__).parent / "locustfiles"
SHARES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999}


@pytest.fixture
def counting(tmp_path: Path) -> Iterator[Service]:
    command = [sys.executable, counting_service.__file__, "--port", "{port}"]
    with start_service(command, name="counting", workdir=tmp_path) as service:
        yield service


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))
    (tmp_path / "notes").mkdir()
    return tmp_path / "notes"


def run(
    service: Service, locustfile: str, workdir: Path, team: Team, joiner: Joiner, *, duration_s: float = 2.0
) -> Result:
    load = Load(scenario=closed(4), duration_s=duration_s, warmup_s=0.2, seed=1, workdir=workdir, tell=joiner)
    return measure_locust(service, load, LOCUSTFILES / f"{locustfile}.py", name="api", team=team)


def noted(notes: Path) -> list[tuple[str, float, float]]:
    """Return what all users noted: number, when it was sent, how many milliseconds it took."""
    return [tuple(json.loads(line)) for file in notes.iterdir() for line in file.read_text().splitlines()]


def seen_by(service: Service) -> list[str]:
    with HttpClient(service.url, timeout_s=5) as client:
        numbers: list[str] = json.loads(client.send(Request(method="GET", path="/seen")).body)
    return numbers


def within(notes: Path, began_s: float, length_s: float) -> NDArray[np.float64]:
    """Return the exact latencies of the requests that were sent in some time."""
    return np.array([took for _, sent, took in noted(notes) if 0 <= sent - began_s < length_s])


def assert_as_exact(result: Result, exact: NDArray[np.float64], relative: float) -> None:
    facts: Any = result.details["facts"]
    assert result.details["proved"] is True, result.details["why"]
    assert float(result["requests"]) == len(exact)
    assert "team" not in facts or facts["team"]["requests"] == len(exact)
    for name, share in SHARES.items():
        assert float(result[name]) == pytest.approx(quantile(exact, share), rel=relative), name


def test_processes_write_every_request(counting: Service, notes: Path, joiner: Joiner, tmp_path: Path) -> None:
    result = run(counting, "numbered", tmp_path, Team(processes=2), joiner)
    facts: Any = result.details["facts"]
    assert_as_exact(result, within(notes, facts["begun_s"], 2.0), 1e-9)
    assert len(list(notes.iterdir())) == facts["team"]["joined"] == 2
    assert sorted(seen_by(counting)) == sorted(number for number, _, _ in noted(notes))
    assert float(result["throughput"]) == len(within(notes, facts["begun_s"], 2.0)) / 2.0
    assert joiner.told == []
    assert result["p95"].parameters["processes"] == 2
    assert [path.name for path in (tmp_path / "load-api").glob("records*")] == ["records"]
    assert {"gevent", "locust", "zmq"}.isdisjoint(sys.modules)


def test_workers_that_join_lose_no_request(counting: Service, notes: Path, tmp_path: Path) -> None:
    """What the workers counted, the service saw and the record holds is the same; quantiles are within 0.1 %."""
    joiner = Joiner(changes=(list, list))
    try:
        result = run(counting, "numbered", tmp_path, Team(expect_workers=2), joiner, duration_s=4.0)
        ends = joiner.ended()
    finally:
        joiner.kill()
    (told,) = joiner.told
    assert (
        "waits up to 60 s for 2 workers. Each joins by: python -m pytest_mlops.runners.locust_run --join 127.0.0.1:"
        in told
    )
    said = [json.loads(words) for code, words in ends if code == 0]
    assert len(said) == 2
    exact = [within_of(notes, worker.pid, one) for worker, one in zip(joiner.workers, said, strict=True)]
    assert [len(one) for one in exact] == [one["requests"] for one in said]
    assert_as_exact(result, np.concatenate(exact), 0.001)
    assert sorted(seen_by(counting)) == sorted(number for number, _, _ in noted(notes))
    assert result["first_request"].value is None
    assert "every request, within 0.1%" in result["p95"].method
    assert not (tmp_path / "load-api/join.json").exists()
    assert {"gevent", "locust", "zmq"}.isdisjoint(sys.modules)


def within_of(notes: Path, pid: int, said: dict[str, Any]) -> NDArray[np.float64]:
    lines = [json.loads(line) for line in (notes / str(pid)).read_text(encoding="utf-8").splitlines()]
    return np.array([took for _, sent, took in lines if 0 <= sent - said["begun_s"] < said["duration_s"]])


@pytest.mark.parametrize(
    "team", [Team(), Team(processes=2), Team(processes=1, expect_workers=1)], ids=["alone", "beside", "mixed"]
)
def test_known_latencies_of_all_magnitudes(
    counting: Service, notes: Path, joiner: Joiner, tmp_path: Path, team: Team
) -> None:
    """From 0.1 ms to 60 s; the two kinds of workers in one run."""
    result = run(counting, "known", tmp_path, team, joiner)
    said = [json.loads(words) for _, words in joiner.ended()]
    begun_s = {worker.pid: one["begun_s"] for worker, one in zip(joiner.workers, said, strict=True)}
    facts: Any = result.details["facts"]
    exact = [
        within_of(notes, int(file.name), {"begun_s": begun_s.get(int(file.name), facts["begun_s"]), "duration_s": 2.0})
        for file in notes.iterdir()
    ]
    assert len(exact) == max(team.size, 1)
    assert_as_exact(result, np.concatenate(exact), 0.001 if team.expect_workers else 1e-9)


def test_a_stranger_beside_the_right_worker_does_no_harm(counting: Service, notes: Path, tmp_path: Path) -> None:
    """Its connection is refused; the run is that of the worker who has the token."""

    def without_the_token(words: list[str]) -> list[str]:
        return [*with_option(words, "--token", "ab" * 32), "--wait", "4"]

    joiner = Joiner(changes=(without_the_token, list))
    try:
        result = run(counting, "numbered", tmp_path, Team(expect_workers=1), joiner)
        (stranger, words), (worker, _) = joiner.ended()
    finally:
        joiner.kill()
    assert result.details["proved"] is True, result.details["why"]
    facts: Any = result.details["facts"]
    assert facts["team"]["refused"] > 0
    assert (stranger, worker) == (1, 0)
    assert "must answer within 4 s, got nothing: no master, or another token" in words
    assert [int(file.name) for file in notes.iterdir()] == [joiner.workers[1].pid]


def test_two_runs_at_once_do_not_mix_their_workers(counting: Service, notes: Path, tmp_path: Path) -> None:
    assert notes.is_dir()
    joiner, folders = Joiner(), [tmp_path / "one", tmp_path / "other"]
    with ThreadPoolExecutor() as threads:
        results = [*threads.map(lambda folder: run(counting, "numbered", folder, Team(processes=1), joiner), folders)]
    for result in results:
        facts: Any = result.details["facts"]
        assert result.details["proved"] is True, result.details["why"]
        assert (facts["team"]["joined"], facts["alive"]) == (1, 4)


def test_the_token_is_in_no_file_and_no_result(counting: Service, notes: Path, joiner: Joiner, tmp_path: Path) -> None:
    assert notes.is_dir()
    result = run(counting, "numbered", tmp_path, Team(expect_workers=1), joiner, duration_s=0.5)
    words = joiner.told[0].split()
    token = words[words.index("--token") + 1]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(token.encode() in path.read_bytes() for path in files)
    assert token not in json.dumps(result.to_json())
    assert joiner.ended()[0][0] == 0


@pytest.mark.parametrize(
    ("team", "why"),
    [
        (Team(processes=-1), "processes must be a whole number from 0 on, got -1"),
        (Team(expect_workers=True), "expect_workers must be a whole number from 0 on, got True"),
        (Team(processes=3, expect_workers=2), "users must be at least one for each of 5 workers, got 4"),
        (
            Team(processes=1, bind="10.0.0.5"),
            "bind is where workers elsewhere join, got '10.0.0.5' and no expect_workers",
        ),
        (Team(expect_workers=1, bind="0.0.0.0"), "bind must be one IPv4 address of this machine, got '0.0.0.0'"),  # noqa: S104 - refused
        (Team(expect_workers=1, bind="10.0.0.5"), "bind must be loopback or an allowed host, got '10.0.0.5'"),
    ],
)
def test_wrong_teams_are_refused(tmp_path: Path, team: Team, why: str) -> None:
    load = Load(scenario=closed(4), duration_s=1, seed=1, workdir=tmp_path)
    with pytest.raises(DeclarationError, match=why):
        measure_locust("http://127.0.0.1:9", load, LOCUSTFILES / "numbered.py", team=team)
