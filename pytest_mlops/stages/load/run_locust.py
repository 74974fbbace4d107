"""One run of Locust."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import MissingExtra, SubprocessError
from pytest_mlops.stages.load.child_run import Job, environment, run_job
from pytest_mlops.stages.load.histograms import read_histograms
from pytest_mlops.stages.load.record import Record, read_lines
from pytest_mlops.stages.load.team import Announcement, Team

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, kw_only=True)
class LocustPlan:
    """What a run of Locust is asked to do; `spawn_rate` in users a second, times in seconds, no `user_classes`: all."""

    locustfile: str
    host: str
    users: int
    spawn_rate: float
    warmup_s: float
    duration_s: float
    seed: int
    allowed_hosts: tuple[str, ...]
    start_s: float
    drain_s: float
    user_classes: tuple[str, ...] = ()
    team: Team = field(default_factory=Team)

    @property
    def limit_s(self) -> float:
        """After how many seconds the run is ended by force."""
        joined_s = self.team.expect_s if self.team.size else 0.0
        start_s = self.start_s + joined_s + self.users / self.spawn_rate
        return start_s + self.warmup_s + self.duration_s + self.drain_s

    def config(self, folder: Path) -> dict[str, Any]:
        """Return what the runner is told."""
        plan = asdict(self)
        return {
            **plan,
            **plan.pop("team"),
            "join": str(folder / "join.json"),
            "histograms": str(folder / "histograms.json"),
        }


def run_locust(
    plan: LocustPlan,
    *,
    folder: Path,
    name: str,
    project: Path,
    progress: Callable[[str], None],
    tell: Callable[[str], None],
    look: Callable[[], None],
) -> Record:
    """Run a locustfile in processes of its own.

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
        config=plan.config(folder),
        limit_s=plan.limit_s,
        words=f"{plan.users} users for {plan.duration_s:g} s",
    )
    file = Path(plan.locustfile)
    shown = file.relative_to(project) if file.is_relative_to(project) else file
    joins = Announcement(
        path=folder / "join.json", tell=tell, name=name, team=plan.team, locustfile=str(shown),
        allowed_hosts=plan.allowed_hosts, user_classes=plan.user_classes,
    )  # fmt: skip
    joins.path.unlink(missing_ok=True)

    def look_at_all() -> None:
        look()
        joins.look()

    path = os.pathsep.join(filter(None, [str(project), os.environ.get("PYTHONPATH", "")]))
    try:
        records, facts = run_job(
            job, folder=folder, env=environment(PYTHONPATH=path), progress=progress, look=look_at_all
        )
    except SubprocessError as exc:
        if "No module named 'locust'" in exc.log:
            raise MissingExtra(needs=f"the load on {name}", library="locust", extra="load") from None
        raise
    slot_s = facts.get("slot_s", 0.0)
    counted = read_histograms(folder / "histograms.json", slot_s, plan.seed) if slot_s else []
    return read_lines(records, {**facts, "asked_s": plan.duration_s}, counted)
