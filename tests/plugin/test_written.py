"""Where personal data is looked for, what the run itself wrote must hold none either: evidence, and logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import Project

CHECKS = """
import sys
import pandas as pd
import pytest
from pytest_mlops import no_personal_data, unique_key

SERVE = "print({logged!r}, flush=True); import http.server as h; h.test(h.SimpleHTTPRequestHandler, port=int({{port}}))"

def test_privacy(mlops_privacy):
    mlops_privacy(pd.DataFrame({{"a": [1, 2]}}), name="data").require(no_personal_data())

@pytest.mark.mlops(stage="serving")
def test_service(mlops_service, mlops_tables):
    mlops_service([sys.executable, "-c", SERVE], name="api", ready="/")
    mlops_tables(**{{ {table!r}: pd.DataFrame({{"a": [1, 2]}}) }}).require(unique_key({table!r}, "a"))
"""
MAIL = "anna@example.com"


def gates(project: Project, *, logged: str, table: str) -> dict[str, str]:
    project.write({"test_it.py": CHECKS.format(logged=logged, table=table)})
    project.run("--mlops")
    assert set(project.verdicts().values()) == {"pass"}
    return {gate["name"]: gate["reason"] for gate in project.record()["gates"]}


def test_what_a_run_writes_holds_no_personal_data(project: Project) -> None:
    found = gates(project, logged="served order 1234567 at 1732412036123, p95 0.4111111111111111", table="orders")
    assert found["personal_data"] == ""
    assert project.record()["verdict"] == "pass"


@pytest.mark.parametrize(
    ("logged", "table", "where"),
    [(f"mail from {MAIL}", "orders", "email in the log api.log"), ("", MAIL, "email in the evidence of test_service")],
)
def test_personal_data_in_what_a_run_writes_fails_it(project: Project, logged: str, table: str, where: str) -> None:
    reason = gates(project, logged=logged, table=table)["personal_data"]
    assert reason.startswith(f"the run wrote personal data: {where}")
    assert MAIL not in reason
    assert project.record()["verdict"] == "fail"


def test_a_run_that_does_not_look_for_personal_data_has_no_such_gate(project: Project) -> None:
    project.write({"test_it.py": CHECKS.format(logged=MAIL, table="orders")})
    project.run("--mlops", "-k", "test_service")
    assert [gate["name"] for gate in project.record()["gates"]] == ["evidence"]
