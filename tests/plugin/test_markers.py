"""The marker and the declarations: what is wrong is said at collection, with the place and the next step."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_mlops.plugin import tools_load
from pytest_mlops.plugin.lifecycle import TOOL_STAGES

if TYPE_CHECKING:
    from tests.plugin.conftest import Project


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ('mlops("data")', "*test_it: the marker mlops takes keywords only, got ('data',)*"),
        ("mlops(stag='data')", "*the marker mlops has no 'stag'. Did you mean 'stage'?*"),
        ("mlops(stage='daat')", "*the marker mlops has stage='daat'. Did you mean 'data'?*"),
        ("mlops(stage='data', gate='blok')", "*gate='blok'. Did you mean 'block'?*"),
        ("mlops(stage='data', rubric='data-8')", "*rubric='data-8'. Did you mean 'data-*"),
        ("mlops()", "*the marker mlops needs stage=...; no tool fixture tells it*"),
        (
            "mlops_expectations('none.json')",
            "*the marker mlops_expectations needs a test that takes*'mlops_expectation'*",
        ),
    ],
)
def test_a_wrong_marker_is_a_usage_error(project: Project, marker: str, message: str) -> None:
    """Nothing runs, and the message says what is valid."""
    result = project.write({"test_it.py": f"import pytest\n@pytest.mark.{marker}\ndef test_it(): pass"}).run("--mlops")
    assert result.ret in {pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERRUPTED}
    (result.stderr if result.ret == pytest.ExitCode.USAGE_ERROR else result.stdout).fnmatch_lines([message])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('pathz = ["checks"]', "*mlops.toml: unknown key 'pathz'. Did you mean 'paths'?*"),
        ("seed = 'seven'", "*mlops.toml: seed must be a whole number, got 'seven'*"),
        ("required = ['dat']", "*mlops.toml: required: unknown name 'dat'. Did you mean 'data'?*"),
        ("[data.january]", "*mlops.toml: [[]data.january]: path is missing; it must be a Parquet or CSV file*"),
        ("paths = [", "*mlops.toml must be TOML, got: *"),
    ],
)
def test_a_wrong_declaration_is_a_usage_error(project: Project, text: str, message: str) -> None:
    """File, section, key, what was got and what is valid."""
    result = project.write({"mlops.toml": text, "test_it.py": "def test_it(): pass"}).run("--mlops")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


def test_an_unknown_stage_on_the_command_line(project: Project) -> None:
    """`--mlops-stage` says what it knows."""
    result = project.run("--mlops", "--mlops-stage=data,drif")
    result.stderr.fnmatch_lines(["*--mlops-stage=data,drif: unknown stage 'drif'. Did you mean 'drift'?*"])


def test_the_stage_can_be_selected_by_expression(project: Project) -> None:
    """The stage that a tool fixture tells is a keyword of the marker."""
    project.write({"test_it.py": "def test_it(mlops_data): pass\ndef test_other(mlops_model): pass"})
    result = project.run("--mlops", "--collect-only", "-q", "-m", "mlops(stage='data')")
    result.stdout.fnmatch_lines(["test_it.py::test_it", "*1/2 tests collected (1 deselected)*"])


def test_under_pre_commit_the_profile_is_commit(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """`auto` is the commit profile there, which starts no server and says so."""
    monkeypatch.setenv("PRE_COMMIT", "1")
    project.write({"test_it.py": "def test_it(mlops_service): raise RuntimeError"})
    project.run("--mlops", "-rs").stdout.fnmatch_lines(["*the commit profile leaves out the stage serving*"])
    assert project.record()["profile"] == "commit"


def test_every_tool_tells_the_stage_of_its_checks(project: Project) -> None:
    """A check that takes one of them alone is a check of the lifecycle, and not an ordinary test."""
    tools = sorted(
        name
        for path in Path(tools_load.__file__).parent.glob("tools_*.py")
        for name in re.findall(r"@pytest\.fixture.*?\ndef (mlops_\w+)\(", path.read_text(encoding="utf-8"), re.DOTALL)
    )
    assert {"mlops_capacity", "mlops_load_results"} <= {*tools}
    assert sorted(TOOL_STAGES) == tools
    check = "def test_it(mlops_load_results): mlops_load_results('none.jtl')"
    project.write({"test_it.py": check}).run("--mlops")
    assert [found["stage"] for found in project.record()["checks"]] == ["load"]
