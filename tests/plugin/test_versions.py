"""A change of version in a user's project: the laws that are asked for, a canary, and the way back."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from tests.broken_services import model_service, router, version_service

if TYPE_CHECKING:
    from tests.plugin.conftest import Project

ROW = {"carrier": "AA", "origin": "JFK", "dep_delay": 12.5, "distance": 900, "hour": 9}
CHECKS = f"""
import urllib.request

import pytest

from pytest_mlops import at_most

PYTHON, VERSION, ROUTER = {sys.executable!r}, {version_service.__file__!r}, {router.__file__!r}


@pytest.fixture(scope="module")
def versions(mlops_service):
    command = [PYTHON, VERSION, "--port", "{{port}}", "--digest"]
    return [mlops_service([*command, f"sha256:{{name}}"], name=name) for name in ("old", "new")]


@pytest.mark.mlops_laws(
    "contract.json", also=["answers_name_what_was_deployed"], without=["online_equals_offline", "ready_means_ready"]
)
def test_contract(mlops_contract, versions, mlops_law):
    if mlops_law.id in ("no_breaking_change", "answers_name_what_was_deployed"):
        mlops_contract(versions[1], deployed={{"model_digest": "sha256:DEPLOYED"}}).require(mlops_law)


def test_canary(mlops_canary, versions):
    mlops_canary(*versions, rows="rows.jsonl", pairs=60).require(failures=at_most(0.1), decisions_changed=at_most(0.1))


def test_rollback(mlops_rollback, mlops_service, versions):
    old, new = versions
    router = mlops_service([PYTHON, ROUTER, "--port", "{{port}}", "--old", old.url, "--new", new.url], name="router")

    def switch():
        urllib.request.urlopen(f"{{router.url}}/route", b'{{"to": "old"}}', timeout=10).read()

    back = mlops_rollback(router, roll_back=switch, is_back={{"model_digest": "sha256:old"}}, rows="rows.jsonl")
    back.require(rollback_time=at_most(5, "s"), failed_requests=at_most(0))
"""


def write(project: Project, deployed: str) -> Project:
    return project.write({
        "test_versions.py": CHECKS.replace("DEPLOYED", deployed),
        "rows.jsonl": f"{json.dumps(ROW)}\n" * 40,
        "contract.json": json.dumps(model_service.document()),
    })  # fmt: skip


def test_a_right_change_of_version_is_green(project: Project) -> None:
    write(project, "new").run("--mlops", "-k", "canary or rollback or breaking or deployed")
    assert project.verdicts() == {
        "test_canary": "pass",
        "test_rollback": "pass",
        "test_contract[no_breaking_change]": "pass",
        "test_contract[answers_name_what_was_deployed]": "pass",
    }
    assert {check["stage"] for check in project.record()["checks"]} == {"serving"}


def test_another_version_than_was_deployed_is_red(project: Project) -> None:
    ran = write(project, "newer").run("--mlops", "-k", "deployed")
    assert project.verdicts() == {"test_contract[answers_name_what_was_deployed]": "fail"}
    ran.stdout.fnmatch_lines(["*what was deployed is 'sha256:newer', got 'sha256:new'*"])


def test_laws_are_collected_as_the_marker_says(project: Project) -> None:
    collected = write(project, "new").run("--mlops", "--collect-only", "-q").stdout.str()
    assert "test_contract[answers_name_what_was_deployed]" in collected
    assert "test_contract[sigterm_answers_what_is_in_flight]" in collected
    assert "ready_means_ready" not in collected
