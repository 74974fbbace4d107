"""A run that is interrupted, ended or killed leaves no process behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.plugin.conftest import Project

CHECK = """
import sys, time, pytest

@pytest.fixture(scope="session")
def site(mlops_service):
    return mlops_service([sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "{port}"], name="site", ready="/")

@pytest.mark.mlops(stage="serving")
def test_forever(site):
    open("started", "w").close()
    time.sleep(60)
"""


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def hear_ctrl_c() -> None:
    """Undo what a shell does to jobs in the background, such as the run that this test is part of."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda ending: ending.name)
@pytest.mark.parametrize("mode", [(), ("-p", "xdist", "-n", "2")], ids=["alone", "n2"])
def test_nothing_is_left_running(project: Project, mode: tuple[str, ...], ending: signal.Signals) -> None:
    folder = project.write({"checks/test_site.py": CHECK}).pytester.path
    command = [sys.executable, "-m", "pytest", "-p", "pytest_mlops.plugin", "--mlops", *mode]
    process = subprocess.Popen(
        command, cwd=folder, env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        preexec_fn=hear_ctrl_c,  # noqa: PLW1509 - it only sets a signal
    )  # fmt: skip
    try:
        wait_for(folder / "started", process)
        family = psutil.Process(process.pid).children(recursive=True)
        assert any("http.server" in member.cmdline() for member in family)
        process.send_signal(ending)
        process.communicate(timeout=30)
        assert psutil.wait_procs(family, timeout=15)[1] == []
    finally:
        process.kill()
        process.communicate()
