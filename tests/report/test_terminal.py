"""The terminal's summary, to the letter."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.report.terminal import summary_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_mlops.core.record import CheckRecord


def show(record: dict[str, Any], *, width: int = 100, quiet: bool = False) -> str:
    return "\n".join(summary_lines(record, width=width, report_dir=".mlops", quiet=quiet))


def test_red_run(red_record: dict[str, Any]) -> None:
    assert (
        show(red_record, width=110)
        == """\
stage            checks  verdict       what was measured
data                1    pass          january n = 27,004
model               1    fail 1        warned: test_auc: AssertionError: 0.79 is below 0.8
serving             1    error 1       test_contract[no 5xx]: call raised ToolError: the service stopped
edge                -    not run       extra missing: pip install "pytest-mlops[edge]"
load                1    inconclusive  test_service_level: n = 1,200 is too few
drift               1    fail 1        test_february: 1 of 2 requirements not met
not run   features, privacy, reproducibility, batch, release
warned 1 (test_auc: AssertionError: 0.79 is below 0.8)
gate    stages: no evidence for the required stage 'batch'
verdict error: 1 of 5 checks pass, 1 error, 1 fail, 1 inconclusive, 1 warned
report  .mlops/report.html  .json  .md
next    pytest --mlops -k "test_contract[no and 5xx]"      reproduces serving::test_contract[no 5xx]"""
    )


def test_green_run(green_record: dict[str, Any]) -> None:
    assert (
        show(green_record)
        == """\
stage            checks  verdict       what was measured
data                1    pass          january n = 27,004
not run   features, privacy, model, reproducibility, serving, batch, edge, load, drift, release
verdict pass: 1 of 1 checks pass
report  .mlops/report.html  .json  .md
next    pytest --mlops --mlops-profile=release      for a verdict to sign"""
    )


def test_empty_run(empty_record: dict[str, Any]) -> None:
    assert (
        show(empty_record, width=120)
        == """\
stage            checks  verdict       what was measured
not run   data, features, privacy, model, reproducibility, serving, batch, edge, load, drift, release
verdict not run: no lifecycle check gave evidence
report  .mlops/report.html  .json  .md
next    pytest --mlops --collect-only      shows which checks are found"""
    )


def test_partial_run_has_no_release_verdict(build_record: Callable[..., Any], data_check: CheckRecord) -> None:
    text = show(build_record([data_check], partial="2 lifecycle checks deselected"))
    assert "release             -    no verdict    partial run: 2 lifecycle checks deselected\n" in text
    assert "verdict not run: partial run: 2 lifecycle checks deselected\n" in text
    assert text.endswith("next    pytest --mlops      runs all that is declared")


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("green_record", "mlops ci: pass (1 of 1 checks pass)"),
        ("empty_record", "mlops ci: not run (no lifecycle check gave evidence)"),
        (
            "red_record",
            "mlops ci: error (stages: no evidence for the required stage 'batch'; test_contract[no 5xx]: error)",
        ),
    ],
)
def test_quiet_is_the_verdict_alone(name: str, line: str, request: pytest.FixtureRequest) -> None:
    assert show(request.getfixturevalue(name), width=120, quiet=True) == line


def test_a_stage_counts_only_the_checks_that_count(build_record: Callable[..., Any], drift_check: CheckRecord) -> None:
    checks = [drift_check, replace(drift_check, id="a.py::b"), replace(drift_check, id="a.py::c", gate="warn")]
    assert "drift               3    fail 2        test_february" in show(build_record(checks))


def test_waived_checks_are_named_with_their_reason(build_record: Callable[..., Any], drift_check: CheckRecord) -> None:
    waived = [replace(drift_check, id=f"a.py::t{i}", gate="waived", reason=f"until {2027 + i}") for i in range(5)]
    assert "\nwaived 5 (t0: until 2027; t1: until 2028; t2: until 2029; …)\n" in show(build_record(waived))


def test_baselines_have_their_line_where_there_are_any(green_record: dict[str, Any]) -> None:
    green_record["baselines"] = {"matched": ["a", "b"], "unused": ["c"], "written": []}
    assert "\nbaselines 2 matched, 1 unused\n" in show(green_record)


def test_lines_are_cut_but_the_command_stays_whole(red_record: dict[str, Any]) -> None:
    *lines, command = summary_lines(red_record, width=50, report_dir=".mlops")
    assert max(map(len, lines)) == 50
    assert lines[2] == "model               1    fail 1        warned: te…"
    assert command == 'next    pytest --mlops -k "test_contract[no and 5xx]"'


def test_hostile_text_stays_on_its_line_without_control_characters(hostile_record: dict[str, Any]) -> None:
    lines = summary_lines(hostile_record, width=2000, report_dir=".mlops")
    assert all(line.isprintable() for line in lines)
