"""A worker of a distributed run: joins a master, makes its share of the users, and sends what it measured.

A worker beside its master writes every request into a file of its own, one elsewhere counts them in histograms, which
go to the master with each of Locust's reports. Either says at the end how many requests it saw.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_mlops.runners.allowed import Allowed
from pytest_mlops.runners.histogram import Histograms
from pytest_mlops.runners.locust_lock import lock_worker
from pytest_mlops.runners.locust_log import Lines, Log, counts_in
from pytest_mlops.runners.locust_users import load_users, measure

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

HELLO, PLAN, MEASURE, DONE, COUNTS = (f"pytest_mlops_{word}" for word in ("hello", "plan", "measure", "done", "counts"))
GONE_S = 10  # without a heartbeat, master or worker are taken for gone


class Master(NamedTuple):
    """Where a master is, and the token of its run."""

    host: str
    port: int
    token: str


def work_beside(config: dict[str, Any], number: int) -> None:
    """Work for the master that started this process, which writes where it is to the standard input."""
    records = Path(f"{config['records']}.{number}")
    worker = Worker(config["locustfile"], config["allowed_hosts"], user_classes=config["user_classes"], records=records)
    line = sys.stdin.readline()
    if line:
        worker.work(Master(*json.loads(line)), config["expect_s"])


def digest_of(locustfile: str, user_classes: Collection[str]) -> str:
    """Return by what master and worker tell that they run the same users of the same locustfile."""
    digest = hashlib.sha256(Path(locustfile).read_bytes())
    digest.update(json.dumps(sorted(set(user_classes))).encode())
    return digest.hexdigest()


class Worker:
    """Users of a locustfile that a master commands."""

    def __init__(
        self,
        locustfile: str,
        allowed: Iterable[str],
        *,
        user_classes: Collection[str] = (),
        records: Path | None = None,
    ) -> None:
        self.guard = Allowed.watch(allowed)
        self.digest = digest_of(locustfile, user_classes)
        self.users = load_users(locustfile, user_classes)
        self.lines = None if records is None else Lines(records.open("w", encoding="utf-8"))
        self.histograms, self.facts = Histograms(), dict[str, Any]()
        self.runner: Any = None

    def work(self, master: Master, wait_s: float) -> dict[str, Any]:
        """Work until the master says that it is over; return the facts."""
        lock_worker(master.token)
        from locust import events
        from locust.env import Environment

        self.runner = runner = _connected(Environment(user_classes=self.users, events=events), master, wait_s)
        runner.register_message(PLAN, self._plan)
        runner.register_message(MEASURE, self._measure, concurrent=True)
        events.init.fire(environment=runner.environment, runner=runner, web_ui=None)
        runner.send_message(HELLO, {"locustfile": self.digest})
        runner.greenlet.join()
        if not self.facts:
            sys.exit("the run ended before this worker was done")
        return self.facts

    def _plan(self, *, msg: Any, **_: object) -> None:
        events, duration_s = self.runner.environment.events, msg.data["duration_s"]
        random.seed(msg.data["seed"] + self.runner.worker_index)
        self.log = Log(self.lines or counts_in(self.histograms, duration_s))
        events.request.add_listener(self.log.request)
        events.user_error.add_listener(self.log.error)
        if self.lines is None:
            events.report_to_master.add_listener(self._report)

    def _report(self, *, data: dict[str, Any], **_: object) -> None:
        data[COUNTS] = self.histograms.take()

    def _measure(self, *, msg: Any, **_: object) -> None:
        """Measure: here from a time that all clocks of the machine agree on, elsewhere from a while after the word."""
        said = msg.data
        begun_s = time.time() + said["lead_s"] if self.lines is None else said["begun_s"]
        facts = measure(
            self.runner, self.log, begun_s=begun_s, duration_s=said["duration_s"], drain_s=said["drain_s"]
        )  # fmt: skip
        if self.lines is not None:
            self.lines.write()
            self.lines.file.close()
        self.facts = {
            **facts, "requests": self.log.count, "exceptions": self.log.exceptions, "refused": self.guard.refused,
            "is_beside": self.lines is not None,
        }  # fmt: skip
        self.runner.send_message(DONE, {**self.facts, COUNTS: self.histograms.take()})


def _connected(environment: Any, master: Master, wait_s: float) -> Any:
    import gevent
    from locust import runners

    runners.MASTER_HEARTBEAT_TIMEOUT = GONE_S
    gevent.get_hub().loop.update_now()  # what was imported took time, of which the loop does not know yet
    try:
        with gevent.Timeout(wait_s):
            return environment.create_worker_runner(master.host, master.port)
    except gevent.Timeout:
        sys.exit(
            f"{master.host}:{master.port} must answer within {wait_s:g} s, got nothing: no master, or another token"
        )
