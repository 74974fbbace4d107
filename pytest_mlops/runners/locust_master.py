"""The master of a distributed run: starts workers beside it, waits for those elsewhere, and merges what all measured.

Beside what `locust_run.py` describes, its CONFIG holds `processes`, how many workers to start; `expect_workers`, how
many come by themselves; `expect_s`, how long they are waited for; and the paths `join`, where host, port and token are
written for them, and `histograms`, where what they counted is written. It listens at the address `bind`, on one free
port.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlops.runners.allowed import Allowed
from pytest_mlops.runners.histogram import SLOTS, Histograms, middle_ns
from pytest_mlops.runners.locust_lock import Refusals, lock_master
from pytest_mlops.runners.locust_users import load_users
from pytest_mlops.runners.locust_worker import COUNTS, DONE, GONE_S, HELLO, MEASURE, PLAN, digest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LOOK_S = 0.05
_LEAD_S = 1.0  # from the word to measure until it begins, so that all workers have heard it
_SPAWN_LIMIT_S = 60.0
_ROOM_S = 5.0  # for a report, and for the end of a process
_LEAST_S = 1e-9


def lead(config: dict[str, Any], path: str) -> dict[str, Any]:
    """Run the load that a config file describes; return the facts of the run."""
    for old in _parts_of(config):
        old.unlink()
    command = [sys.executable, "-P", str(Path(__file__).with_name("locust_run.py")), path, "--worker"]
    beside = [
        subprocess.Popen([*command, str(number)], stdin=subprocess.PIPE, text=True)
        for number in range(config["processes"])
    ]  # they import while we do
    team = _Team(config, beside)
    team.listen()
    try:
        team.run()
    finally:
        team.end()
    return team.facts()


class _Team:
    """The workers of a run: who came, who is done, and what they counted."""

    def __init__(self, config: dict[str, Any], beside: Sequence[subprocess.Popen[str]]) -> None:
        self.config, self.beside = config, beside
        self.asked = config["processes"] + config["expect_workers"]
        self.joined: dict[str, Any] = {}
        self.done: dict[str, Any] = {}
        self.histograms = Histograms()
        self.spawned, self.begun_s, self.ended = False, 0.0, 0
        self.digest = digest_of(config["locustfile"], config["user_classes"])

    def listen(self) -> None:
        """Open the port, and tell where it is."""
        config = self.config
        self.guard = Allowed.watch(config["allowed_hosts"])
        token = lock_master()
        from locust import events, runners
        from locust.env import Environment

        runners.HEARTBEAT_LIVENESS = GONE_S
        users = load_users(config["locustfile"], config["user_classes"])
        environment = Environment(user_classes=users, host=config["host"], events=events)
        self.runner = runner = environment.create_master_runner(config["bind"], 0)
        runner.master_bind_port = runner.server.port
        self.refusals = Refusals(runner.server.socket)
        runner.register_message(HELLO, self._hello)
        runner.register_message(DONE, self._done)
        events.worker_report.add_listener(self._report)
        events.init.fire(environment=environment, runner=runner, web_ui=None)
        where = json.dumps([config["bind"], runner.server.port, token])
        for worker in self.beside:
            with contextlib.suppress(BrokenPipeError):  # it is gone, which is seen while the workers are waited for
                print(where, file=worker.stdin, flush=True)
        if config["expect_workers"]:
            _write_secret(Path(config["join"]), where)

    def run(self) -> None:
        """Wait for the workers, let them measure, and wait until they are done; end early where that can't be."""
        import gevent

        gevent.get_hub().loop.update_now()  # what was imported took time, of which the loop does not know yet
        config, runner = self.config, self.runner
        if not self._wait(lambda: len(self.joined) >= self.asked, config["expect_s"]) or self.others:
            return
        with gevent.Timeout(_SPAWN_LIMIT_S + config["users"] / config["spawn_rate"], False):  # noqa: FBT003 - gevent's
            runner.start(config["users"], spawn_rate=config["spawn_rate"])
        self.spawned = self._wait(lambda: runner.user_count == config["users"], _ROOM_S)
        self._wait(lambda: False, config["warmup_s"])
        print(f"measuring, {runner.user_count} users of {len(self.joined)} workers", flush=True)
        self.begun_s = time.time() + _LEAD_S
        times = {"duration_s": config["duration_s"], "drain_s": config["drain_s"]}
        runner.send_message(MEASURE, {**times, "begun_s": self.begun_s, "lead_s": _LEAD_S})
        self._wait(lambda: len(self.done) >= len(self.joined), _LEAD_S + sum(times.values()) + _ROOM_S)

    @property
    def others(self) -> int:
        """How many workers have another locustfile, or other users of it."""
        return sum(said["locustfile"] != self.digest for said in self.joined.values())

    def end(self) -> None:
        """Let all workers end, those beside by force where they don't."""
        self.ended = sum(worker.poll() is not None for worker in self.beside)  # by themselves
        self.runner.quit()
        deadline = time.monotonic() + _ROOM_S
        for worker in self.beside:
            try:
                worker.wait(max(deadline - time.monotonic(), _LOOK_S))
            except subprocess.TimeoutExpired:
                worker.kill()

    def facts(self) -> dict[str, Any]:
        """Merge what the workers wrote, and return the facts of the run."""
        done, config = [*self.done.values()], self.config
        with Path(config["records"]).open("wb") as file:
            for part in _parts_of(config):
                lines = part.read_bytes()
                file.write(lines[: lines.rfind(b"\n") + 1])  # of a worker that was killed the last is not whole
                part.unlink()
        rows = [[*kind, [[middle_ns(bin_), n] for bin_, n in counts]] for *kind, counts in self.histograms.take()]
        Path(config["histograms"]).write_text(json.dumps(rows), encoding="utf-8")
        total = {key: sum(one[key] for one in done) for key in ("alive", "unfinished", "requests")}
        team = {
            "asked": self.asked, "joined": len(self.joined), "done": len(done), "others": self.others,
            "ended": self.ended, "expected": config["expect_workers"], "waited_s": config["expect_s"],
            "refused": self.refusals.count(), "late": sum(one["late_s"] > 0 for one in done),
            "requests": total.pop("requests"),
        }  # fmt: skip
        return {
            **total, "team": team, "users": config["users"], "spawned": self.spawned, "begun_s": self.begun_s,
            "duration_s": min((one["duration_s"] for one in done), default=0.0) or _LEAST_S,
            "cpu_share": max((one["cpu_share"] for one in done), default=0.0),
            "own_cpu_s": sum(one["cpu_s"] for one in done if one["is_beside"]),
            "slot_s": config["duration_s"] / SLOTS if config["expect_workers"] else 0.0,
            "exceptions": _added(one["exceptions"] for one in done),
            "refused": _added([self.guard.refused, *(one["refused"] for one in done)]),
        }  # fmt: skip

    def _wait(self, is_true: Callable[[], bool], limit_s: float) -> bool:
        """Wait until something is true, for a time, or while the workers are who they must be; say if it is true."""
        import gevent

        end = time.monotonic() + limit_s
        while not is_true() and not self._is_broken() and time.monotonic() < end:
            gevent.sleep(_LOOK_S)
        return is_true()

    def _is_broken(self) -> bool:
        """Say whether a worker is gone, or one too many came."""
        from locust.runners import STATE_MISSING

        clients = self.runner.clients
        lost = any(one not in clients or clients[one].state == STATE_MISSING for one in self.joined)
        return lost or len(self.joined) > self.asked or any(worker.poll() is not None for worker in self.beside)

    def _hello(self, *, msg: Any, **_: object) -> None:
        self.joined[msg.node_id] = msg.data
        plan = {"seed": self.config["seed"], "duration_s": self.config["duration_s"]}
        self.runner.send_message(PLAN, plan, client_id=msg.node_id)

    def _report(self, *, data: dict[str, Any], **_: object) -> None:
        self.histograms.merge(data.get(COUNTS, []))

    def _done(self, *, msg: Any, **_: object) -> None:
        self.histograms.merge(msg.data.pop(COUNTS))
        self.done[msg.node_id] = msg.data


def _parts_of(config: dict[str, Any]) -> list[Path]:
    """Return the files of the workers beside us."""
    records = Path(config["records"])
    return sorted(records.parent.glob(f"{records.name}.*"))


def _added(counts: Any) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return dict(total)


def _write_secret(path: Path, text: str) -> None:
    """Write a file that nobody else may read, and that is never half there."""
    part = path.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    part.replace(path)
