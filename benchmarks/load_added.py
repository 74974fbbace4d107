"""What our runner adds to each request of Locust: the guard of hosts, and writing the request down.

python benchmarks/load_added.py [--seconds S] [--runs N]

Two runs of Locust differ by more than our runner costs, so that what it adds is measured alone. A process asks a
service as bare as `locust --headless` does: the CPU time a request, and how many audit events the interpreter raises in
it. Then, in the same process, how long our listener takes for such a request, and our hook for such an event. Each run
is a process of its own; medians are printed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
import timeit
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1]))

KINDS = ("FastHttpUser", "HttpUser")
_USERS, _WARMUP_S, _CALLS = 10, 2.0, 100_000


class Asking:
    """Users of Locust who ask a service without a pause; what they told last, and how often."""

    def __init__(self, kind: str, host: str) -> None:
        import locust
        from locust.env import Environment

        class It(getattr(locust, kind)):  # type: ignore[misc]
            wait_time = locust.constant(0)

            @locust.task  # type: ignore[untyped-decorator]
            def ask(self) -> None:
                """Ask once."""
                self.client.post("/", data=b"{}", headers={"Content-Type": "application/json"})

        self.n, self.told = 0, dict[str, Any]()
        locust.events.request.add_listener(self._listen)
        self.runner = Environment(user_classes=[It], host=host, events=locust.events).create_local_runner()
        self.runner.start(_USERS, spawn_rate=_USERS)
        self.go_on(_WARMUP_S)

    def _listen(self, **told: Any) -> None:
        self.n, self.told = self.n + 1, told

    def go_on(self, seconds: float) -> tuple[int, float]:
        """Let them ask for a time; return how many requests there were, and their CPU seconds."""
        import gevent

        n, cpu_s = self.n, time.process_time()
        gevent.sleep(seconds)
        return self.n - n, time.process_time() - cpu_s


def one_run(kind: str, host: str, seconds: float) -> dict[str, float]:
    """Return the microseconds of a request, of our listener and of our hook, and the audit events of a request."""
    asking = Asking(kind, host)
    n, cpu_s = asking.go_on(seconds)
    raised = 0

    def count(_event: str, _arguments: object) -> None:
        nonlocal raised
        raised += 1

    sys.addaudithook(count)
    counted, _ = asking.go_on(1.0)
    events = raised / counted
    asking.runner.quit()
    return {"request_us": 1e6 * cpu_s / n, "events": events, "listener_us": _listener_us(asking.told)}


def _listener_us(told: dict[str, Any]) -> float:
    from pytest_mlops.runners.locust_log import Lines, Log

    with tempfile.TemporaryFile("w") as file:
        log = Log(Lines(file), begun=time.time() - 60, length_s=3600)
        return 1e6 * timeit.timeit(lambda: log.request(**told), number=_CALLS) / _CALLS


def hook_us() -> float:
    """Return what our hook takes for an event, in a process that has no other."""
    from pytest_mlops.runners.allowed import Allowed

    without = timeit.timeit(lambda: id(None), number=_CALLS)
    Allowed.watch([])
    return 1e6 * (timeit.timeit(lambda: id(None), number=_CALLS) - without) / _CALLS


def _of_a_process(*words: str) -> Any:
    done = subprocess.run([sys.executable, __file__, *words], check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main(runs: int, seconds: float) -> None:
    """Print what is added to a request of each kind of user."""
    from pytest_mlops.stages.service import start_service
    from tests.broken_services import queue_service

    hook = statistics.median(_of_a_process("--hook") for _ in range(runs))
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, queue_service.__file__, "--port", "{port}"]
        with start_service(command, name="queue", workdir=Path(folder)) as service:
            for kind in KINDS:
                seen = [_of_a_process("--kind", kind, service.url, str(seconds)) for _ in range(runs)]
                middle = {key: statistics.median(one[key] for one in seen) for key in seen[0]}
                added = middle["listener_us"] + middle["events"] * hook
                print(
                    f"{kind}: {middle['request_us']:.0f} us a request; our listener {middle['listener_us']:.1f} us, "
                    f"{middle['events']:.0f} audit events of {hook:.2f} us: {added / middle['request_us']:+.1%}"
                )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="what our runner adds to each request of Locust")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--hook", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--kind", nargs=3, help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.hook:
        print(json.dumps(hook_us()))
    elif said.kind:
        print(json.dumps(one_run(said.kind[0], said.kind[1], float(said.kind[2]))))
    else:
        main(said.runs, said.seconds)
