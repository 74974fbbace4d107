"""Gates: rules about the whole run. One that is not met is a failed report of its own, `mlops::gate::NAME`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_mlops.core.record import CheckRecord, GateRecord, short_id
from pytest_mlops.core.stages import STAGES
from pytest_mlops.core.verdict import Verdict
from pytest_mlops.plugin.written import is_asked, personal_data_written

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_mlops.core.plain import Json
    from pytest_mlops.plugin.state import State

_NAMED = 5


def judge_gates(state: State, checks: Sequence[CheckRecord], partial: str, git: Mapping[str, Json]) -> list[GateRecord]:
    """Judge the gates: `evidence` in every profile, `personal_data` where it was looked for, most for a release."""
    gates = [_gate("evidence", "" if checks else "no lifecycle check ran: nothing was proven")]
    if state.profile == "release":
        gates += [
            _gate("stages", _stages_without_evidence(state, checks)),
            _gate("skips", _skipped(checks)),
            _gate("partial", partial and f"partial run: no release verdict ({partial})"),
            _gate("tree", _tree(git)),
        ]
    elif state.profile == "ci" and not partial:
        gates.append(_gate("stages", _stages_without_checks(state, checks)))
    if is_asked(checks):
        gates.append(_gate("personal_data", personal_data_written(state, checks)))
    return gates


def _gate(name: str, reason: str) -> GateRecord:
    return GateRecord(name=name, verdict=(Verdict.FAIL if reason else Verdict.PASS).value, reason=reason)


def _stages_without_evidence(state: State, checks: Sequence[CheckRecord]) -> str:
    proven = {check.stage for check in checks if check.evidence and check.verdict != Verdict.NOT_RUN}
    required = state.configuration.required
    asked = [stage for stage in STAGES if stage != "release"] if required is None else required
    bare = [stage for stage in asked if stage not in proven]
    hint = " Hint: name the stages that this project needs in mlops.toml: required = [...]" if required is None else ""
    return f"no evidence for the required stages {', '.join(bare)}.{hint}" if bare else ""


def _stages_without_checks(state: State, checks: Sequence[CheckRecord]) -> str:
    """Return which required stages have lost their last check: a file was removed, or renamed."""
    declared = {check.stage for check in checks}
    bare = [stage for stage in state.configuration.required or () if stage not in declared]
    return f"no check of the required stages {', '.join(bare)} was found" if bare else ""


def _skipped(checks: Sequence[CheckRecord]) -> str:
    """Return which checks did not run, or may fail by an xfail mark: neither is loosened for a release."""
    excused = [check for check in checks if check.gate == "waived" and check.verdict != Verdict.PASS]
    names = [short_id(check.id) for check in checks if check.verdict == Verdict.NOT_RUN or check in excused]
    named = ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")
    return f"{len(names)} checks did not run or are excused by xfail: {named}" if names else ""


def _tree(git: Mapping[str, Json]) -> str:
    if git["clean"] is None:
        return "no git repository: a release must name its commit"
    return "" if git["clean"] else "the git tree has changes that are not committed"


def emit_failed_gates(config: pytest.Config, session: pytest.Session, gates: Sequence[GateRecord]) -> None:
    """Report each gate that is not met as a failed test, so that terminal, JUnit and annotations show it.

    The exit status follows from the failed report, as it does for every failed test; it is set by hand only because
    pytest reads the count of failures before this hook.
    """
    for gate in gates:
        if gate.verdict != Verdict.PASS:
            config.hook.pytest_runtest_logreport(report=_report(gate))
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _report(gate: GateRecord) -> pytest.TestReport:
    report = pytest.TestReport(
        nodeid=f"mlops::gate::{gate.name}",
        location=("mlops", None, f"gate {gate.name}"),
        keywords={},
        outcome="failed",
        longrepr=f"{gate.name}: {gate.reason}",
        when="call",
    )
    report.mlops_gate = True  # type: ignore[attr-defined]
    return report
