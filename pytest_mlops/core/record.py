"""The run record: all evidence of a run with its provenance. Every report is written from it alone.

The shape is `run-record.schema.json` beside this file: additions only within a major version; a reader
refuses a newer major.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import ToolError
from pytest_mlops.core.plain import Json, plain
from pytest_mlops.core.stages import STAGES
from pytest_mlops.core.verdict import Verdict, combine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

SCHEMA_VERSION = "1.0"


@dataclass(frozen=True, kw_only=True)
class CheckRecord:
    """One test item of the lifecycle: its verdict and all that it judged.

    `gate` is `block`, `warn`, `info` or `waived`. `outcome` is pytest's word. `digests` says what it was about.
    """

    id: str
    stage: str
    verdict: str
    outcome: str
    gate: str = "block"
    reason: str = ""
    rubric: Sequence[str] = ()
    duration_s: float = 0.0
    worker: str = ""
    evidence: Sequence[Mapping[str, Json]] = ()
    digests: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class GateRecord:
    """One rule about the whole run (`stages`, `skips`, `tree`, `partial`): met, or not and why."""

    name: str
    verdict: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class StageRecord:
    """One line a stage: how many checks, the worst verdict, what was measured or why nothing was."""

    stage: str
    verdict: str
    checks: int
    counts: Mapping[str, int]
    measured: str


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """All evidence of a run."""

    profile: str
    seed: int
    command: str
    started: str
    duration_s: float
    partial: str
    provenance: Mapping[str, Json]
    checks: Sequence[CheckRecord]
    gates: Sequence[GateRecord]
    stages: Sequence[StageRecord]
    verdict: str
    verdict_reason: str
    baselines: Mapping[str, Sequence[str]] = field(default_factory=dict)
    schema_version: str = SCHEMA_VERSION

    def to_json(self) -> Json:
        """Return the record in plain JSON types."""
        return plain(asdict(self))


def summarise_stages(checks: Sequence[CheckRecord]) -> list[StageRecord]:
    """Return a line for each stage, in the order of the lifecycle."""
    return [_summarise(stage, [check for check in checks if check.stage == stage]) for stage in STAGES]


def _summarise(stage: str, checks: Sequence[CheckRecord]) -> StageRecord:
    counts = dict(Counter(check.verdict for check in checks))
    counted = [check for check in checks if check.gate == "block"] or checks
    verdict = combine(check.verdict for check in counted)
    worst = next((check for check in counted if check.verdict == verdict), None)
    measured = "" if worst is None else _measured(worst, verdict, checks)
    return StageRecord(stage=stage, verdict=verdict.value, checks=len(checks), counts=counts, measured=measured)


def _measured(worst: CheckRecord, verdict: Verdict, checks: Sequence[CheckRecord]) -> str:
    """Return the first thing that is wrong, or how much of what was measured: `january n = 27,004`."""
    if verdict is not Verdict.PASS:
        told, prefix = (worst.reason.splitlines() or [""])[0], f"{verdict.words}: "
        return told.removeprefix(prefix) if told.startswith(prefix) else f"{short_id(worst.id)}: {told}"
    largest: dict[str, int] = {}
    for evidence in (evidence for check in checks for evidence in check.evidence):
        measurement: Any = evidence["measurement"]
        subject = _short_subject(str(measurement["subject"]))
        largest[subject] = max(largest.get(subject, 0), int(measurement["n"]))
    return ", ".join(f"{subject} n = {largest[subject]:,}" for subject in sorted(largest))


def _short_subject(subject: str) -> str:
    """Return `february` of `february.carrier`, `train` of `package.module:train`; an address as it is."""
    if "://" in subject:
        return subject
    return subject.rpartition(":")[2].partition(".")[0].partition("[")[0]


def short_id(node_id: str) -> str:
    """Return a node id without its file: `test_contract[parity]`; a parameter may hold `::` itself."""
    name, bracket, parameters = node_id.partition("[")
    return name.rpartition("::")[2] + bracket + parameters


def judge_run(checks: Iterable[CheckRecord], gates: Iterable[GateRecord], partial: str) -> tuple[str, str]:
    """Return the verdict of the run and its reason: a partial run has none, a warned check does not count."""
    blocking = [check for check in checks if check.gate == "block"]
    broken = [gate for gate in gates if gate.verdict != Verdict.PASS]
    verdict = combine([*(check.verdict for check in blocking), *(gate.verdict for gate in broken)])
    if not blocking:
        return Verdict.NOT_RUN.value, "no lifecycle check gave evidence"
    if partial and verdict is Verdict.PASS:
        return Verdict.NOT_RUN.value, f"partial run: {partial}"
    reasons = [f"{gate.name}: {gate.reason}" for gate in broken]
    reasons += [f"{short_id(check.id)}: {check.verdict}" for check in blocking if check.verdict == verdict.value]
    return verdict.value, "" if verdict is Verdict.PASS else "; ".join(reasons[:3])


def read_record(path: Path) -> Mapping[str, Json]:
    """Read a `report.json`.

    Raises
    ------
    ToolError
        When it is not a run record, or was written by a newer major version.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        version = str(data["schema_version"])
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise ToolError(f"{path} must be a run record of pytest-mlops, got {type(exc).__name__}: {exc}") from exc
    if int(version.partition(".")[0]) > int(SCHEMA_VERSION.partition(".")[0]):
        raise ToolError(
            f"{path} has schema version {version}, this reader knows {SCHEMA_VERSION}. Hint: upgrade pytest-mlops"
        )
    return data  # type: ignore[no-any-return]
