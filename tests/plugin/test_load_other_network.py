"""A worker that has nothing of ours but a cable: a network of its own, joined to this one by a pair of interfaces.

It takes Linux and its administrator; elsewhere the tests are skipped.
"""

from __future__ import annotations

import contextlib
import http.server
import os
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.broken_services.joining import Joiner
from tests.plugin.test_load_team import MASTER_GONE_S, Run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.plugin.conftest import Project

LOCUSTFILE = """
from locust import HttpUser, constant, task


class Caller(HttpUser):
    wait_time = constant(0.05)

    @task
    def ask(self):
        self.client.get("/")
"""
CHECK = """
from pytest_mlops import at_least, at_most


def test_level(mlops_load):
    load = mlops_load({url!r}, locustfile="locustfile.py", users=4, duration={duration!r}, expect_workers=2,
                      bind={host!r}, allowed_hosts=[{host!r}])
    load.require(failures=at_most(0), requests=at_least(20), p50=at_most(5_000, "ms", by="point"))
"""


class Answers(http.server.BaseHTTPRequestHandler):
    """A service that answers."""

    protocol_version = "HTTP/1.1"
    asked = threading.Event()

    def do_GET(self) -> None:
        """Answer two bytes."""
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
        self.asked.set()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass
class Cable:
    """A network beside ours, and where we are in the one between."""

    beside: str
    host: str

    def cut(self) -> None:
        """Let nothing through any more."""
        command("ip", "link", "set", self.beside, "down")


def command(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, timeout=20)


@pytest.fixture
def cable() -> Iterator[Cable]:
    name, net = f"mlops{os.getpid() % 100_000}", f"10.213.{os.getpid() % 250 + 1}"
    try:
        lay_cable(name, net)
        yield Cable(name, f"{net}.1")
    except (OSError, subprocess.CalledProcessError) as exc:
        pytest.skip(f"no network can be made here: {exc}")
    finally:
        for words in (["netns", "del", name], ["link", "del", name]):  # one takes the other with it, but later
            with contextlib.suppress(OSError, subprocess.CalledProcessError):
                command("ip", *words)


def lay_cable(name: str, net: str) -> None:
    """Make a network, and a pair of interfaces between it and ours."""
    command("ip", "netns", "add", name)
    command("ip", "link", "add", name, "type", "veth", "peer", "name", "cable", "netns", name)
    command("ip", "addr", "add", f"{net}.1/24", "dev", name)
    command("ip", "link", "set", name, "up")
    command("ip", "-n", name, "addr", "add", f"{net}.2/24", "dev", "cable")
    command("ip", "-n", name, "link", "set", "cable", "up")


@pytest.fixture
def url(cable: Cable) -> Iterator[str]:
    with http.server.ThreadingHTTPServer((cable.host, 0), Answers) as server:
        Answers.asked.clear()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{cable.host}:{server.server_port}"
        server.shutdown()


@contextlib.contextmanager
def run_of(project: Project, cable: Cable, url: str, duration: str) -> Iterator[Run]:
    """Run a check whose two workers are in the other network."""
    folder = project.write({
        "locustfile.py": LOCUSTFILE,
        "test_api.py": CHECK.format(url=url, duration=duration, host=cable.host),
    }).pytester.path  # fmt: skip
    there = Joiner(changes=[lambda words: ["ip", "netns", "exec", cable.beside, *_from(words, folder)]] * 2)
    run = Run(folder, f"--mlops-allow-host={cable.host}", joiner=there)
    try:
        yield run
    finally:
        run.end()


def _from(words: list[str], folder: object) -> list[str]:
    return [f"{folder}/{word}" if word == "locustfile.py" else word for word in words]


def test_workers_of_another_network_share_the_users(project: Project, cable: Cable, url: str) -> None:
    with run_of(project, cable, url, "2s") as run:
        run.process.wait(60)
    assert project.verdicts() == {"test_level": "pass"}, "".join(run.lines)
    (check,) = project.record()["checks"]
    assert check["evidence"][1]["measurement"]["parameters"]["expect_workers"] == 2


def test_a_cut_cable_proves_nothing_and_leaves_no_worker(project: Project, cable: Cable, url: str) -> None:
    with run_of(project, cable, url, "4s") as run:
        assert Answers.asked.wait(40), "".join(run.lines)
        time.sleep(1)
        cable.cut()
        run.process.wait(60)
        for worker in run.joiner.workers:
            worker.wait(MASTER_GONE_S)
    assert project.verdicts() == {"test_level": "not_run"}
    assert "2 of 2 workers left before the end" in project.record()["checks"][0]["reason"]
