"""From what a check does to its verdict and to pytest's outcome, without xdist and with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import Project

CHECKS = '''
import pytest
from pytest_mlops import Measurement, Result, at_least, at_most
from pytest_mlops.core.measurement import Interval
from pytest_mlops.core.errors import MissingExtra, ToolError

pytestmark = pytest.mark.mlops(stage="model")


@pytest.fixture
def measured(request):
    """A result of fixed numbers, recorded as a tool fixture records its own."""
    from pytest_mlops.plugin.recorder import recorder_of
    def make(value, n=100, interval=None):
        auc = Measurement(name="model.auc", subject="champion", value=value, n=n, interval=interval)
        result = Result(stage="model", subject="champion", measurements=(auc,))
        return result.recorded_by(recorder_of(request.node))
    return make


def test_pass(measured): measured(0.9).require(auc=at_least(0.8))
def test_fail(measured): measured(0.7).require(auc=at_least(0.8))
def test_plain_assert(measured): assert measured(0.7).auc >= 0.8
def test_plain_assert_holds(measured): assert 0.8 <= measured(0.9).auc
def test_inconclusive(measured): measured(0.81, interval=Interval(0.7, 0.9, 0.95)).require(auc=at_least(0.8))
def test_nothing_measured(measured): measured(None, n=0).require(auc=at_least(0.8))
def test_nan(measured): measured(float("nan")).require(auc=at_least(0.8))
def test_nothing_judged(measured): measured(0.9)
def test_swallowed(measured):
    try:
        measured(0.7).require(auc=at_least(0.8))
    except AssertionError:
        pass
def test_inverted(measured): assert not (measured(0.7).auc >= 0.8)
def test_own_assert(measured): assert 1 == 2
def test_crash(measured): raise RuntimeError("boom")
def test_tool_error(measured): raise ToolError("the trainer died")
def test_missing_extra(measured): raise MissingExtra(needs="this check", library="skops", extra="model")
def test_skipped(measured): pytest.skip("no data today")
@pytest.mark.mlops(gate="warn")
def test_warned(measured): measured(0.7).require(auc=at_least(0.8))
@pytest.mark.mlops(gate="warn")
def test_warned_crash(measured): raise RuntimeError("boom")
@pytest.mark.xfail(reason="known", strict=True)
def test_waived(measured): measured(0.7).require(auc=at_least(0.8))
@pytest.fixture
def broken(): raise RuntimeError("no such table")
def test_broken_fixture(broken): pass
@pytest.fixture
def leaky():
    yield
    raise RuntimeError("still running")
def test_broken_teardown(measured, leaky): measured(0.9).require(auc=at_least(0.8))
'''

# check -> (verdict, outcome in ci, outcome in commit, outcome in release)
EXPECTED = {
    "test_pass": ("pass", "passed", "passed", "passed"),
    "test_fail": ("fail", "failed", "failed", "failed"),
    "test_plain_assert": ("fail", "failed", "failed", "failed"),
    "test_plain_assert_holds": ("pass", "passed", "passed", "passed"),
    "test_inconclusive": ("inconclusive", "failed", "skipped", "failed"),
    "test_nothing_measured": ("not_run", "failed", "skipped", "failed"),
    "test_nan": ("error", "failed", "failed", "failed"),
    "test_nothing_judged": ("not_run", "failed", "skipped", "failed"),
    "test_swallowed": ("fail", "failed", "failed", "failed"),
    "test_inverted": ("fail", "failed", "failed", "failed"),
    "test_own_assert": ("fail", "failed", "failed", "failed"),
    "test_crash": ("error", "failed", "failed", "failed"),
    "test_tool_error": ("error", "failed", "failed", "failed"),
    "test_missing_extra": ("not_run", "failed", "skipped", "failed"),
    "test_skipped": ("not_run", "skipped", "skipped", "failed"),
    "test_warned": ("fail", "xfailed", "xfailed", "xfailed"),
    "test_warned_crash": ("error", "failed", "failed", "failed"),
    "test_waived": ("fail", "xfailed", "xfailed", "xfailed"),
    "test_broken_fixture": ("error", "failed", "failed", "failed"),
    "test_broken_teardown": ("error", "failed", "failed", "failed"),
}


@pytest.mark.parametrize(("profile", "column"), [("ci", 1), ("commit", 2), ("release", 3)])
def test_every_verdict_has_its_outcome(project_in_each_mode: Project, profile: str, column: int) -> None:
    """The table above holds, in every profile and in every mode; only a pass is green."""
    project_in_each_mode.write({"test_checks.py": CHECKS}).run("--mlops", f"--mlops-profile={profile}")
    checks = project_in_each_mode.record()["checks"]
    got = {check["id"].rpartition("::")[2]: (check["verdict"], check["outcome"]) for check in checks}
    assert got == {name: (row[0], row[column]) for name, row in EXPECTED.items()}


def test_a_plain_assert_explains_itself(project: Project) -> None:
    """What, where, n, limit and shortfall stand in the failure of `assert auc >= 0.8`."""
    result = project.write({"test_checks.py": CHECKS}).run("--mlops", "-k", "test_plain_assert and not holds")
    result.stdout.fnmatch_lines(
        ["*champion: model.auc must be at least 0.8, got 0.7 (n = 100, limit at test_checks.py:*); off by 0.1*"]
    )


def test_a_swallowed_failure_says_why_it_is_red(project: Project) -> None:
    """A red verdict is red, whatever the test did with it, and the failure tells it."""
    result = project.write({"test_checks.py": CHECKS}).run("--mlops", "-k", "test_swallowed")
    result.assert_outcomes(failed=1, deselected=len(EXPECTED) - 1)
    result.stdout.fnmatch_lines(["*fail: champion: model.auc must be at least 0.8, got 0.7*"])
