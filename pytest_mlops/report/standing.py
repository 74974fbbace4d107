"""Where a run stands: its stages, and the checks that are red or excused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_mlops.core.record import short_id
from pytest_mlops.core.stages import STAGES
from pytest_mlops.core.verdict import Verdict
from pytest_mlops.report.text import fit, one_line

Record = Mapping[str, Any]
Check = Mapping[str, Any]

_WORST_FIRST = (Verdict.ERROR, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.NOT_RUN)


@dataclass(frozen=True, kw_only=True)
class StageRow:
    """One stage as the table shows it; `words` is the verdict with the count of what is red."""

    stage: str
    checks: int
    verdict: str
    words: str
    measured: str

    @property
    def is_silent(self) -> bool:
        """Say whether there is nothing to tell but that it did not run."""
        return not self.checks and not self.measured


# The gates of checks that need not be green, and the word for one that is not.
EXCUSED = {"waived": "waived", "warn": "warned", "info": "recorded"}


def red_checks(record: Record) -> list[Check]:
    """Return the checks that count and are not green, the worst first, then as the lifecycle goes."""
    red = [check for check in record["checks"] if check["gate"] == "block" and check["verdict"] != Verdict.PASS]
    return sorted(red, key=lambda check: (_WORST_FIRST.index(check["verdict"]), STAGES.index(check["stage"])))


def excused_checks(record: Record, gate: str) -> list[Check]:
    """Return the checks that are not green but do not count, of one gate of `EXCUSED`."""
    return [check for check in record["checks"] if check["gate"] == gate and check["verdict"] != Verdict.PASS]


def failed_gates(record: Record) -> list[Mapping[str, Any]]:
    """Return the gates that are not met."""
    return [gate for gate in record["gates"] if gate["verdict"] != Verdict.PASS]


def verdict_words(verdict: str) -> str:
    """Return a verdict as a reader sees it: `not run`."""
    return Verdict(verdict).words


def stage_rows(record: Record) -> list[StageRow]:
    """Return a row for each stage, in the order of the record."""
    return [_stage_row(stage, record) for stage in record["stages"]]


def _stage_row(stage: Mapping[str, Any], record: Record) -> StageRow:
    checks = [check for check in record["checks"] if check["stage"] == stage["stage"]]
    measured = one_line(stage["measured"])
    words = _words(stage["verdict"], checks)
    if stage["stage"] == "release" and not checks and record["partial"]:
        words, measured = "no verdict", f"partial run: {one_line(record['partial'])}"
    excused = _excuse(checks)
    return StageRow(
        stage=stage["stage"],
        checks=stage["checks"],
        verdict=stage["verdict"],
        words=words,
        measured=f"{excused}: {measured}" if excused and not measured.startswith(excused) else measured,
    )


def _words(verdict: str, checks: Sequence[Check]) -> str:
    """Return `fail 2`: how many checks that count have the verdict, or how many at all where none counts."""
    if verdict not in (Verdict.FAIL, Verdict.ERROR):
        return verdict_words(verdict)
    alike = [check for check in checks if check["verdict"] == verdict]
    counting = [check for check in alike if check["gate"] == "block"]
    return f"{verdict} {len(counting or alike)}"


def _excuse(checks: Sequence[Check]) -> str:
    """Return why a stage that is not green does not count: a word of `EXCUSED`, or nothing."""
    gates = {check["gate"] for check in checks}
    if not checks or "block" in gates or all(check["verdict"] == Verdict.PASS for check in checks):
        return ""
    return EXCUSED[gates.pop()] if len(gates) == 1 else EXCUSED["warn"]


def tally(record: Record) -> str:
    """Return the checks counted by verdict: `2 of 4 checks pass, 1 fail, 1 warned`."""
    checks = record["checks"]
    green = sum(check["verdict"] == Verdict.PASS for check in checks)
    red = [check["verdict"] for check in red_checks(record)]
    parts = [f"{green:,} of {len(checks):,} checks pass"]
    parts += [f"{red.count(verdict):,} {verdict.words}" for verdict in _WORST_FIRST if verdict in red]
    excused = {word: len(excused_checks(record, gate)) for gate, word in EXCUSED.items()}
    return ", ".join([*parts, *(f"{count:,} {word}" for word, count in excused.items() if count)])


def reason_of_run(record: Record) -> str:
    """Return why the run has its verdict: the record's own reason, or what passed."""
    return one_line(record["verdict_reason"]) or tally(record)


def name_of(check: Check) -> str:
    """Return the short name of a check, on one line."""
    return one_line(short_id(fit(check["id"])))
