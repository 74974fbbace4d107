"""Locust brings a pytest plugin of its own: our load works without it, and leaves the user's own names alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from tests.plugin.conftest import Project

BROKEN = Path(__file__).parents[1] / "broken_services"
CONFTEST = """
import pytest

def pytest_addoption(parser):
    parser.addoption("--host", default="here")

@pytest.fixture
def session(request):
    return request.config.getoption("--host")
"""
CHECK = f"""
import sys, pytest
from pytest_mlops import at_most

@pytest.fixture
def api(mlops_service):
    return mlops_service([sys.executable, {str(BROKEN / "model_service.py")!r}, "--port", "{{port}}"], name="api")

def test_level(mlops_load, api, session):
    assert session == "there"
    file = {str(BROKEN / "locustfiles/travellers.py")!r}
    mlops_load(api, locustfile=file, users=2, processes=2, duration="1s").require(failures=at_most(0))
    assert {{"gevent", "locust", "zmq"}}.isdisjoint(sys.modules)
"""


def test_the_suite_works_without_locusts_own_plugin(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a user has it: every plugin that is installed is loaded, but the one that is left out."""
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    project.write({"conftest.py": CONFTEST, "checks/test_api.py": CHECK})
    project.pytester.runpytest_subprocess("--mlops", "-p", "no:locust", "--host=there").assert_outcomes(passed=1)
