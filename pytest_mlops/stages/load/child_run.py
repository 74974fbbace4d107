"""The process that makes a load: started in a folder of its own, watched, and ended in time."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import DeclarationError, SubprocessError
from pytest_mlops.core.process import Child, environment_without, start

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

RUNNERS = Path(__file__).parents[2] / "runners"
_REFUSED = 78  # the exit code of `runners/refusal.py`
_LOOK_S = 0.1
_SAY_EVERY_S = 5.0


@dataclass(frozen=True, kw_only=True)
class Job:
    """A runner and what it is told.

    Attributes
    ----------
    runner
        A file of `runners/`.
    flags
        Of the interpreter.
    config
        Is written to `config.json`; `records` and `summary`, the paths to write, are added.
    limit_s
        After which the run is ended by force.
    """

    name: str
    runner: str
    flags: Sequence[str]
    config: Mapping[str, Any]
    limit_s: float
    words: str


def run_job(
    job: Job,
    *,
    folder: Path,
    env: Mapping[str, str],
    progress: Callable[[str], None],
    look: Callable[[], None],
    is_enough: Callable[[Path], bool] = lambda _: False,
) -> tuple[Path, dict[str, Any]]:
    """Run a load to its end; return the file of its records and its summary.

    Parameters
    ----------
    look
        Called some ten times a second.
    is_enough
        Says, given the records so far, whether the run may end early.

    Raises
    ------
    DeclarationError
        When the runner refuses what it was told.
    SubprocessError
        When it ends without a summary, or not in time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    records, summary, config = folder / "records", folder / "summary.json", folder / "config.json"
    for path in (records, summary):
        path.unlink(missing_ok=True)
    said = {**job.config, "records": str(records), "summary": str(summary)}
    config.write_text(json.dumps(said), encoding="utf-8")
    command = [sys.executable, *job.flags, str(RUNNERS / job.runner), str(config)]
    with start(command, log=folder / "load.log", env=env, cwd=folder) as child:
        _wait(child, job, records, progress=progress, look=look, is_enough=is_enough)
        if child.returncode == _REFUSED:
            raise DeclarationError(child.log_tail(1))
        if child.returncode != 0 or not summary.exists():
            raise SubprocessError(
                f"the load run on {job.name} must end with a summary, got exit code {child.returncode}",
                log=child.log_tail(50),
            )
    return records, json.loads(summary.read_text(encoding="utf-8"))


def _wait(
    child: Child,
    job: Job,
    records: Path,
    *,
    progress: Callable[[str], None],
    look: Callable[[], None],
    is_enough: Callable[[Path], bool],
) -> None:
    begun, say_at_s = time.monotonic(), _SAY_EVERY_S
    progress(f"{job.name}: load of {job.words}")
    while child.wait(_LOOK_S) is None:
        look()
        gone_s = time.monotonic() - begun
        if gone_s > job.limit_s:
            child.stop(grace_s=0)
            raise SubprocessError(
                f"the load run on {job.name} must end within {job.limit_s:.0f} s, got still running",
                log=child.log_tail(),
            )
        if gone_s > say_at_s:
            say_at_s = gone_s + _SAY_EVERY_S
            progress(f"{job.name}: load runs for {gone_s:.0f} s")
        if records.exists() and is_enough(records):
            progress(f"{job.name}: decided after {gone_s:.0f} s")
            child.stop(grace_s=job.limit_s - gone_s)
            return


def environment(**more: str) -> dict[str, str]:
    """Return our environment without what steers Locust or leads through a proxy."""
    return {**environment_without("LOCUST_"), "PYTHONUNBUFFERED": "1", **more}
