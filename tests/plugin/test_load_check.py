"""A check as load, in a user's project: `mlops_load(api, check="module:function")`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tests.broken_services import failing_service

if TYPE_CHECKING:
    from tests.plugin.conftest import Project

CHECKS = """
import urllib.request


def answers(url):
    with urllib.request.urlopen(urllib.request.Request(url, b"{}"), timeout=5) as answer:
        assert answer.status == 200
"""
TESTS = """
import pytest
from pytest_mlops import at_most


@pytest.fixture
def api(mlops_service):
    command = [{python!r}, {service!r}, "--port", "{{port}}", "--fault", {fault!r}, "--after", "3"]
    return mlops_service(command, name="api", ready="/")


def test_by_many(mlops_load, api):
    mlops_load(api, check="load_checks:answers", users=3, duration="1s", warmup=0.2).require(failures=at_most(0))


@pytest.mark.parametrize("more", [{{"locustfile": "none.py"}}, {{"longest": "9s"}}, {{"base": "http://127.0.0.1:1"}}])
def test_what_does_not_go_with_it(mlops_load, more):
    mlops_load("http://127.0.0.1:1", check="load_checks:answers", users=3, duration="1s", **more)
"""


def run(project: Project, fault: str) -> tuple[dict[str, str], str]:
    tests = TESTS.format(python=sys.executable, service=failing_service.__file__, fault=fault)
    files = {"pytest.ini": "[pytest]\npythonpath = .\n", "load_checks.py": CHECKS, "test_api.py": tests}
    shown = project.write(files).run("--mlops").stdout.str()
    return project.verdicts(), shown


def test_what_holds_under_load_passes(project: Project) -> None:
    verdicts, shown = run(project, "")
    assert verdicts.pop("test_by_many") == "pass"
    assert set(verdicts.values()) == {"error"}
    assert "check= is for its duration, without locustfile=, base= or longest=" in shown


def test_what_fails_under_load_alone_is_red(project: Project) -> None:
    verdicts, shown = run(project, "fails")
    assert verdicts["test_by_many"] == "not_run"
    assert "requests failed: HTTPError at" in shown
