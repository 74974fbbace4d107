"""Hooks of the process that writes: it gathers the verdicts, judges the gates, and writes the report."""

from __future__ import annotations

import shlex
import shutil
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.core.errors import ToolError
from pytest_mlops.core.provenance import describe_environment, describe_host
from pytest_mlops.core.record import CheckRecord, RunRecord, judge_run, summarise_stages
from pytest_mlops.core.verdict import combine
from pytest_mlops.plugin.baselines import BaselineKeeper
from pytest_mlops.plugin.checks import ChecksPlugin
from pytest_mlops.plugin.gates import emit_failed_gates, judge_gates
from pytest_mlops.plugin.selection import why_partial
from pytest_mlops.report.files import write_reports
from pytest_mlops.report.terminal import summary_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_mlops.plugin.state import State

_ONLY_LOOKING = ("collectonly", "showfixtures", "show_fixtures_per_test")  # no check is meant to run
_FINISHED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)


class ControllerPlugin:
    """The only writer of a run."""

    def __init__(self, config: pytest.Config, state: State) -> None:
        self._config = config
        self._state = state
        self._checks: dict[str, dict[str, Any]] = {}
        self._collected: dict[str, str] = {}
        self._deselected: set[str] = set()
        self._unexplained: list[pytest.TestReport] = []
        self._lost_workers = 0
        self._started, self._clock = datetime.now(UTC), time.monotonic()
        # Taken at the start: what the run itself does must not count.
        self._git = state.git
        self._record: Mapping[str, Any] | None = None
        self._missing: list[str] = []
        self._emitting = False
        self._baselines = BaselineKeeper(state.root / state.configuration.baselines, state.root)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather the verdict of a check; the worst of its phases counts."""
        found: dict[str, Any] | None = getattr(report, "mlops", None)
        if found is not None:
            self._keep(found, report)
            self._baselines.gather(report, found["id"])
        elif report.failed:
            self._unexplained.append(report)

    def _keep(self, found: dict[str, Any], report: pytest.TestReport) -> None:
        worker = getattr(getattr(report, "node", None), "gateway", None)
        found = {"outcome": "failed", "reason": "the process that ran it crashed", "evidence": []} | found
        found["worker"] = worker.id if worker is not None else ""
        earlier = self._checks.get(found["id"])
        if earlier is not None and combine([earlier["verdict"], found["verdict"]]) == earlier["verdict"]:
            return
        if earlier is not None:
            found["evidence"] = found["evidence"] or earlier["evidence"]
        self._checks[found["id"]] = found

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Give an xdist worker the folder of this run."""
        node.workerinput["mlops_run_dir"] = str(self._state.run_dir)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Learn what an xdist worker collected and left out."""
        output = getattr(node, "workeroutput", {}).get("mlops")
        if output is None:
            self._lost_workers += 1
            return
        self._collected.update(output["collected"])
        self._deselected.update(output["deselected"])

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Judge the gates, show those that failed as failed reports, and write the report."""
        config = self._config
        if any(config.getoption(name) for name in _ONLY_LOOKING):
            return
        self._learn_own_collection()
        checks = [CheckRecord(**check) for _, check in sorted(self._checks.items())]
        partial = why_partial(
            config,
            self._state,
            vanished=len(self._collected.keys() - self._checks.keys()),
            deselected=len(self._deselected),
            lost_workers=self._lost_workers,
            interrupted=exitstatus not in (*_FINISHED, pytest.ExitCode.NO_TESTS_COLLECTED),
        )
        gates = judge_gates(self._state, checks, partial, self._git)
        if exitstatus in _FINISHED:
            self._emitting = True
            emit_failed_gates(config, session, gates)
            self._emitting = False
        record = self._build(checks, gates, partial)
        self._record = record.to_json()  # type: ignore[assignment]
        try:
            self._missing = list(write_reports(self._record, self._state.report_dir).missing)  # type: ignore[arg-type]
        except ToolError as exc:
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
            self._missing = [f"the report could not be written: {exc}"]

    def _learn_own_collection(self) -> None:
        own = self._config.pluginmanager.getplugin("mlops-checks")
        if isinstance(own, ChecksPlugin):
            self._collected.update(own.collected)
            self._deselected.update(own.deselected)
        for report in self._unexplained:  # the process of a check died: xdist reports for it, without a verdict
            if report.nodeid in self._collected:
                self._keep({"id": report.nodeid, "stage": self._collected[report.nodeid], "verdict": "error"}, report)

    def _build(self, checks: list[CheckRecord], gates: list[Any], partial: str) -> RunRecord:
        subjects = {name: digest for check in checks for name, digest in sorted(check.digests.items())}
        verdict, reason = judge_run(checks, gates, partial)
        return RunRecord(
            profile=self._state.profile,
            seed=self._state.seed,
            command=shlex.join(["pytest", *self._config.invocation_params.args]),
            started=self._started.isoformat(timespec="seconds"),
            duration_s=round(time.monotonic() - self._clock, 3),
            partial=partial,
            provenance={
                "git": self._git,
                "environment": describe_environment(),
                "host": describe_host(),
                "subjects": subjects,
            },
            checks=checks,
            gates=gates,
            stages=summarise_stages(checks),
            verdict=verdict,
            verdict_reason=reason,
            baselines=self._baselines.finish({check.id: check.verdict for check in checks}, is_whole=not partial),
        )

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Show the summary; under `-q` the verdict line alone."""
        if self._record is None:
            return
        quiet = self._config.get_verbosity() < 0
        if not quiet:
            terminalreporter.write_sep("=", f"mlops: {self._state.profile}")
        shown = self._state.report_dir
        folder = str(shown.relative_to(self._state.root)) if shown.is_relative_to(self._state.root) else str(shown)
        for line in summary_lines(self._record, width=terminalreporter._tw.fullwidth, report_dir=folder, quiet=quiet):  # noqa: SLF001
            terminalreporter.write_line(line)
        for sentence in self._missing:
            terminalreporter.write_line(sentence)

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Remove the folder of the run."""
        shutil.rmtree(self._state.run_dir, ignore_errors=True)

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Count a failed gate as failed without moving the progress bar past 100 %."""
        return ("failed", "", "") if self._emitting and getattr(report, "mlops_gate", False) else None
