"""One load run: drives Locust as a library in a process of its own and writes down every request.

    python -P locust_run.py CONFIG.json

CONFIG holds `locustfile`, `host`, `users`, `spawn_rate`, `warmup_s`, `duration_s`, `drain_s`, `seed`, `allowed_hosts`
and the paths `records` and `summary` to write. A line of `records` is a JSON list: when a request was sent, in seconds
from the beginning of the measured time, how many seconds it took, the status of its answer (0: none), its name, and
what went wrong. Sockets go to loopback and to `allowed_hosts` alone. The standard library and Locust.
"""

from __future__ import annotations

import json
import random
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

_SPAWN_LIMIT_S = 60.0
_KEPT = 5
_PROBLEM = 120  # letters


@dataclass
class Log:
    """Writes requests down as they end; those that began outside the measured time are left out."""

    file: TextIO
    begun: float = 0.0
    ended: float = 0.0
    exceptions: dict[str, int] = field(default_factory=dict)

    def request(
        self,
        *,
        name: str,
        response_time: float,
        exception: BaseException | None,
        start_time: float | None = None,
        response: object = None,
        **_: object,
    ) -> None:
        """Keep a request (a listener of Locust's `request` event)."""
        took_s = float(response_time or 0.0) / 1000
        start = time.time() - took_s if start_time is None else start_time
        if self.begun and self.begun <= start and (not self.ended or start < self.ended):
            status = int(getattr(response, "status_code", 0) or 0)
            problem = "" if exception is None else f"{type(exception).__name__}: {exception!s}"[:_PROBLEM]
            self.file.write(f"{json.dumps([start - self.begun, took_s, status, str(name), problem])}\n")

    def error(self, *, exception: BaseException, **_: object) -> None:
        """Count an exception in a task (a listener of Locust's `user_error` event)."""
        text = f"{type(exception).__name__}: {exception!s:.200}"
        self.exceptions[text] = self.exceptions.get(text, 0) + 1


def main(config_path: str) -> None:
    """Run the load that a config file describes."""
    config = json.loads(Path(config_path).read_text(encoding="utf-8"))
    sys.path.append(str(Path(__file__).parent))
    from allowed import Allowed  # type: ignore[import-not-found]  # it stands beside this file

    guard = Allowed(frozenset(config["allowed_hosts"])).resolve()
    sys.addaudithook(guard)
    from locust import events
    from locust.env import Environment

    user_classes = _load_users(config["locustfile"])
    environment = Environment(user_classes=user_classes, host=config["host"], events=events)
    log = Log(Path(config["records"]).open("w", encoding="utf-8"))  # noqa: SIM115 - closed when the run is over
    events.request.add_listener(log.request)
    events.user_error.add_listener(log.error)
    runner = environment.create_local_runner()
    events.init.fire(environment=environment, runner=runner, web_ui=None)
    random.seed(config["seed"])
    facts = _run(runner, log, config)
    log.file.close()
    _write_summary(Path(config["summary"]), {**facts, "exceptions": log.exceptions, "refused": guard.refused})


def _load_users(path: str) -> list[Any]:
    from locust.util.load_locustfile import load_locustfile

    users, shapes = load_locustfile(path)
    if shapes:
        sys.exit(f"{path} has a LoadTestShape: the number of users is given by the check. Hint: take it out")
    if not users:
        sys.exit(f"{path} must have a User class, got none")
    return list(users.values())


def _run(runner: Any, log: Log, config: dict[str, Any]) -> dict[str, Any]:
    """Spawn, warm up, measure for the planned time, drain; return the facts of the run."""
    import gevent
    import gevent.event

    gevent.get_hub().loop.update_now()  # what was imported took time, of which the loop does not know yet
    spawned = gevent.event.Event()
    runner.environment.events.spawning_complete.add_listener(lambda **_: spawned.set())
    runner.start(config["users"], spawn_rate=config["spawn_rate"])
    spawned.wait(_SPAWN_LIMIT_S + config["users"] / config["spawn_rate"])
    gevent.sleep(config["warmup_s"])
    print(f"measuring, {runner.user_count} users", flush=True)
    log.begun, cpu, clock = time.time(), time.process_time(), time.perf_counter()
    while (left_s := clock + config["duration_s"] - time.perf_counter()) > 0:
        gevent.sleep(left_s)
    took_s, cpu_s, alive = time.perf_counter() - clock, time.process_time() - cpu, runner.user_count
    log.ended = log.begun + took_s
    unfinished = _drain(runner, config["drain_s"])
    return {
        "duration_s": took_s, "cpu_share": cpu_s / took_s, "users": config["users"], "spawned": spawned.is_set(),
        "alive": alive, "unfinished": unfinished, "begun_s": log.begun,
    }  # fmt: skip


def _drain(runner: Any, limit_s: float) -> int:
    """Let every user end the request that it is in; return how many had to be killed in it."""
    import gevent

    greenlets = list(runner.user_greenlets)
    for greenlet in greenlets:
        gevent.spawn(greenlet.args[0].stop, force=False)
    gevent.joinall(greenlets, timeout=limit_s)
    unfinished = sum(not greenlet.ready() for greenlet in greenlets)
    gevent.killall(greenlets, block=True, timeout=1.0)
    runner.environment.events.test_stopping.fire(environment=runner.environment)
    runner.environment.events.test_stop.fire(environment=runner.environment)
    return unfinished


def _write_summary(path: Path, facts: dict[str, Any]) -> None:
    for key in ("exceptions", "refused"):
        facts[key] = dict(sorted(facts[key].items(), key=lambda item: -item[1])[:_KEPT])
    part = path.with_suffix(".part")
    part.write_text(json.dumps(facts, indent=1), encoding="utf-8")
    part.replace(path)


if __name__ == "__main__":
    main(sys.argv[1])
