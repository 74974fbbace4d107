"""However a run with a service under load ends, no process is left and no port is held; Ctrl-C ends it soon."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.broken_services import model_service
from tests.plugin.test_interrupted import hear_ctrl_c

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.plugin.conftest import Project

CHECK = f"""
import sys
import pytest
from pytest_mlops import at_most, server

ROWS = [{{"carrier": "AA", "origin": "JFK", "dep_delay": 1.0, "distance": 100, "hour": 3}}]

@pytest.fixture(scope="session")
def api(mlops_service):
    service = mlops_service([sys.executable, {model_service.__file__!r}, "--port", "{{port}}"], name="api")
    open("port", "w").write(str(service.port))
    return service

def test_load(mlops_load, api):
    mlops_load(api, ARGUMENTS).require(failures=at_most(LIMIT))
"""
LOCUSTFILE = """
from locust import FastHttpUser, constant, task

class Caller(FastHttpUser):
    wait_time = constant(0.1)

    @task
    def ping(self):
        self.client.get("/ping")
"""
OPEN = "server(rate=20), rows=ROWS, warmup=0.2"
LOCUST = "locustfile='locustfile.py', users=2, warmup=0.2"


def prepared(project: Project, arguments: str, *, seconds: float, limit: float) -> Path:
    check = CHECK.replace("ARGUMENTS", f"{arguments}, duration={seconds:g}").replace("LIMIT", f"{limit:g}")
    project.write({"test_it.py": check, "locustfile.py": LOCUSTFILE, "mlops.toml": "long_load_s = 100"})
    return project.pytester.path


def begun(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pytest", "-p", "pytest_mlops.plugin", "--mlops"]
    return subprocess.Popen(
        command, cwd=folder, env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        preexec_fn=hear_ctrl_c,  # noqa: PLW1509 - it only sets a signal
    )  # fmt: skip


def command_of(process: psutil.Process) -> str:
    """Return the command of a process; empty where it has just ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def family_under_load(process: subprocess.Popen[str], runner: str) -> list[psutil.Process]:
    """Return all processes below pytest once the generator runs."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        family = psutil.Process(process.pid).children(recursive=True)
        if any(runner in command_of(member) for member in family):
            time.sleep(0.5)
            return family
        time.sleep(0.05)
    raise AssertionError(process.communicate(timeout=10)[0] if process.poll() is not None else "no load in time")


def left_of(family: Iterable[psutil.Process], folder: Path) -> list[str]:
    """Return what is left: processes, and the port where it is held."""
    left = [str(one) for one in psutil.wait_procs(family, timeout=15)[1]]
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int((folder / "port").read_text(encoding="utf-8"))))
        except OSError as exc:
            left.append(str(exc))
    return left


@pytest.mark.parametrize(("arguments", "runner"), [(OPEN, "open_loop.py"), (LOCUST, "locust_run.py")])
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL], ids=lambda ending: ending.name)
def test_nothing_is_left_of_a_run_that_is_ended(
    project: Project, arguments: str, runner: str, ending: signal.Signals
) -> None:
    folder = prepared(project, arguments, seconds=50, limit=0.5)
    process = begun(folder)
    try:
        family = family_under_load(process, runner)
        sent = time.monotonic()
        process.send_signal(ending)
        process.communicate(timeout=30)
        took_s = time.monotonic() - sent
        assert left_of(family, folder) == []
        assert ending != signal.SIGINT or took_s < 4  # two seconds, and room for a busy machine
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(("limit", "code"), [(0.5, pytest.ExitCode.OK), (-1.0, pytest.ExitCode.TESTS_FAILED)])
def test_nothing_is_left_of_a_run_that_ends_by_itself(project: Project, limit: float, code: pytest.ExitCode) -> None:
    folder = prepared(project, OPEN, seconds=1.5, limit=limit)
    process = begun(folder)
    family = family_under_load(process, "open_loop.py")
    said, _ = process.communicate(timeout=60)
    assert process.returncode == code, said
    assert left_of(family, folder) == []
