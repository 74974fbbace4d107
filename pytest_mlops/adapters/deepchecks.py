"""deepchecks: a job for its runner, which runs in an interpreter of its own; its objects and exceptions stop there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.deepchecks_python import RUNNER, environment
from pytest_mlops.core.errors import SubprocessError, ToolError
from pytest_mlops.core.process import Child, start

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

TIMEOUT_S = 600.0
_SAY_EVERY_S = 5.0
_TAIL = 20  # lines of a log


def run_deepchecks(
    python: Path,
    job: Mapping[str, Any],
    *,
    name: str,
    folder: Path,
    timeout_s: float = TIMEOUT_S,
    progress: Callable[[str], None] = lambda _: None,
) -> Mapping[str, Any]:
    """Run a job of `runners/deepchecks_run.py`, and return its answer.

    Parameters
    ----------
    job
        As the runner says it, but for the path of the answer. The log, which may quote values, is shown
        where the job's `show` is true.

    Raises
    ------
    ToolError
        When there is no deepchecks in the interpreter, or it refuses the data as a whole.
    SubprocessError
        When it ends without an answer that can be read, or not in time; it is ended then, with all it started.
    """
    answer, job_file = folder / "answer.json", folder / "job.json"
    job_file.write_text(json.dumps({**job, "answer": str(answer)}), encoding="utf-8")
    command = [str(python), "-I", "-B", str(RUNNER), str(job_file)]
    with start(command, log=folder / "deepchecks.log", env=environment(), cwd=folder) as child:
        _wait(child, name, timeout_s, progress, show=bool(job["show"]))
        log = _log_of(child, show=bool(job["show"]))
        if child.returncode != 0 or not answer.exists():
            raise SubprocessError(
                f"deepchecks of {name} must end with an answer, got exit code {child.returncode}. {_hint(log)}", log=log
            )
    return _read(answer, python, name)


def _wait(child: Child, name: str, timeout_s: float, progress: Callable[[str], None], *, show: bool) -> None:
    waited_s = 0.0
    while child.wait(min(_SAY_EVERY_S, timeout_s - waited_s)) is None:
        waited_s += _SAY_EVERY_S
        if waited_s >= timeout_s:
            child.stop(grace_s=0)
            raise SubprocessError(
                f"deepchecks of {name} must end within {timeout_s:g} s, got still running. Hint: ask for fewer checks, "
                "or allow it more time: timeout='20min'",
                log=_log_of(child, show=show),
            )
        progress(f"deepchecks of {name} runs for {waited_s:.0f} s")


def _log_of(child: Child, *, show: bool) -> str:
    return child.log_tail(_TAIL) if show else ""


def _hint(log: str) -> str:
    return "Hint: its log says why" if log else "Hint: show_details=True shows its log, which may quote values"


def _read(path: Path, python: Path, name: str) -> Mapping[str, Any]:
    try:
        answer = json.loads(path.read_text(encoding="utf-8"))
        failure, _ = answer["failure"], [(entry["check"], entry["conditions"]) for entry in answer["results"]]
    except (ValueError, TypeError, KeyError) as exc:
        raise SubprocessError(
            f"deepchecks of {name} must end with an answer in JSON, got one that can't be read ({type(exc).__name__})"
        ) from exc
    if failure is None:
        found: Mapping[str, Any] = answer
        return found
    if failure["missing"] is not None:
        raise ToolError(
            f"{python} has no module {failure['missing']!r}. Hint: install deepchecks==0.19.1 and pyarrow into it, or "
            "leave deepchecks_python out: one is built then"
        )
    words = failure["text"] or "its words may hold values. Hint: show_details=True shows them"
    raise ToolError(f"deepchecks ran no check of {name}, but stopped: {failure['type']}: {words}")
