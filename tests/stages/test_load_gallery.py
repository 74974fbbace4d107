"""Broken load runs: none of them passes, not even the most lenient limits, and each says what was wrong with it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops import DeclarationError, RequirementNotMet, at_least, at_most
from pytest_mlops.adapters.http import Request
from pytest_mlops.core.errors import SubprocessError
from pytest_mlops.stages.load import Load, closed, measure_load, measure_locust, server, service_level, single_stream
from pytest_mlops.stages.service import Service, start_service
from tests.broken_services import failing_service, model_service, queue_service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pytest_mlops.core.result import Result
    from pytest_mlops.stages.load import Scenario

LOCUSTFILES = Path(model_service.__file__).parent / "locustfiles"
ASK = [Request(method="POST", path="/invocations", body=b"{}")]
# Whatever was measured keeps these: only what was not measured, or proves nothing, does not.
ANYTHING = service_level(
    p50=at_most(1e9, "ms", by="point"), failures=at_most(1), requests=at_least(0), throughput=at_least(0, "1/s")
)


def serve(workdir: Path, module: Any, *words: str) -> Service:
    command = [sys.executable, module.__file__, "--port", "{port}", *words]
    return start_service(command, name="api", workdir=workdir)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serve(tmp_path_factory.mktemp("good"), model_service) as service:
        yield service


def why_not_green(measure: Callable[[], Result]) -> str:
    """Return why a run does not pass; empty where it does."""
    try:
        measure().require(ANYTHING)
    except (RequirementNotMet, SubprocessError, DeclarationError) as exc:
        return str(exc)
    return ""


@dataclass(frozen=True, kw_only=True)
class Users:
    """A run of Locust that is broken: by its locustfile, by its service, or by what goes on meanwhile."""

    locustfile: str = "travellers"
    service: Sequence[str] | None = None  # of `failing_service`; else a good one
    load: dict[str, Any] = field(default_factory=dict)
    why: str


USERS = {
    "a module that never ends its import": Users(
        locustfile="endless_import", load={"start_s": 3.0, "timeout_s": 1.0}, why="must end within .*got still running"
    ),
    "a module that can't be imported": Users(
        locustfile="broken_import", why="(?s)must end with a summary, got exit code 1.*No module named"
    ),
    "a module without users": Users(locustfile="empty", why="empty.py must have a User class, got none"),
    "a module that says how many users there are": Users(locustfile="shaped", why="has a LoadTestShape"),
    "a module that exits with 0": Users(locustfile="leaving", why="must end with a summary, got exit code 0"),
    "a user who ends the process with 0": Users(
        locustfile="vanishing", why="must end with a summary, got exit code 0"
    ),
    "a user who ends the run": Users(locustfile="quitting", why="4 of 4 users died"),
    "users who stop after a request": Users(locustfile="dying", why="4 of 4 users died"),
    "every other user dies": Users(locustfile="half_dying", why="2 of 4 users died"),
    "users who can't start": Users(locustfile="not_starting", why="4 of 4 users died; .*PermissionError: no token"),
    "users without tasks": Users(locustfile="idle", why="tasks raised: Exception: No tasks defined on Idle"),
    "users who send nothing": Users(locustfile="silent", why="no request was sent in the measured time"),
    "users who send next to nothing": Users(locustfile="rare", why=r"\d requests are too few to judge a service by"),
    "users whose task fails after its request": Users(locustfile="raising", why=r"tasks raised: KeyError: 'late' \("),
    "users who wait for ever": Users(
        locustfile="hanging", load={"timeout_s": 1.0}, why="4 users were still waiting for an answer at the end"
    ),
    "a user who never yields": Users(
        locustfile="blocking", load={"start_s": 3.0, "timeout_s": 1.0}, why="must end within"
    ),
    "users who ask elsewhere too": Users(locustfile="foreign", why=r"not allowed were refused: 192.0.2.1 \("),
    "users who ask for what is not there": Users(
        locustfile="wrong_path", why=r"all [\d,]+ requests failed: status 404"
    ),
    "a service that sends its callers elsewhere": Users(
        service=["--fault", "redirects"], why=r"requests failed.*not allowed were refused: 192.0.2.1 \("
    ),
    "a service that always fails": Users(
        service=["--fault", "fails"], why=r"all [\d,]+ requests failed: status 500"
    ),
    "a service that dies in the middle": Users(
        service=["--fault", "dies", "--after", "80"], load={"duration_s": 2.0}, why=r"the last [\d,]+ requests failed"
    ),
    "a service that hangs in the middle": Users(
        service=["--fault", "hangs", "--after", "50"], load={"duration_s": 1.0, "timeout_s": 1.0},
        why="4 users were still waiting for an answer at the end"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", USERS)
def test_a_broken_run_of_locust_does_not_pass(name: str, good: Service, tmp_path: Path) -> None:
    broken = USERS[name]

    def measure(service: Service) -> Result:
        asked = Load(**{"scenario": closed(4), "duration_s": 0.5, "warmup_s": 0.2, "seed": 1, "workdir": tmp_path,
                        **broken.load})  # fmt: skip
        return measure_locust(service, asked, LOCUSTFILES / f"{broken.locustfile}.py", name="api")

    with contextlib.ExitStack() as stack:
        service = good
        if broken.service is not None:
            service = stack.enter_context(serve(tmp_path, failing_service, *broken.service))
        why = why_not_green(lambda: measure(service))
    assert re.search(broken.why, why), why


@dataclass(frozen=True, kw_only=True)
class Requests:
    """A run of the open-loop generator that is broken."""

    scenario: Scenario = field(default_factory=lambda: server(100))
    queue: Sequence[str] | None = None  # of `queue_service`; else `failing_service`
    service: Sequence[str] = ()
    load: dict[str, Any] = field(default_factory=dict)
    meanwhile: Callable[[int], None] = lambda _: None  # is given the process that makes the load
    why: str


def stand_still(generator: int) -> None:
    """Take the processor away from it for a third of its time, as a busy machine does."""
    time.sleep(0.8)
    os.kill(generator, signal.SIGSTOP)
    time.sleep(0.7)
    os.kill(generator, signal.SIGCONT)


def sends(number: signal.Signals) -> Callable[[int], None]:
    """Return what sends it a signal in the middle of its run."""

    def act(generator: int) -> None:
        time.sleep(0.8)
        os.kill(generator, number)

    return act


REQUESTS = {
    "a service that is too slow to answer": Requests(
        queue=["--delay-s", "30"], load={"timeout_s": 0.5}, why="requests failed: timeout"
    ),
    "a rate that can't be held": Requests(
        scenario=server(2_000), queue=["--service-ms", "20"], load={"timeout_s": 2.0, "duration_s": 2.0},
        why="were in flight at once, and others had to wait|requests failed: timeout|used .* of a core",
    ),
    "a generator that stood still": Requests(
        load={"duration_s": 2.0}, meanwhile=stand_still, why="requests were sent too late"
    ),
    "a generator that was told to end": Requests(
        load={"duration_s": 5.0}, meanwhile=sends(signal.SIGTERM), why=r"it ran for \d.\d s of 5 s"
    ),
    "a closed loop that was told to end": Requests(
        scenario=closed(2), load={"duration_s": 5.0}, meanwhile=sends(signal.SIGTERM), why=r"it ran for \d.\d s of 5 s"
    ),
    "a generator that was killed": Requests(
        load={"duration_s": 5.0}, meanwhile=sends(signal.SIGKILL), why="must end with a summary, got exit code -9"
    ),
    "a replay that is shorter than the run": Requests(
        scenario=server(arrivals="replay", offsets_s=[0.01 * number for number in range(100)]),
        load={"duration_s": 2.0}, why=r"the last request was due at 0.79\d* s of 2 s: the replay has 100 in 0.99 s",
    ),
    "next to no requests": Requests(scenario=server(5), why=r"\d+ requests are too few to judge a service by"),
    "a service that always fails": Requests(
        service=["--fault", "fails"], why=r"all [\d,]+ requests failed: status 500"
    ),
    "a service that sends its callers elsewhere": Requests(
        service=["--fault", "redirects"], why=r"all [\d,]+ requests failed: status 302"
    ),
    "a service that dies in the middle": Requests(
        service=["--fault", "dies", "--after", "50"], why=r"the last \d+ requests failed, from 0.\d+ s of 1 s on: conn"
    ),
    "a service that hangs in the middle": Requests(
        service=["--fault", "hangs", "--after", "50"], load={"timeout_s": 0.5},
        why=r"the last \d+ requests failed, .*timeout",
    ),
    "one user whose service hangs": Requests(
        scenario=single_stream(), service=["--fault", "hangs", "--after", "0"], load={"timeout_s": 0.2},
        why=r"all \d requests failed: timeout",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REQUESTS)
def test_a_broken_run_of_requests_does_not_pass(name: str, tmp_path: Path) -> None:
    broken = REQUESTS[name]
    module, words = (failing_service, broken.service) if broken.queue is None else (queue_service, broken.queue)
    with serve(tmp_path, module, *words) as service, acting(broken.meanwhile):
        asked = Load(**{"scenario": broken.scenario, "duration_s": 1.0, "warmup_s": 0.2, "seed": 1, "workdir": tmp_path,
                        **broken.load})  # fmt: skip
        why = why_not_green(lambda: measure_load(service, asked, ASK, name="api"))
    assert re.search(broken.why, why), why


@contextlib.contextmanager
def acting(act: Callable[[int], None]) -> Iterator[None]:
    """Act on the generator, once there is one, beside what is done meanwhile."""

    def wait() -> None:
        until = time.monotonic() + 10
        while time.monotonic() < until:
            if found := generator_of(os.getpid()):
                act(found)
                return
            time.sleep(0.02)

    thread = threading.Thread(target=wait)
    thread.start()
    yield
    thread.join()


def generator_of(pid: int) -> int:
    """Return the process below another one that runs the open-loop generator, 0 where there is none."""
    import psutil

    for child in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            words = child.cmdline()
            if any(word.endswith("open_loop.py") for word in words) and not any("guard.py" in word for word in words):
                return child.pid
    return 0


@pytest.mark.parametrize("locustfile", ["travellers", ""])
def test_a_service_that_is_gone_does_not_pass(locustfile: str, tmp_path: Path) -> None:
    with serve(tmp_path, failing_service) as service:
        pass
    asked = Load(scenario=closed(4), duration_s=0.3, warmup_s=0.2, seed=1, workdir=tmp_path)
    file = LOCUSTFILES / f"{locustfile}.py"
    why = why_not_green(
        lambda: measure_locust(service, asked, file) if locustfile else measure_load(service, asked, ASK)
    )
    assert re.search(r"all [\d,]+ requests failed: .*([Cc]onnection ?[Rr]efused)", why), why


@pytest.mark.parametrize("url", ["", "localhost:8000", "http://", "http://192.0.2.1"])
def test_no_host_and_a_foreign_one_do_not_pass(url: str, tmp_path: Path) -> None:
    asked = Load(scenario=closed(4), duration_s=0.3, seed=1, workdir=tmp_path)
    for measure in (
        lambda: measure_locust(url, asked, LOCUSTFILES / "travellers.py"),
        lambda: measure_load(url, asked, ASK),
    ):
        assert "must be on loopback or on an allowed host" in why_not_green(measure)


def test_stray_configuration_changes_nothing(good: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would send the users of a service that is gone to one that is there, and end the run at once."""
    with serve(tmp_path, failing_service) as gone:
        pass
    stray = {"host": good.url, "users": "1", "run-time": "100ms", "headless": "true", "exit-code-on-error": "0"}
    text = "\n".join(f"{key} = {value}" for key, value in stray.items())
    for folder in (tmp_path, tmp_path / "load-api"):
        folder.mkdir(exist_ok=True)
        (folder / "locust.conf").write_text(text + "\n", encoding="utf-8")
        (folder / "pyproject.toml").write_text(f'[tool.locust]\nhost = "{good.url}"\n', encoding="utf-8")
    for key, value in stray.items():
        monkeypatch.setenv(f"LOCUST_{key.upper().replace('-', '_')}", value)
    monkeypatch.setenv("HTTP_PROXY", good.url)
    monkeypatch.setenv("http_proxy", good.url)
    monkeypatch.chdir(tmp_path)
    asked = Load(scenario=closed(4), duration_s=0.5, warmup_s=0.2, seed=1, workdir=tmp_path)
    why = why_not_green(lambda: measure_locust(gone, asked, LOCUSTFILES / "travellers.py", name="api"))
    assert re.search(r"all [\d,]+ requests failed", why), why


def test_a_host_of_the_users_own_is_not_asked(good: Service, tmp_path: Path) -> None:
    """Quiet: the service that is under test is asked, whatever the locustfile says."""
    asked = Load(scenario=closed(4), duration_s=0.5, warmup_s=0.2, seed=1, workdir=tmp_path)
    measure_locust(good, asked, LOCUSTFILES / "own_host.py", name="api").require(ANYTHING, failures=at_most(0))


def test_a_service_that_fails_for_a_while_is_measured(tmp_path: Path) -> None:
    """Quiet: it answers again before the end, so that what it did is counted, and judged."""
    with serve(tmp_path, model_service, "--fault", "fails_sometimes") as service:
        asked = Load(scenario=closed(4), duration_s=0.5, warmup_s=0.2, seed=1, workdir=tmp_path)
        result = measure_locust(service, asked, LOCUSTFILES / "travellers.py", name="api")
    result.require(ANYTHING)
    assert result["failures"].value
