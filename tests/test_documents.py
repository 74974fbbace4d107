"""What a reader is told is true: the README's commands and snippet, and what the wheel holds."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import pytest_mlops
from pytest_mlops.core.configuration import parse_configuration
from pytest_mlops.stages.drift.kinds import KINDS

ROOT = Path(__file__).parents[1]
RUNNERS = ("runners/locust_run.py", "runners/deepchecks_requirements.txt", "stages/deepchecks/checks.json")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_measure_of_drift_is_documented() -> None:
    page = (ROOT / "docs/drift.md").read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f"`{kind}`" not in page] == []


def blocks(language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", README, flags=re.MULTILINE | re.DOTALL)


def test_the_first_two_commands_are_a_line_each() -> None:
    first, second = blocks("sh")
    assert first.count("\n") == second.count("\n") == 1
    assert "pytest --mlops" in first
    assert "tox" in second


def test_the_snippet_of_the_readme_is_collected(tmp_path: Path) -> None:
    """Every check in it is a lifecycle check of a stage, with its markers, fixtures and names."""
    snippet, _ = blocks("python")
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    (tmp_path / "pytest.ini").touch()
    (tmp_path / "test_snippet.py").write_text(snippet, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--mlops", "--collect-only", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "test_january_is_valid[expect_column_values_to_be_between[hour]]" in done.stdout
    assert "test_auc_by_origin[origin=JFK]" in done.stdout
    assert "test_contract[never_a_server_error]" in done.stdout


def test_the_commands_that_start_from_nothing_work(tmp_path: Path) -> None:
    """`pytest-mlops profile` writes the suite that the snippet below it draws rows from."""
    (words,) = re.findall(r"^\$ pytest-mlops (.*)$", README, flags=re.MULTILINE)
    (tmp_path / "data").symlink_to(ROOT / "fixtures/flights")
    (tmp_path / "expectations").mkdir()
    data, suite = re.findall(r"\S+/\S+", words)
    words = words.replace(data, "data/2013-01.parquet")
    _, snippet = blocks("python")
    (tmp_path / "test_snippet.py").write_text(snippet, encoding="utf-8")
    for module, asked in (("pytest_mlops.cli", words), ("pytest", "-q -p no:cacheprovider test_snippet.py")):
        command = [sys.executable, "-m", module, *asked.split()]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / suite).is_file()
    assert "2 passed" in done.stdout


def test_the_configuration_of_the_readme_is_valid() -> None:
    (text,) = blocks("toml")
    assert parse_configuration(tomllib.loads(text), source="README.md").required == ["data", "model", "drift"]


def test_every_option_is_in_the_readme(pytester: pytest.Pytester) -> None:
    shown = pytester.runpytest_subprocess("--help", "-p", "no:cacheprovider").stdout.str()
    options = set(re.findall(r"--mlops[a-z-]*", shown))
    assert options == set(re.findall(r"--mlops[a-z-]*", README))


def test_the_wheel_holds_the_package_and_nothing_else(tmp_path: Path) -> None:
    """The schema, the templates and the type marker ship; checks, fixtures and tests do not."""
    pytest.importorskip("build")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name.partition("/")[0] for name in names} == {
        "pytest_mlops",
        f"pytest_mlops-{pytest_mlops.__version__}.dist-info",
    }
    for needed in ("py.typed", "core/run-record.schema.json", "report/report.html.j2", *RUNNERS):
        assert f"pytest_mlops/{needed}" in names
