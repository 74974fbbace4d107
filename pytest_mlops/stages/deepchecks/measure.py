"""Measures data by deepchecks: hands them over, runs it in its own interpreter, reads what each check says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.deepchecks import TIMEOUT_S, run_deepchecks
from pytest_mlops.adapters.deepchecks_python import find_python
from pytest_mlops.adapters.frames import digest_data
from pytest_mlops.core.artefact import Artefact
from pytest_mlops.core.measurement import Measurement
from pytest_mlops.core.messages import number
from pytest_mlops.core.result import Result
from pytest_mlops.stages.deepchecks.task import Task, write_job
from pytest_mlops.stages.deepchecks.verdict import NEEDS_THE_MODEL, count_unmet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from pytest_mlops.core.plain import Json
    from pytest_mlops.stages.deepchecks.plan import Plan

_SHOWN = 3  # columns in a note


def measure_deepchecks(
    task: Task,
    plan: Plan,
    *,
    folder: Path,
    python: Path | None = None,
    timeout_s: float = TIMEOUT_S,
    progress: Callable[[str], None] = lambda _: None,
) -> Result:
    """Run the checks of a plan, and measure how many conditions of each are not met: on each side that it looked at.

    `n` counts the conditions that were judged; a check that judged none has no value. NaN where a condition broke.

    Parameters
    ----------
    folder
        Of this run alone, for what is handed over.
    python
        An interpreter with deepchecks; None for the one in the user's cache, which is built where there is none.
    """
    interpreter = find_python(python, progress=progress)
    job, rows = write_job(task, folder)
    show = bool(job["show"])
    progress(f"deepchecks of {task.subject}: {len(plan.checks)} checks")
    answer = run_deepchecks(
        interpreter, {**job, **plan.to_json()}, name=task.subject, folder=folder, timeout_s=timeout_s, progress=progress
    )
    return read_answer(answer, plan, task, rows=rows, hidden=not show)


def read_answer(answer: Mapping[str, Any], plan: Plan, task: Task, *, rows: Mapping[str, int], hidden: bool) -> Result:
    """Return the result of what the runner answered; a check without an answer has a measurement without a value."""
    asked = {check.name: check.to_job() for check in plan.checks}
    entries = [entry for entry in answer["results"] if entry["check"] in asked]
    without = [_missing(name) for name in asked if name not in {entry["check"] for entry in entries}]
    version = str(answer["deepchecks"])
    found = [_measurement(entry, task, rows, version, hidden=hidden) for entry in [*entries, *without]]
    sides = zip(task.names, task.sides, strict=False)
    return Result(
        stage=plan.stage,
        subject=task.subject,
        measurements=tuple(sorted(found, key=lambda one: _place(one, list(asked)))),
        details={"asked": asked, "deepchecks": version, "python": str(answer.get("python"))},
        digests={f"data:{name}": digest_data(getattr(task, side)) for name, side in sides},
    )


def _place(measurement: Measurement, names: Sequence[str]) -> tuple[int, bool]:
    """Return where a measurement stands: deepchecks puts the worst first."""
    return names.index(str(measurement.parameters["check"])), measurement.parameters["side"] == "test"


def _missing(name: str) -> dict[str, Any]:
    words = "its answer has no result of it. Hint: is this another version of deepchecks?"
    failure = {"type": "", "own": True, "text": words}
    return {"check": name, "side": "", "conditions": [], "scores": {}, "failure": failure}


def _measurement(
    entry: Mapping[str, Any], task: Task, rows: Mapping[str, int], version: str, *, hidden: bool
) -> Measurement:
    known = [] if entry["failure"] is not None or entry["check"] in NEEDS_THE_MODEL else entry["conditions"]
    conditions = [condition for condition in known if condition["looked"]]
    unscored = sorted(column or "all columns" for column, (score, _) in entry["scores"].items() if score is None)
    return Measurement(
        name=f"deepchecks.{snake(entry['check'])}",
        subject=task.names[entry["side"] == "test"] if entry["side"] else task.subject,
        value=count_unmet(conditions, unscored) if conditions else None,
        unit="conditions" if conditions else "",
        n=len(conditions),
        method=f"conditions that are not met, of deepchecks {version}",
        parameters={
            "check": entry["check"],
            "side": entry["side"],
            "conditions": conditions,
            "failure": entry["failure"],
            "unscored": unscored,
            "looked_at_nothing": bool(known) and not conditions,
            "hidden": hidden,
            "rows": dict(rows),
        },
        seed=task.seed,
        note=_largest(entry["scores"]),
        artefacts=tuple(_tables(entry["check"], conditions, entry["scores"])),
    )


def snake(name: str) -> str:
    """Return the name of a class as that of a measurement.

    >>> snake("FeatureDrift"), snake("IsSingleValue")
    ('feature_drift', 'is_single_value')
    """
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).removeprefix("_")


def _ranked(scores: Mapping[str, Any]) -> Sequence[tuple[str, float, str]]:
    known = [(column, float(score), method) for column, (score, method) in scores.items() if score is not None]
    return sorted(known, key=lambda one: -one[1])


def _largest(scores: Mapping[str, Any]) -> str:
    words = [f"{column} {number(score)} ({method})".strip() for column, score, method in _ranked(scores)[:_SHOWN]]
    return f"largest drift scores: {', '.join(words)}" if words else ""


def _tables(name: str, conditions: Sequence[Mapping[str, Any]], scores: Mapping[str, Any]) -> Iterable[Artefact]:
    if conditions:
        rows: Json = [[one["name"], one["status"], one["details"]] for one in conditions]
        yield Artefact("table", f"{name}: conditions", {"columns": ["condition", "status", "details"], "rows": rows})
    ranked: Json = [[column, score, method] for column, score, method in _ranked(scores) if column]
    if ranked:
        yield Artefact("table", f"{name}: drift", {"columns": ["column", "drift score", "method"], "rows": ranked})
