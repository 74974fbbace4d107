"""One run of Locust."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from pytest_mlops.core.errors import MissingExtra, SubprocessError
from pytest_mlops.stages.load.child_run import Job, environment, run_job
from pytest_mlops.stages.load.record import Record, read_lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DRAIN_S = 10.0


@dataclass(frozen=True, kw_only=True)
class LocustPlan:
    """What a run of Locust is asked to do; `spawn_rate` in users a second, times in seconds."""

    locustfile: str
    host: str
    users: int
    spawn_rate: float
    warmup_s: float
    duration_s: float
    seed: int
    allowed_hosts: tuple[str, ...]
    start_s: float
    drain_s: float = DRAIN_S

    @property
    def limit_s(self) -> float:
        """After how many seconds the run is ended by force."""
        return self.start_s + self.users / self.spawn_rate + self.warmup_s + self.duration_s + self.drain_s


def run_locust(
    plan: LocustPlan,
    *,
    folder: Path,
    name: str,
    project: Path,
    progress: Callable[[str], None],
    look: Callable[[], None],
) -> Record:
    """Run a locustfile in a process of its own.

    Raises
    ------
    SubprocessError
        When it ends without a summary, or not in time.
    MissingExtra
        When Locust is not installed.
    """
    job = Job(
        name=name,
        runner="locust_run.py",
        flags=("-P",),
        config=asdict(plan),
        limit_s=plan.limit_s,
        words=f"{plan.users} users for {plan.duration_s:g} s",
    )
    path = os.pathsep.join(filter(None, [str(project), os.environ.get("PYTHONPATH", "")]))
    try:
        records, facts = run_job(job, folder=folder, env=environment(PYTHONPATH=path), progress=progress, look=look)
    except SubprocessError as exc:
        if "No module named 'locust'" in exc.log:
            raise MissingExtra(needs=f"the load on {name}", library="locust", extra="load") from None
        raise
    return read_lines(records, {**facts, "asked_s": plan.duration_s})
