"""One load run as a child process, and what it wrote down."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.core.errors import MissingExtra, SubprocessError
from pytest_mlops.core.process import Child, start

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

_RUNNER = Path(__file__).parents[2] / "runners" / "locust_run.py"
_START_LIMIT_S = 120.0  # imports and users' on_start
_SAY_EVERY_S = 5.0
DRAIN_S = 10.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a load run is asked to do; `spawn_rate` in users a second, times in seconds."""

    locustfile: str
    host: str
    users: int
    spawn_rate: float
    warmup_s: float
    duration_s: float
    seed: int
    allowed_hosts: tuple[str, ...]
    drain_s: float = DRAIN_S

    @property
    def limit_s(self) -> float:
        """After how many seconds the run is ended by force."""
        return _START_LIMIT_S + self.users / self.spawn_rate + self.warmup_s + self.duration_s + self.drain_s


@dataclass(frozen=True, kw_only=True)
class Record:
    """Every request of the measured time in the order of its start, and the facts of the run.

    Attributes
    ----------
    start_s, latency_ms, failed
        One a request.
    """

    start_s: NDArray[np.float64]
    latency_ms: NDArray[np.float64]
    failed: NDArray[np.bool_]
    facts: Mapping[str, Any]


def run_load(plan: Plan, *, workdir: Path, name: str, project: Path, progress: Callable[[str], None]) -> Record:
    """Run a load in a process of its own, in a folder of its own.

    Raises
    ------
    SubprocessError
        When it ends without a summary, or not in time.
    MissingExtra
        When Locust is not installed.
    """
    folder = workdir / f"load-{name}"
    folder.mkdir(parents=True, exist_ok=True)
    requests, summary, config = folder / "requests.jsonl", folder / "summary.json", folder / "config.json"
    summary.unlink(missing_ok=True)
    config.write_text(
        json.dumps({**asdict(plan), "requests": str(requests), "summary": str(summary)}), encoding="utf-8"
    )
    command = [sys.executable, "-P", str(_RUNNER), str(config)]
    with start(command, log=folder / "locust.log", env=_environment(project), cwd=folder) as child:
        _wait(child, plan, name, progress)
        if child.returncode != 0 or not summary.exists():
            raise _failure(child, name)
    return _read(requests, json.loads(summary.read_text(encoding="utf-8")))


def _environment(project: Path) -> dict[str, str]:
    """Return our environment without what steers Locust or leads through a proxy, with the project importable."""
    kept = {key: value for key, value in os.environ.items() if not key.upper().startswith("LOCUST_")}
    kept = {key: value for key, value in kept.items() if not key.lower().endswith("_proxy")}
    path = os.pathsep.join(filter(None, [str(project), kept.get("PYTHONPATH", "")]))
    return {**kept, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", "NO_PROXY": "*"}


def _wait(child: Child, plan: Plan, name: str, progress: Callable[[str], None]) -> None:
    begun = time.monotonic()
    progress(f"{name}: load of {plan.users} users for {plan.duration_s:g} s")
    while child.wait(_SAY_EVERY_S) is None:
        gone_s = time.monotonic() - begun
        if gone_s > plan.limit_s:
            child.stop(grace_s=0)
            raise SubprocessError(
                f"the load run on {name} must end within {plan.limit_s:.0f} s, got still running", log=child.log_tail()
            )
        progress(f"{name}: load runs for {gone_s:.0f} s, of about {plan.warmup_s + plan.duration_s:.0f} s")


def _failure(child: Child, name: str) -> Exception:
    log = child.log_tail(50)
    if "No module named 'locust'" in log:
        return MissingExtra(needs=f"the load on {name}", library="locust", extra="load")
    return SubprocessError(f"the load run on {name} must end with a summary, got exit code {child.returncode}", log=log)


def _read(requests: Path, facts: Mapping[str, Any]) -> Record:
    lines = [json.loads(line) for line in requests.read_text(encoding="utf-8").splitlines()]
    table = np.array([line[:3] for line in lines], dtype=np.float64).reshape(-1, 3)
    table = table[np.argsort(table[:, 0], kind="stable")]
    return Record(start_s=table[:, 0], latency_ms=table[:, 1], failed=table[:, 2] > 0, facts=facts)
