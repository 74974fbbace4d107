"""The users of a locustfile: read, measured for a time, and ended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

    from pytest_mlops.runners.locust_log import Log

_LEAST_S = 1e-9


def load_users(path: str, user_classes: Collection[str]) -> list[Any]:
    """Return the users of a locustfile, of those names where any are given, or end the run."""
    from locust.util.load_locustfile import load_locustfile

    from pytest_mlops.runners.refusal import refuse

    *_, users, shapes = load_locustfile(path)  # some versions return the docstring before them
    if shapes:
        refuse(f"{path} has a LoadTestShape: the number of users is given by the check. Hint: take it out")
    if not users:
        refuse(f"{path} must have a User class, got none")
    for name in user_classes:
        if name not in users:
            refuse(f"user_classes must be of {', '.join(sorted(users))} ({path}), got {name!r}")
    return [user for name, user in users.items() if not user_classes or name in user_classes]


def measure(runner: Any, log: Log, *, begun_s: float, duration_s: float, drain_s: float) -> dict[str, Any]:
    """Let users that are spawned and warm be measured from some time on; drain; return the facts."""
    import gevent

    log.begun, log.length_s = begun_s, duration_s
    lead_s = begun_s - time.time()
    end = time.perf_counter() + lead_s + duration_s
    gevent.sleep(max(lead_s, 0.0))
    cpu, clock = time.process_time(), time.perf_counter()
    while (left_s := end - time.perf_counter()) > 0:
        gevent.sleep(left_s)
    took_s, cpu_s, alive = time.perf_counter() - clock, time.process_time() - cpu, runner.user_count
    unfinished = _drain(runner, drain_s)
    return {
        "duration_s": duration_s, "late_s": max(-lead_s, 0.0), "cpu_s": cpu_s,
        "cpu_share": cpu_s / max(took_s, _LEAST_S), "alive": alive, "unfinished": unfinished, "begun_s": begun_s,
    }  # fmt: skip


def _drain(runner: Any, limit_s: float) -> int:
    """Let every user end the request that it is in; return how many had to be killed in it."""
    import gevent
    from locust.runners import STATE_STOPPED

    greenlets = list(runner.user_greenlets)
    for greenlet in greenlets:
        gevent.spawn(greenlet.args[0].stop, force=False)
    gevent.joinall(greenlets, timeout=limit_s)
    unfinished = sum(not greenlet.ready() for greenlet in greenlets)
    gevent.killall(greenlets, block=True, timeout=1.0)
    runner.environment.events.test_stopping.fire(environment=runner.environment)
    runner.environment.events.test_stop.fire(environment=runner.environment)
    runner.update_state(STATE_STOPPED)  # Locust would else say both once more
    return unfinished
