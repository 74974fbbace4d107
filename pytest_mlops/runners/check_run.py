"""One load run of a check: a function of the user's, called again and again by users that are threads.

    python -P check_run.py CONFIG.json

CONFIG holds `check` ("package.module:function"), `url`, `users` (threads), `arrivals` (as `open_loop.py` has them),
`warmup_s`, `duration_s`, `drain_s`, `seed`, `allowed_hosts`, and the paths `records` and `summary` to write. A line of
`records` is a JSON list: when a call was due, began and ended, in seconds from the beginning of the measured time
(below 0: warm-up), the status of the last answer that `http.client` saw in it (0: none), and what went wrong. A failing
assert is the call's failure, and its user lives on. Sockets go to loopback and to `allowed_hosts` alone. The standard
library, and what the check imports.
"""

from __future__ import annotations

import importlib
import inspect
import itertools
import json
import os
import random
import re
import sys
import threading
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

_TEXTS, _LETTERS = 20, 120  # different messages that are kept, and how much of each
_KEPT = 5
_SILENT = 1_000  # calls without a request, after which it is known that the check sends none
_ADDRESS = re.compile("0x[0-9a-f]{6,}")  # of an object, which differs from call to call


@dataclass
class Run:
    """Calls the check and writes down each call."""

    config: dict[str, Any]
    check: Callable[[str], object]
    source: str
    traffic: Any
    dues: Iterator[float]
    zero: float
    file: TextIO
    lock: threading.Lock = field(default_factory=threading.Lock)
    flying: dict[int, tuple[float, float]] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)
    dead: int = 0
    held: int = 0
    most: int = 0
    silent: int = 0

    @property
    def end(self) -> float:
        """Return when the measured time ends."""
        return self.zero + float(self.config["duration_s"])

    def user(self) -> None:
        """Call the check until the end (a thread)."""
        try:
            while (due := self._take()) is not None:
                time.sleep(max(due - time.perf_counter(), 0.0))
                self._call(due)
        except BaseException:
            with self.lock:
                self.dead += 1
            raise

    def _take(self) -> float | None:
        with self.lock:
            due = next(self.dues, None)
            if due is None or due >= self.end or self.silent > _SILENT:
                return None
            self.held += due < time.perf_counter() and len(self.flying) == self.config["users"] - 1
            return due

    def _call(self, due: float) -> None:
        self.traffic.begin()
        sent, me = time.perf_counter(), threading.get_ident()
        due = sent if self.config["arrivals"]["kind"] == "closed" else due
        with self.lock:
            self.flying[me] = due, sent
            self.most = max(self.most, len(self.flying))
        try:
            problem, end = self._problem(), None
        except BaseException as exc:  # noqa: BLE001 - sys.exit and the like end this user, but not unseen
            problem, end = f"{type(exc).__name__}: {exc}", exc
        done = time.perf_counter()
        with self.lock:
            if self.flying.pop(me, None) is not None:  # else it was given up
                self.silent += due >= self.zero and not problem and not self.traffic.sent()
                self.write(due, sent, done, problem)
        if end is not None:
            raise end

    def _problem(self) -> str:
        try:
            returned = self.check(self.config["url"])
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as exc:  # noqa: BLE001 - what a check raises is anything, pytest.fail no Exception
            return self._words(exc)
        return "" if returned is None else f"returned {returned!r:.40}: a check asserts, and returns nothing"

    def _words(self, exc: BaseException) -> str:
        """Return what went wrong, so that like failures have one text: the message, or the line of the assert."""
        frames = traceback.extract_tb(exc.__traceback__)
        place = ([frame for frame in frames if frame.filename == self.source] or frames)[-1]
        name = "AssertionError" if isinstance(exc, AssertionError) else type(exc).__name__
        kind = f"{name} at {Path(place.filename).name}:{place.lineno}"
        said = (str(exc).splitlines() or [frames[-1].line or ""])[0]
        text = _ADDRESS.sub("0x", f"{kind}: {said}")[:_LETTERS]
        with self.lock:
            if len(self.texts) >= _TEXTS and text not in self.texts:
                return kind
            self.texts.add(text)
        return text

    def write(self, due: float, sent: float, done: float, problem: str) -> None:
        """Write a call down."""
        times = [round(at - self.zero, 7) for at in (due, sent, done)]
        self.file.write(json.dumps([*times, self.traffic.status(), problem]) + "\n")

    def give_up(self) -> int:
        """Write down what is not done at the end, and return how many calls that are."""
        with self.lock:
            left = [*self.flying.values()]
            self.flying.clear()
            for due, sent in left:
                self.write(due, sent, time.perf_counter(), "not answered at the end")
            self.file.flush()
        return len(left)


def main(config_path: str) -> None:
    """Run the load that a config file describes."""
    config = json.loads(Path(config_path).read_text(encoding="utf-8"))
    sys.path.append(str(Path(__file__).parent))
    from allowed import Allowed  # type: ignore[import-not-found]  # they stand beside this file
    from arrivals import dues  # type: ignore[import-not-found]
    from traffic import Traffic  # type: ignore[import-not-found]

    guard = Allowed.watch(config["allowed_hosts"])
    print(f"importing {config['check']}", flush=True)
    check = _find(*config["check"].split(":"))
    source = inspect.getsourcefile(inspect.unwrap(check)) or ""
    said, begun = config["arrivals"], time.perf_counter()
    at = iter(time.perf_counter, None) if said["kind"] == "closed" else dues(said, begun, random.Random(config["seed"]))  # noqa: S311 - no secret
    print(f"{config['users']} users", flush=True)
    with Path(config["records"]).open("w", encoding="utf-8") as file:
        run = Run(config, check, source, Traffic.watch(config["url"]), at, begun + config["warmup_s"], file)
        facts = _run(run)
    facts |= {
        "refused": dict(itertools.islice(guard.refused.items(), _KEPT)),
        "name": config["check"],
        "file": source,
    }
    path = Path(config["summary"])
    part = path.with_suffix(".part")
    part.write_text(json.dumps(facts), encoding="utf-8")
    part.replace(path)


def _find(module: str, name: str) -> Callable[[str], object]:
    """Return the check; end with what is wrong where it is none."""
    from refusal import refuse  # type: ignore[import-not-found]

    if not __debug__:
        refuse("asserts are switched off (PYTHONOPTIMIZE): no check would fail")
    try:
        check: Any = getattr(importlib.import_module(module), name, None)
    except ModuleNotFoundError as exc:
        if exc.name is None or not f"{module}.".startswith(f"{exc.name}."):
            raise  # what the module itself imports
        refuse(f"check={module}:{name}: there is no module {exc.name!r} in the project or among what is installed")
    if check is None:
        refuse(f"{module} has no {name!r}")
    if not callable(check):
        refuse(f"{module}:{name} must be a function of the service's URL, got {type(check).__name__}")
    if inspect.iscoroutinefunction(check) or inspect.isgeneratorfunction(check):
        refuse(f"{module}:{name} must be a plain function: a coroutine or generator is made, and never run")
    try:
        inspect.signature(check).bind("http://127.0.0.1")
    except (TypeError, ValueError) as exc:
        name_is_test = f"{module}:{name} must be a function of the service's URL alone ({exc})"
        refuse(f"{name_is_test}. {_NO_FIXTURES}")
    if name.startswith("test_"):
        refuse(f"{module}:{name} is a test of pytest's, whose fixtures do not exist here. {_NO_FIXTURES}")
    return check  # type: ignore[no-any-return]


_NO_FIXTURES = "Hint: pytest's fixtures are not for load; a test calls the function with the URL, and so does a user"


def _run(run: Run) -> dict[str, Any]:
    """Let the users run for the planned time, and return the facts of the run."""
    begun_s, cpu = time.time() + run.zero - time.perf_counter(), time.process_time()
    begun = time.perf_counter()
    threads = [threading.Thread(target=run.user, daemon=True) for _ in range(run.config["users"])]
    for thread in threads:
        thread.start()
    while (left_s := run.end - time.perf_counter()) > 0:
        time.sleep(left_s)
    took_s, cpu_s, dead = time.perf_counter() - begun, time.process_time() - cpu, run.dead
    until = time.perf_counter() + run.config["drain_s"]
    for thread in threads:
        thread.join(max(until - time.perf_counter(), 0.0))
    return {
        "duration_s": run.end - run.zero, "cpu_share": cpu_s / took_s, "begun_s": begun_s, "users": len(threads),
        "spawned": True, "alive": len(threads) - dead, "exceptions": {}, "unfinished": run.give_up(),
        "held": run.held, "most_in_flight": run.most, "silent": run.silent,
    }  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # threads that a check left running must not keep the process
