"""A foreign host is talked to where the check and the command line both say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.plugin.conftest import Project

CHECKS = """
from pytest_mlops import at_most, server

HOSTS = {"allowed_hosts": ["api.invalid"]}

def test_service(mlops_service):
    mlops_service(url="http://api.invalid", name="api", timeout=0.2, **HOSTS)

def test_load(mlops_load):
    mlops_load("http://api.invalid", server(rate=5), rows=[{"a": 1}], duration="1s", **HOSTS)

def test_unsaid(mlops_service):
    mlops_service(url="http://api.invalid", name="api", timeout=0.2)
"""


def reasons(project: Project) -> dict[str, str]:
    return {check["id"].rpartition("::")[2]: check["reason"] for check in project.record()["checks"]}


def test_the_code_of_a_check_alone_does_not_allow_a_host(project: Project) -> None:
    project.write({"test_it.py": CHECKS}).run("--mlops")
    assert set(project.verdicts().values()) == {"error"}
    said = reasons(project)
    for name in ("test_service", "test_load"):
        assert "'api.invalid' is allowed by the check, and must be by the command line too." in said[name]
        assert "Hint: pytest --mlops --mlops-allow-host=api.invalid" in said[name]
    assert "must be on loopback or on an allowed host, got host 'api.invalid'" in said["test_unsaid"]


def test_the_command_line_alone_does_not_either_and_both_do(project: Project) -> None:
    result = project.write({"test_it.py": CHECKS}).run("--mlops", "--mlops-allow-host=api.invalid")
    said = reasons(project)
    assert "must answer 2xx at http://api.invalid/ping within 0.2 s" in said["test_service"]
    assert "command line" not in said["test_load"]
    assert "must be on loopback or on an allowed host" in said["test_unsaid"]
    result.stdout.fnmatch_lines(["next*--mlops-allow-host=api.invalid*"])
