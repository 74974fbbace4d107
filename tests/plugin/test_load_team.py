"""`mlops_load` with several workers in a real run of pytest: what it prints, and what is left when it is ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.broken_services.joining import Joiner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.plugin.conftest import Project

ROOT = Path(__file__).parents[2]
CHECK = """
import sys, pytest
from pytest_mlops import at_most

@pytest.fixture
def api(mlops_service):
    return mlops_service([sys.executable, {service!r}, "--port", "{{port}}"], name="api")

def test_level(mlops_load, api):
    load = mlops_load(api, locustfile={locustfile!r}, users=4, duration={duration!r}, {team})
    load.require(failures=at_most(0.5))
    assert {{"gevent", "locust", "zmq"}}.isdisjoint(sys.modules)
"""
BROKEN = ROOT / "tests/broken_services"
LIMIT_S = 40.0
MASTER_GONE_S = 25.0  # a worker elsewhere waits ten for the heartbeat


def check(team: str, duration: str) -> str:
    service, locustfile = str(BROKEN / "model_service.py"), str(BROKEN / "locustfiles/travellers.py")
    return CHECK.format(service=service, locustfile=locustfile, duration=duration, team=team)


class Run:
    """A run of pytest, whose output is read as it comes; a worker joins as soon as it says how."""

    def __init__(self, folder: Path, *options: str, joiner: Joiner | None = None) -> None:
        command = [sys.executable, "-m", "pytest", "-p", "pytest_mlops.plugin", "--mlops", *options]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
        self.process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            preexec_fn=_hear_ctrl_c,  # noqa: PLW1509 - it only sets a signal
        )  # fmt: skip
        self.joiner, self.lines = joiner or Joiner(), list[str]()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                self.lines.append(line)
                if "joins by: " in line:
                    self.joiner(line)

    def wait_for_load(self, workers: int) -> list[psutil.Process]:
        """Return all processes of the run as soon as users talk to the service in so many processes."""
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            assert self.process.poll() is None, "".join(self.lines)
            family = psutil.Process(self.process.pid).children(recursive=True)
            elsewhere = [psutil.Process(worker.pid) for worker in self.joiner.workers]
            if sum(_is_busy(one) for one in [*family, *elsewhere]) >= workers:
                return family
            time.sleep(0.1)
        raise AssertionError("".join(self.lines))

    def end(self) -> None:
        """Leave nothing behind."""
        self.process.kill()
        self.process.wait(LIMIT_S)
        self.joiner.kill()
        self.reader.join(LIMIT_S)


def _hear_ctrl_c() -> None:
    """Undo what a shell does to jobs in the background, such as the run that this test is part of."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _is_busy(process: psutil.Process) -> bool:
    """Say whether a process is a worker with a connection to the service, beside that to its master."""
    try:
        words = process.cmdline()
        is_worker = "--worker" in words or "--join" in words
        return is_worker and sum(one.status == "ESTABLISHED" for one in process.net_connections()) > 1
    except psutil.Error:
        return False


@pytest.fixture
def runs() -> Iterator[list[Run]]:
    runs: list[Run] = []
    yield runs
    for run in runs:
        run.end()


@pytest.mark.parametrize("options", [(), ("-q",), ("-p", "xdist", "-n", "2")], ids=["alone", "quiet", "n2"])
def test_the_command_that_is_printed_joins_a_worker(
    project: Project, runs: list[Run], options: tuple[str, ...]
) -> None:
    """Also with `-q`, and from a process of xdist."""
    folder = project.write({"checks/test_api.py": check("expect_workers=1", "1s")}).pytester.path
    runs.append(run := Run(folder, *options))
    assert run.process.wait(LIMIT_S) == 0, "".join(run.lines)
    assert len(run.joiner.told) == 1
    assert "mlops: the load on api waits up to 60 s for a worker. It joins by: python -m" in run.joiner.told[0]
    assert [code for code, _ in run.joiner.ended()] == [0]
    assert project.verdicts() == {"test_level": "pass"}


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL], ids=lambda ending: ending.name)
def test_no_worker_is_left_running(project: Project, runs: list[Run], ending: signal.Signals) -> None:
    """Those of this machine end with pytest, one elsewhere when it misses its master."""
    team = "processes=2, expect_workers=1"
    folder = project.write({"checks/test_api.py": check(team, "60s")}).pytester.path
    runs.append(run := Run(folder, "--mlops-profile=release"))
    family = run.wait_for_load(workers=3)
    run.process.send_signal(ending)
    run.process.wait(LIMIT_S)
    assert psutil.wait_procs(family, timeout=15)[1] == []
    (elsewhere,) = run.joiner.workers
    assert elsewhere.wait(MASTER_GONE_S) != 0


def test_processes_are_of_locust(project: Project) -> None:
    text = check("processes=2", "1s").replace("locustfile=", "rows=[], contract=")
    project.write({"checks/test_api.py": text}).run("--mlops").assert_outcomes(errors=0, failed=1)
    (only,) = project.record()["checks"]
    assert "processes=, expect_workers= and bind= are of Locust. Hint: locustfile=" in str(only)


def test_a_master_listens_elsewhere_where_check_and_command_line_allow_it(project: Project, runs: list[Run]) -> None:
    """A real address of this machine that is not loopback."""
    each = [entry for entries in psutil.net_if_addrs().values() for entry in entries]
    address = next((one.address for one in each if one.family is socket.AF_INET and one.address[:4] != "127."), None)
    if address is None:
        pytest.skip("this machine has no other address than loopback")
    team = f"processes=1, expect_workers=1, bind={address!r}"
    project.write({"checks/test_api.py": check(team, "1s")}).run("--mlops", f"--mlops-allow-host={address}")
    assert f"bind must be loopback or an allowed host, got '{address}'" in reason_of(project)
    project.write({"checks/test_api.py": check(f"{team}, allowed_hosts=[{address!r}]", "1s")}).run("--mlops")
    assert f"'{address}' is allowed by the check, and must be by the command line too" in reason_of(project)
    runs.append(run := Run(project.pytester.path, f"--mlops-allow-host={address}"))
    assert run.process.wait(LIMIT_S) == 0, "".join(run.lines)
    assert f"--join {address}:" in run.joiner.told[0]
    assert [code for code, _ in run.joiner.ended()] == [0]


def reason_of(project: Project) -> str:
    (only,) = project.record()["checks"]
    return str(only["reason"])
