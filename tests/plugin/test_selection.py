"""Gates and partial runs: what a run may say about the whole."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import Project

GOOD = """
import pytest
from pytest_mlops import Measurement, Result, at_least
from pytest_mlops.plugin.recorder import recorder_of

@pytest.fixture
def proof(request):
    def make():
        auc = Measurement(name="x.auc", subject="champion", value=0.9, n=100)
        Result(stage="x", subject="champion", measurements=(auc,)).recorded_by(recorder_of(request.node)).require(
            auc=at_least(0.8))
    return make

@pytest.mark.mlops(stage="model")
def test_model(proof): proof()

@pytest.mark.mlops(stage="data")
def test_data(proof): proof()
"""
# The second line is what pytester itself writes.
IGNORED = "__pycache__\n.pytest_cache\njunit.xml\nstdout\nstderr\nrunpytest-*\n.mlops\n"
RELEASE = ("--mlops", "--mlops-profile=release")


def released(project: Project, files: dict[str, str] | None = None) -> Project:
    """Return a project that a release passes: two proven stages, and a clean git tree."""
    project.write({"test_checks.py": GOOD, "mlops.toml": 'required = ["model", "data"]\n', ".gitignore": IGNORED})
    project.write(files or {})
    for words in (["init", "-q"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "x"]):
        subprocess.run(["git", *words], cwd=project.pytester.path, check=True, timeout=30)
    return project


def test_a_release_with_all_its_evidence_passes(project_in_each_mode: Project) -> None:
    """Every gate is met, the verdict is a pass, and the report folder does not make the tree dirty."""
    project = released(project_in_each_mode)
    for _ in range(2):
        assert project.run(*RELEASE).ret == pytest.ExitCode.OK
        record = project.record()
        assert (record["verdict"], record["partial"]) == ("pass", "")
        assert {gate["name"]: gate["verdict"] for gate in record["gates"]} == dict.fromkeys(
            ("evidence", "stages", "skips", "partial", "tree"), "pass"
        )
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=project.pytester.path, capture_output=True, check=True
    )
    assert status.stdout == b""


@pytest.mark.parametrize(
    ("gate", "words", "files"),
    [
        pytest.param(
            "partial", ("-k", "not more"), {"test_more.py": GOOD.replace("def test_", "def test_more_")}, id="-k"
        ),
        pytest.param("partial", ("test_checks.py::test_model", "test_checks.py::test_data"), {}, id="node ids"),
        pytest.param("partial", ("--mlops-stage=model,data",), {"test_e.py": GOOD.replace("data", "edge")}, id="stage"),
        pytest.param("partial", ("--deselect", "test_b.py::test_model"), {"test_b.py": GOOD}, id="deselect"),
        pytest.param("partial", ("--ignore=test_b.py",), {"test_b.py": GOOD}, id="ignore"),
        pytest.param("stages", (), {"mlops.toml": 'required = ["model", "data", "load"]'}, id="required"),
        pytest.param("stages", (), {"mlops.toml": ""}, id="every stage is required when none is named"),
        pytest.param(
            "skips",
            (),
            {"test_s.py": "import pytest\n@pytest.mark.mlops(stage='data')\ndef test_s(): pytest.skip()"},
            id="skip",
        ),
        pytest.param("evidence", (), {"test_checks.py": "def test_ordinary(): pass"}, id="no check at all"),
    ],
)
def test_a_gate_that_is_not_met_is_a_failed_report(
    project: Project, gate: str, words: tuple[str, ...], files: dict[str, str]
) -> None:
    """It stands in the summary and in JUnit as a test of its own, and the run is red."""
    result = released(project, files).run(*RELEASE, "--junitxml=junit.xml", *words)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([f"FAILED mlops::gate::{gate} - *", "*1 failed*" if gate == "partial" else "*failed*"])
    assert f'classname="mlops.gate" name="{gate}"' in (project.pytester.path / "junit.xml").read_text()
    assert project.record()["verdict"] in {"fail", "not_run"}


def test_a_dirty_tree_is_no_release(project: Project) -> None:
    """A change that is not committed is not what the report would name."""
    released(project).write({"notes.txt": "not committed"})
    project.run(*RELEASE).stdout.fnmatch_lines(["FAILED mlops::gate::tree - tree: the git tree has changes*"])


def test_no_git_is_no_release(project: Project) -> None:
    """A release names its commit."""
    project.write({"test_checks.py": GOOD, "mlops.toml": 'required = ["model"]'})
    project.run(*RELEASE).stdout.fnmatch_lines(["FAILED mlops::gate::tree - tree: no git repository*"])


def test_a_partial_run_of_ci_passes_its_tests_but_has_no_verdict(project_in_each_mode: Project) -> None:
    """`-k` on a part is at home in daily work; only its verdict is withheld."""
    project = project_in_each_mode.write({"test_checks.py": GOOD})
    assert project.run("--mlops", "-k", "test_model").ret == pytest.ExitCode.OK
    record = project.record()
    assert (record["verdict"], record["partial"]) == ("not_run", "1 lifecycle checks deselected")


def test_stopping_at_the_first_failure_is_partial(project: Project) -> None:
    """What did not run any more gives no verdict."""
    project.write(
        {"test_a.py": "import pytest\n@pytest.mark.mlops(stage='data')\ndef test_a(): assert 0", "test_b.py": GOOD}
    )
    project.run("--mlops", "-x")
    assert project.record()["partial"] == "2 collected checks did not run"


def test_a_crash_of_a_worker_is_red(project: Project) -> None:
    """A check whose process died is an error, and no check is lost."""
    project.mode = "n2"
    crash = "import os, pytest\n@pytest.mark.mlops(stage='data')\ndef test_crash(): os._exit(3)"
    result = project.write({"test_crash.py": crash, "test_checks.py": GOOD}).run("--mlops")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert project.record()["verdict"] == "error"


def test_only_the_asked_stages_run(project_in_each_mode: Project) -> None:
    """`--mlops-stage` selects checks, and ordinary tests still run."""
    project = project_in_each_mode.write({"test_checks.py": GOOD, "test_ordinary.py": "def test_ordinary(): pass"})
    project.run("--mlops", "--mlops-stage=data").stdout.fnmatch_lines(["*2 passed*"])
    assert project.verdicts() == {"test_data": "pass"}


def test_paths_say_what_is_collected(project_in_each_mode: Project) -> None:
    """`paths` counts when the command line names nothing, and only with the flag."""
    files = {
        "checks/test_checks.py": GOOD,
        "tests/test_own.py": "def test_own(): pass",
        "mlops.toml": 'paths = ["checks"]',
    }
    project = project_in_each_mode.write(files)
    project.run("--mlops").stdout.fnmatch_lines(["*2 passed*"])
    assert project.record()["partial"] == ""


def test_nothing_runs_and_nothing_is_written_when_only_collecting(project: Project) -> None:
    """`--collect-only` shows the checks."""
    result = project.write({"test_checks.py": GOOD}).run("--mlops", "--collect-only", "-q")
    result.stdout.fnmatch_lines(["test_checks.py::test_model", "test_checks.py::test_data"])
    assert not (project.pytester.path / ".mlops").exists()


@pytest.mark.parametrize("option", ["--fixtures", "--fixtures-per-test"])
def test_looking_at_the_fixtures_writes_no_report(project: Project, option: str) -> None:
    project.write({"test_checks.py": GOOD}).run("--mlops", option).stdout.fnmatch_lines(["*proof*"])
    assert not (project.pytester.path / ".mlops").exists()


def test_last_failed_repeats_the_red_checks(project: Project) -> None:
    """`--lf` works on checks."""
    project.write({"test_checks.py": GOOD + "\n@pytest.mark.mlops(stage='data')\ndef test_red(): assert 0\n"})
    project.run("--mlops")
    project.run("--mlops", "--lf").stdout.fnmatch_lines(["*1 failed in*"])
    assert project.record()["partial"] == "--lf repeats the last failures only"


def test_the_run_leaves_no_temporary_folder(project_in_each_mode: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of the run is gone at the end, also of a red run."""
    place = project_in_each_mode.pytester.path / "temporary"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    project_in_each_mode.write({"test_red.py": GOOD.replace("value=0.9", "value=0.1")}).run("--mlops")
    assert not list(place.glob("pytest-mlops-*"))
