"""One load run: drives Locust as a library in a process of its own and writes down every request.

    python -P locust_run.py CONFIG.json

CONFIG holds `locustfile`, `host`, `users`, `spawn_rate`, `warmup_s`, `duration_s`, `drain_s`, `seed`, `allowed_hosts`
and the paths `requests` and `summary` to write. A line of `requests` is a JSON list: start in seconds from the
beginning of the measured time, latency in milliseconds, whether it failed, name. Sockets go to loopback and to
`allowed_hosts` alone. The standard library and Locust.
"""

from __future__ import annotations

import ipaddress
import json
import random
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

_SPAWN_LIMIT_S = 60.0
_KEPT = 5


class AddressRefusedError(OSError):
    """The run may not talk to this address."""


@dataclass
class Guard:
    """Refuses every address that is neither loopback nor allowed by name."""

    names: frozenset[str]
    addresses: frozenset[str] = frozenset()
    refused: dict[str, int] = field(default_factory=dict)

    def resolve(self) -> Guard:
        """Return a guard that knows the addresses of its names too."""
        known = {str(entry[4][0]) for name in self.names for entry in socket.getaddrinfo(name, None)}
        return Guard(self.names, frozenset(known))

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Look at an audit event of the interpreter; raise to stop what it announces."""
        if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
            address = arguments[1]
            host = address[0] if isinstance(address, tuple) else None  # a path is a Unix socket, None is connected
        elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
            host = arguments[0]
        else:
            return
        host = host.decode() if isinstance(host, bytes) else host
        if host is not None and not self.allows(host):
            self.refused[host] = self.refused.get(host, 0) + 1
            raise AddressRefusedError(f"{host} is neither loopback nor an allowed host")

    def allows(self, host: str) -> bool:
        """Say whether a name or an address may be talked to."""
        try:
            return ipaddress.ip_address(host).is_loopback or host in self.addresses
        except ValueError:
            return host in self.names or host in {"", "localhost"}


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
        **_: object,
    ) -> None:
        """Keep a request (a listener of Locust's `request` event)."""
        took_ms = float(response_time or 0.0)
        start = time.time() - took_ms / 1000 if start_time is None else start_time
        if self.begun and self.begun <= start and (not self.ended or start < self.ended):
            self.file.write(f"{json.dumps([start - self.begun, took_ms, exception is not None, str(name)])}\n")

    def error(self, *, exception: BaseException, **_: object) -> None:
        """Count an exception in a task (a listener of Locust's `user_error` event)."""
        text = f"{type(exception).__name__}: {exception!s:.200}"
        self.exceptions[text] = self.exceptions.get(text, 0) + 1


def main(config_path: str) -> None:
    """Run the load that a config file describes."""
    config = json.loads(Path(config_path).read_text(encoding="utf-8"))
    guard = Guard(frozenset(config["allowed_hosts"])).resolve()
    sys.addaudithook(guard)
    from locust import events
    from locust.env import Environment

    user_classes = _load_users(config["locustfile"])
    environment = Environment(user_classes=user_classes, host=config["host"], events=events)
    log = Log(Path(config["requests"]).open("w", encoding="utf-8"))  # noqa: SIM115 - closed when the run is over
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
        "alive": alive, "unfinished": unfinished,
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
