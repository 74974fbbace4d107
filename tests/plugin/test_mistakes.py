"""Mistakes of users: each is refused or red, in a few lines that name the value and the place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import Project

DRIFT = "[data.a]\npath = 'a.parquet'\n[data.b]\npath = 'b.parquet'\n[drift.w]\ndata = 'b'\nreference = 'a'\n"
MODEL = """
import pandas as pd

class Guess:
    def predict_proba(self, frame):
        return [[0.4, 0.6]] * len(frame)

def test_auc(mlops_model):
    frame = pd.DataFrame({{"a": range(40), "late": {labels}}})
    assert mlops_model({model}, target="late", name="guess").roc_auc(frame) >= 0.5
"""


def test_a_configuration_under_another_name_is_refused(project: Project) -> None:
    """It would leave out all that it declares."""
    for name, text, message in (
        ("mlop.toml", DRIFT, "mlop.toml is not read. Did you mean 'mlops.toml'?"),
        ("pyproject.toml", "[tool.pytest_mlops]\nseed = 1\n", "no table of pytest-mlops. Did you mean 'pytest-mlops'?"),
    ):
        result = project.write({name: text}).run("--mlops")
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([f"*{message}*".replace("[", "[[]")])
        (project.pytester.path / name).unlink()


def test_a_run_from_below_the_configuration_is_refused(project: Project) -> None:
    """The folder of the checks is a root of its own there, and nothing that is declared would be seen."""
    project.write({"mlops.toml": "seed = 1\n", "checks/test_a.py": "def test_a(): pass", "checks/pytest.ini": ""})
    result = project.run("--mlops", "--rootdir=checks", "checks")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*mlops.toml is in *Hint: run pytest from *"])


@pytest.mark.parametrize("file", ["mlops.toml", "pyproject.toml"])
def test_declarations_are_collected_whatever_paths_says(project: Project, file: str) -> None:
    """What is declared is never left out silently."""
    text = "paths = ['checks']\n" + DRIFT
    if file == "pyproject.toml":
        text = "[tool.pytest-mlops]\n" + text.replace("[data", "[tool.pytest-mlops.data").replace(
            "[drift", "[tool.pytest-mlops.drift"
        )
    project.write({file: text, "checks/test_a.py": "def test_a(): pass"})
    for name in ("a", "b"):
        pq.write_table(pa.table({"x": list(range(500))}), project.pytester.path / f"{name}.parquet")
    project.run("--mlops")
    names = [f"{file}::drift::w::{name}" for name in ("(together)", "x")]
    assert sorted(check["id"] for check in project.record()["checks"]) == names
    assert project.record()["partial"] == ""


def test_a_required_stage_that_lost_its_checks_is_red_in_ci(project: Project) -> None:
    """A file of checks that was removed or renamed."""
    check = "import pytest\n@pytest.mark.mlops(stage='data')\ndef test_data(): pass\n"
    project.write({"mlops.toml": "required = ['data', 'model']\n", "test_a.py": check}).run("--mlops")
    (gate,) = [gate for gate in project.record()["gates"] if gate["name"] == "stages"]
    assert gate["reason"] == "no check of the required stages model was found"


def test_an_xfail_mark_is_no_way_through_a_release(project: Project) -> None:
    check = "import pytest\n@pytest.mark.xfail\n@pytest.mark.mlops(stage='data')\ndef test_data(): assert 0\n"
    project.write({"test_a.py": check}).run("--mlops", "--mlops-profile=release")
    (gate,) = [gate for gate in project.record()["gates"] if gate["name"] == "skips"]
    assert gate["reason"] == "1 checks did not run or are excused by xfail: test_data"


def test_a_report_folder_that_is_a_file_is_refused_before_anything_runs(project: Project) -> None:
    result = project.write({"blocked": "", "test_a.py": "def test_a(): pass"}).run("--mlops", "--mlops-report=blocked")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*the report can't be written to *blocked*"])


@pytest.mark.parametrize(
    ("labels", "model", "message"),
    [
        ('["yes", "no"] * 20', "Guess()", "the target 'late' must be 0 or 1, True or False; got no, yes"),
        ("[1, 2] * 20", "Guess()", "the target 'late' must be 0 or 1, True or False; got 2"),
        ("[1] * 40", "Guess()", "late is 1 in all 40 rows: there is nothing to tell apart"),
        ("[0, 1] * 20", "object()", "guess must have predict_proba, or be a function of a frame; got object"),
    ],
)
def test_a_target_that_is_none_and_a_model_that_is_none(
    project: Project, labels: str, model: str, message: str
) -> None:
    project.write({"test_a.py": MODEL.format(labels=labels, model=model)})
    result = project.run("--mlops")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert message.lower() in project.record()["checks"][0]["reason"].lower()


def test_a_tools_error_shows_the_users_line_and_none_of_ours(project: Project) -> None:
    check = "def test_data(mlops_data):\n    mlops_data('no.parquet', suite='no.json')\n"
    printed = project.write({"test_a.py": check}).run("--mlops").stdout.str()
    shown = printed[printed.index("= FAILURES =") : printed.index("= mlops: ci =")]
    assert "mlops_data('no.parquet', suite='no.json')" in shown
    assert "no.json must be a suite of Great Expectations: No such file or directory" in shown
    assert "raise " not in shown
    assert len(shown.splitlines()) < 16


def test_drift_of_a_file_from_itself_is_refused(project: Project) -> None:
    pq.write_table(pa.table({"x": list(range(500))}), project.pytester.path / "a.parquet")
    check = (
        "from pytest_mlops import no_drift\n"
        "def test_drift(mlops_drift):\n    mlops_drift('a.parquet', reference='a.parquet').require(no_drift())\n"
    )
    project.write({"test_a.py": check}).run("--mlops")
    assert project.verdicts() == {"test_drift": "error"}
    assert "data and reference must differ" in project.record()["checks"][0]["reason"]
