"""`mlops_schemathesis` in a project: each check an item, one run for all of them."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from tests.broken_services import model_service

if TYPE_CHECKING:
    from tests.plugin.conftest import Project

HAS_IT = find_spec("schemathesis") is not None
CHECKS_FILE = """
import sys
import pytest
from tests.broken_services import model_service

@pytest.fixture(scope="session")
def api(mlops_service):
    serve = [sys.executable, model_service.__file__, "--port", "{port}", "--fault", "crash_on_null"]
    return mlops_service(serve, name="api")

@pytest.mark.mlops_schemathesis_checks("openapi.json", without=["unsupported_method"])
def test_it(mlops_schemathesis, api, mlops_schemathesis_check):
    mlops_schemathesis(api, examples=10).require(mlops_schemathesis_check)
"""


@pytest.mark.skipif(not HAS_IT, reason="Schemathesis has an environment of its own: tox -e schemathesis")
def test_each_check_is_an_item_and_one_run_serves_all(project_in_each_mode: Project) -> None:
    project = project_in_each_mode
    (project.pytester.path / "openapi.json").write_text(json.dumps(model_service.document()), encoding="utf-8")
    project.write({"test_it.py": CHECKS_FILE}).run("--mlops")
    verdicts = project.verdicts()
    assert verdicts["test_it[not_a_server_error]"] == "fail"
    assert verdicts["test_it[content_type_conformance]"] == "pass"
    assert "test_it[unsupported_method]" not in verdicts
    assert {check["stage"] for check in project.record()["checks"]} == {"serving"}


def test_without_schemathesis_a_check_is_not_run(project: Project) -> None:
    """A library that is not there is never a pass; and a wrong name of a check is a usage error."""
    (project.pytester.path / "openapi.json").write_text(json.dumps(model_service.document()), encoding="utf-8")
    if not HAS_IT:
        project.write({"test_it.py": CHECKS_FILE}).run("--mlops")
        assert set(project.verdicts().values()) == {"not_run"}
    wrong = CHECKS_FILE.replace("unsupported_method", "unsuported_method")
    result = project.write({"test_it.py": wrong}).run("--mlops")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*without='unsuported_method' is not among the checks*Did you mean*"])
