"""One load run: drives Locust as a library in processes of its own and writes down every request.

    python -P locust_run.py CONFIG.json
    python -m pytest_mlops.runners.locust_run --join HOST:PORT --token TOKEN --locustfile FILE [--user-class NAME]
        [--allow HOST] [--wait S]

CONFIG holds `locustfile`, `user_classes` (of it; empty: all), `host`, `users`, `spawn_rate`, `warmup_s`, `duration_s`,
`drain_s`, `seed`, `allowed_hosts` and the paths `records` and `summary` to write. A line of `records` is a JSON list:
when a request was sent, in seconds from the beginning of the measured time, how many seconds it took, the status of its
answer (0: none), its name, and what went wrong. Sockets go to loopback and to `allowed_hosts` alone. The standard
library and Locust.

Where `processes` or `expect_workers` is above 0, this is a master: `locust_master.py` says what it does. `--join` makes
a worker of it, on this machine or another; it ends with the run, and prints in JSON what it did.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from pathlib import Path
from typing import Any

_SPAWN_LIMIT_S = 60.0
_LEAD_S = 0.01
_KEPT = 5


def main() -> None:
    """Run a load, or take part in one."""
    sys.path.append(str(Path(__file__).parents[2]))  # where the tests found us, the interpreter may not
    parser = argparse.ArgumentParser(prog="locust_run")
    parser.add_argument("config", nargs="?")
    parser.add_argument("--worker", type=int, metavar="NUMBER", help="of the processes of the master that started it")
    parser.add_argument("--join", metavar="HOST:PORT", type=_place, help="the master")
    parser.add_argument("--token", help="of the run")
    parser.add_argument("--locustfile", help="the same as the master's")
    parser.add_argument("--user-class", metavar="NAME", action="append", default=[], help="of it; as the master")
    parser.add_argument("--allow", metavar="HOST", action="append", default=[], help="that may be talked to")
    parser.add_argument("--wait", metavar="SECONDS", type=float, default=60.0, help="for the master's answer")
    said = parser.parse_args()
    if said.join and said.token and said.locustfile:
        _join(said)
    elif said.config:
        config = json.loads(Path(said.config).read_text(encoding="utf-8"))
        _run_config(config, said.config, said.worker)
    else:
        parser.error("CONFIG must be given, or --join with --token and --locustfile")


def _place(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise argparse.ArgumentTypeError(f"must be HOST:PORT, got {text!r}")
    return host, int(port)


def _join(said: argparse.Namespace) -> None:
    from pytest_mlops.runners.locust_worker import Master, Worker

    for key in [key for key in os.environ if key.upper().startswith("LOCUST_") or key.lower().endswith("_proxy")]:
        del os.environ[key]  # what steers Locust, or leads through a proxy
    os.environ["NO_PROXY"] = "*"
    host, port = said.join
    locustfile = str(Path(said.locustfile).resolve())
    worker = Worker(locustfile, [*said.allow, host], user_classes=said.user_class)
    print(json.dumps(worker.work(Master(host, port, said.token), said.wait)))


def _run_config(config: dict[str, Any], path: str, number: int | None) -> None:
    if number is not None:
        from pytest_mlops.runners.locust_worker import work_beside

        work_beside(config, number)
    elif config["processes"] or config["expect_workers"]:
        from pytest_mlops.runners.locust_master import lead

        _write_summary(Path(config["summary"]), lead(config, path))
    else:
        _write_summary(Path(config["summary"]), _run_alone(config))


def _run_alone(config: dict[str, Any]) -> dict[str, Any]:
    from pytest_mlops.runners.allowed import Allowed
    from pytest_mlops.runners.locust_log import Lines, Log
    from pytest_mlops.runners.locust_users import load_users

    guard = Allowed.watch(config["allowed_hosts"])
    from locust import events
    from locust.env import Environment

    user_classes = load_users(config["locustfile"], config["user_classes"])
    environment = Environment(user_classes=user_classes, host=config["host"], events=events)
    with Path(config["records"]).open("w", encoding="utf-8") as file:
        lines = Lines(file)
        log = Log(lines)
        events.request.add_listener(log.request)
        events.user_error.add_listener(log.error)
        runner = environment.create_local_runner()
        events.init.fire(environment=environment, runner=runner, web_ui=None)
        random.seed(config["seed"])
        facts = _spawn_and_measure(runner, log, config)
        lines.write()
    return {**facts, "exceptions": log.exceptions, "refused": guard.refused}


def _spawn_and_measure(runner: Any, log: Any, config: dict[str, Any]) -> dict[str, Any]:
    import gevent
    import gevent.event

    from pytest_mlops.runners.locust_users import measure

    gevent.get_hub().loop.update_now()  # what was imported took time, of which the loop does not know yet
    spawned = gevent.event.Event()
    runner.environment.events.spawning_complete.add_listener(lambda **_: spawned.set())
    runner.start(config["users"], spawn_rate=config["spawn_rate"])
    spawned.wait(_SPAWN_LIMIT_S + config["users"] / config["spawn_rate"])
    gevent.sleep(config["warmup_s"])
    print(f"measuring, {runner.user_count} users", flush=True)
    facts = measure(
        runner, log, begun_s=time.time() + _LEAD_S, duration_s=config["duration_s"], drain_s=config["drain_s"]
    )  # fmt: skip
    return {**facts, "users": config["users"], "spawned": spawned.is_set()}


def _write_summary(path: Path, facts: dict[str, Any]) -> None:
    """Write down the facts of a run, of what raised or was refused the most frequent."""
    for key in ("exceptions", "refused"):
        facts[key] = dict(sorted(facts[key].items(), key=lambda item: -item[1])[:_KEPT])
    part = path.with_suffix(".part")
    part.write_text(json.dumps(facts, indent=1), encoding="utf-8")
    part.replace(path)


if __name__ == "__main__":
    main()
