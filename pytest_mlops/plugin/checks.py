"""Hooks of every process that runs tests: which checks there are, and the verdict of each."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.core.errors import MlopsError
from pytest_mlops.core.stages import COMMIT_STAGES
from pytest_mlops.plugin.lifecycle import CHECK, describe, is_lifecycle
from pytest_mlops.plugin.outcome import settle
from pytest_mlops.plugin.parametrize import parametrize

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from pytest_mlops.plugin.state import State

_PACKAGE = str(Path(__file__).parents[1]) + os.sep


class ChecksPlugin:
    """Marks lifecycle checks, selects stages, and gives each check its verdict."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.collected: dict[str, str] = {}
        self.deselected: list[str] = []

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Make one item of each slice, expectation, column and law."""
        parametrize(metafunc, self._state.root)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Describe every lifecycle check, and leave out the stages that were not asked for."""
        left_out = []
        for item in filter(is_lifecycle, items):
            check = describe(item)
            item.stash[CHECK] = check
            if item.get_closest_marker("mlops") is None:
                item.add_marker(pytest.mark.mlops(stage=check.stage))
            if self._state.stages and check.stage not in self._state.stages:
                left_out.append(item)
            elif self._state.profile == "commit" and check.stage not in COMMIT_STAGES:
                item.add_marker(pytest.mark.skip(reason=f"the commit profile leaves out the stage {check.stage}"))
        if left_out:
            gone = set(left_out)
            items[:] = [item for item in items if item not in gone]
            config.hook.pytest_deselected(items=left_out)

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Remember lifecycle checks that will not run: the run is then a partial one."""
        self.deselected += [item.nodeid for item in items if is_lifecycle(item)]

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Remember what should run, so that a check that vanished is seen."""
        self.collected = {item.nodeid: item.stash[CHECK].stage for item in session.items if CHECK in item.stash}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Give a lifecycle check its verdict."""
        check = item.stash.get(CHECK, None)
        if check is not None and call.excinfo is not None:
            call.excinfo = _without_our_frames(call.excinfo)
        report = yield
        if check is not None:
            _hide_values(report.longrepr)
            settle(report, item, call, check, self._state.profile)
        return report

    def pytest_runtest_logfinish(self) -> None:
        """End the step that was shown as alive."""
        self._state.say("")

    def pytest_assertrepr_compare(self, op: str, left: object, right: object) -> list[str] | None:
        """Explain a comparison of a measurement by the judgement that was already made."""
        from pytest_mlops.plugin.assertion import explain_comparison

        return explain_comparison(op, left, right)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Tell the controller of an xdist run what this worker collected and left out."""
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output["mlops"] = {"collected": self.collected, "deselected": self.deselected}


def _hide_values(longrepr: Any) -> None:
    """Take the arguments and local variables out of a traceback: a frame among them is shown with its rows."""
    tracebacks = [link[0] for link in getattr(longrepr, "chain", ())]
    for traceback in [*tracebacks, *filter(None, [getattr(longrepr, "reprtraceback", None)])]:
        for entry in traceback.reprentries:
            if hasattr(entry, "reprfuncargs"):
                entry.reprfuncargs = entry.reprlocals = None


def _without_our_frames(excinfo: pytest.ExceptionInfo[BaseException]) -> pytest.ExceptionInfo[BaseException]:
    """Leave our own frames, and what we had caught, out of the traceback of a message that says it all."""
    error = excinfo.value
    if not isinstance(error, MlopsError):
        return excinfo
    error.__cause__, error.__suppress_context__ = None, True
    users, entry = [], error.__traceback__
    while entry is not None:
        if not entry.tb_frame.f_code.co_filename.startswith(_PACKAGE):
            users.append(entry)
        entry = entry.tb_next
    linked: TracebackType | None = None
    for entry in reversed(users):
        linked = TracebackType(linked, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return pytest.ExceptionInfo.from_exception(error.with_traceback(linked)) if linked else excinfo
