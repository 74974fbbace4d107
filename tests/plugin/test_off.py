"""Without `--mlops`: skipped with the reason, no cost, and no name taken from the user."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import Project

TWO = """
import pytest

@pytest.mark.mlops(stage="data")
def test_lifecycle(): raise RuntimeError("must not run")

def test_by_tool(mlops_data): raise RuntimeError("must not run")

def test_ordinary(): pass
"""

# What a session must not import because the plugin is installed.
HEAVY = ("numpy", "pandas", "narwhals", "hypothesis", "requests", "jinja2", "pyarrow", "sklearn", "locust", "mlflow")


def test_lifecycle_checks_are_skipped_with_the_reason(project_in_each_mode: Project) -> None:
    """A check by marker and one by tool fixture are skipped, an ordinary test runs."""
    result = project_in_each_mode.write({"test_two.py": TWO}).run("-rs")
    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines(["*lifecycle check: runs with pytest --mlops*"])


def test_it_is_found_by_its_entry_point_beside_every_other_plugin(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all plugins of this environment loaded, as a user has them."""
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    project.write({"test_two.py": TWO}).pytester.runpytest_subprocess().assert_outcomes(passed=1, skipped=2)


@pytest.mark.parametrize("node", ["test_two.py::test_lifecycle", "./test_two.py::test_by_tool"])
def test_naming_a_check_without_the_flag_is_a_usage_error(project: Project, node: str) -> None:
    """It would be an all-skipped green."""
    result = project.write({"test_two.py": TWO}).run(node)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*is a lifecycle check. Hint: pytest --mlops 'test_two.py::test_*"])


@pytest.mark.parametrize(
    "option",
    [
        "--mlops-profile=release",
        "--mlops-stage=data",
        "--mlops-seed=3",
        "--mlops-update",
        "--mlops-allow-host=a.example",
    ],
)
def test_an_option_without_the_flag_is_a_usage_error(project: Project, option: str) -> None:
    """An option that would do nothing is refused."""
    result = project.write({"test_two.py": TWO}).run(option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*does nothing without --mlops*"])


def test_nothing_heavy_is_imported_because_of_the_plugin(project: Project) -> None:
    """The modules at the end of an unrelated session are the same with the plugin and without, but for its own."""
    project.write(
        {
            "conftest.py": """
import json, sys
def pytest_unconfigure():
    with open("modules.json", "w") as file:
        json.dump(sorted(sys.modules), file)
""",
            "test_one.py": "def test_one(): pass",
        }
    )
    loaded = {}
    for name, words in {"with": ("-p", "pytest_mlops.plugin"), "without": ()}.items():
        # No other plugin: several of those that may be installed import heavy libraries themselves.
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words]
        env = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PATH": "", "PYTHONPATH": ":".join(sys.path)}
        subprocess.run(command, cwd=project.pytester.path, env=env, check=True, capture_output=True, timeout=60)
        loaded[name] = set(json.loads((project.pytester.path / "modules.json").read_text()))
    added = loaded["with"] - loaded["without"]
    assert not {name for name in added if name.partition(".")[0] in HEAVY}
    assert {name.partition(".")[0] for name in added} <= {"pytest_mlops", *sys.stdlib_module_names}


def test_the_plugin_can_be_left_out(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-p no:mlops` takes it out whole."""
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    project.pytester.makepyfile(
        test_one="def test_one(pytestconfig): assert not pytestconfig.pluginmanager.has_plugin('mlops')"
    )
    project.pytester.runpytest_subprocess("-p", "no:mlops").assert_outcomes(passed=1)


def test_a_conftest_with_its_own_names_works_beside_it(project_in_each_mode: Project) -> None:
    """`--host`, and the fixtures `session`, `model` and `data`, belong to the user."""
    project_in_each_mode.write(
        {
            "pytest.ini": "[pytest]\naddopts = --strict-markers --strict-config \n",
            "conftest.py": """
import pytest
def pytest_addoption(parser): parser.addoption("--host", default="here")
@pytest.fixture
def session(): return 1
@pytest.fixture
def model(): return 2
@pytest.fixture
def data(request): return request.config.getoption("--host")
""",
            "test_own.py": "def test_own(session, model, data): assert (session, model, data) == (1, 2, 'there')",
        }
    )
    for words in ((), ("--mlops",)):
        result = project_in_each_mode.run("--host=there", *words)
        result.stdout.fnmatch_lines(["*1 passed*"])
