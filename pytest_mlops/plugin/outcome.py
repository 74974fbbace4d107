"""From what happened in a test to its verdict, and from the verdict to pytest's outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_mlops.core.baseline import MissingBaseline
from pytest_mlops.core.errors import MissingExtra, RequirementNotMet
from pytest_mlops.core.verdict import Verdict, combine
from pytest_mlops.plugin.recorder import ItemRecorder, recorder_of
from pytest_mlops.report.junit import properties

if TYPE_CHECKING:
    from pytest_mlops.plugin.lifecycle import Check

_NOTHING_JUDGED = "no verdict was recorded. Hint: end the check with require(...) or an assert on a measurement"
_EXCUSED = {"warn": "warned", "info": "recorded"}
_SOFT = (Verdict.INCONCLUSIVE, Verdict.NOT_RUN)


def settle(
    report: pytest.TestReport, item: pytest.Item, call: pytest.CallInfo[None], check: Check, profile: str
) -> None:
    """Give the report of one phase its verdict, evidence and outcome."""
    if report.when != "call" and report.passed:
        return
    recorder = recorder_of(item)
    verdict, reason = _verdict(report, call, recorder)
    gate = "waived" if hasattr(report, "wasxfail") else check.gate
    by_user = report.skipped and gate != "waived"
    if gate != "waived":
        _show(report, item, verdict, reason, gate=gate, keep_skip=by_user and profile != "release", profile=profile)
    found = {
        "id": check.id,
        "stage": check.stage,
        "verdict": verdict.value,
        "outcome": "xfailed" if hasattr(report, "wasxfail") else report.outcome,
        "gate": gate,
        "reason": reason,
        "rubric": list(check.rubric),
        "duration_s": report.duration,
        "evidence": recorder.evidence,
        "digests": recorder.digests,
    }
    report.mlops = found  # type: ignore[attr-defined]
    if recorder.baselines or recorder.references:
        asked = {
            "asked": recorder.baselines,
            "updates": [list(update) for update in recorder.updates],
            "references": [list(reference) for reference in recorder.references],
        }
        report.mlops_baselines = asked  # type: ignore[attr-defined]
    if report.when != "teardown":  # JUnit reads them from the item, once
        item.user_properties.extend(properties(found))


def _verdict(report: pytest.TestReport, call: pytest.CallInfo[None], recorder: ItemRecorder) -> tuple[Verdict, str]:
    recorded = recorder.verdict()
    error = None if call.excinfo is None else call.excinfo.value
    if error is None:
        if not recorder.evidence:
            return Verdict.NOT_RUN, _NOTHING_JUDGED
        return recorded, recorder.red_story()
    return _verdict_of_error(error, report, recorder)


def _verdict_of_error(error: BaseException, report: pytest.TestReport, recorder: ItemRecorder) -> tuple[Verdict, str]:
    recorded = recorder.verdict()
    is_red = bool(recorder.evidence) and recorded is not Verdict.PASS
    if isinstance(error, pytest.skip.Exception):
        return combine([*([recorded] if is_red else []), Verdict.NOT_RUN]), f"skipped: {error}"
    if isinstance(error, MissingExtra | MissingBaseline):
        return Verdict.NOT_RUN, str(error)
    if isinstance(error, RequirementNotMet) or (isinstance(error, AssertionError) and is_red):
        return recorded if is_red else Verdict.FAIL, recorder.red_story() or str(error)
    if isinstance(error, AssertionError | pytest.fail.Exception) and report.when == "call":
        return Verdict.FAIL, f"{type(error).__name__}: {error}".strip().rstrip(":")
    return Verdict.ERROR, f"{report.when} raised {type(error).__name__}: {error}"


def _show(
    report: pytest.TestReport,
    item: pytest.Item,
    verdict: Verdict,
    reason: str,
    *,
    gate: str,
    keep_skip: bool,
    profile: str,
) -> None:
    """Set pytest's outcome. A verdict that is not green never leaves as `passed`."""
    if verdict is Verdict.PASS or keep_skip:
        return
    if gate in _EXCUSED and verdict is not Verdict.ERROR:
        _skip(report, item, reason)
        report.wasxfail = f"{_EXCUSED[gate]}: {reason}"
    elif verdict in _SOFT and profile == "commit":
        _skip(report, item, f"{verdict.words}: {reason}")
    elif not report.failed:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: {verdict.words}\n{reason}"


def _skip(report: pytest.TestReport, item: pytest.Item, reason: str) -> None:
    path, line, _ = item.location
    report.outcome = "skipped"
    report.longrepr = (path, (line or 0) + 1, reason)
