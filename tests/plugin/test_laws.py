"""One test item a law: which laws there are follows from what the marker declares."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pytest_mlops.stages.contract import LAWS
from tests.broken_services import faulty_service

if TYPE_CHECKING:
    from tests.plugin.conftest import Project

CHECK = """
import sys
import pytest

ROWS = [
    {{"carrier": "UA", "origin": "JFK", "dep_delay": 3.5, "distance": 100 * hour, "hour": hour}} for hour in (6, 8, 12)
]

@pytest.fixture(scope="session")
def api(mlops_service):
    return mlops_service([sys.executable, {service!r}, "--port", "{{port}}", "--fault", "{fault}"], name="api")

@pytest.mark.mlops_laws({marker})
def test_it(mlops_contract, api, mlops_law):
    mlops_contract(api, rows=ROWS, examples=3).require(mlops_law)
"""


def write(project: Project, marker: str, *, fault: str = "") -> Project:
    check = CHECK.format(service=faulty_service.__file__, fault=fault, marker=marker)
    return project.write({"test_it.py": check, "contract.json": json.dumps(faulty_service.document(fault))})


def collected(project: Project) -> list[str]:
    lines = project.run("--mlops", "--collect-only", "-q").stdout.lines
    return [line.partition("[")[2].rstrip("]") for line in lines if "::test_it[" in line]


def test_a_law_that_needs_a_declaration_is_no_item_without_it(project: Project) -> None:
    assert collected(write(project, "'contract.json'")) == [name for name in LAWS if name != "expected_directions"]


def test_a_declaration_makes_its_law_an_item(project: Project) -> None:
    marker = "'contract.json', directions={'dep_delay': 'increasing'}"
    assert collected(write(project, marker)) == list(LAWS)


def test_laws_can_be_chosen_by_name(project: Project) -> None:
    chosen = ["time_is_linear", "predictions_are_sound"]
    assert collected(write(project, f"'contract.json', laws={chosen}")) == chosen


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("'contract.json', laws=['time_is_liner']", "*'time_is_liner' is no law of a service*Did you mean*"),
        ("'contract.json', direction={}", "*unexpected keyword argument 'direction'*"),
    ],
)
def test_a_wrong_marker_is_said_at_collection(project: Project, marker: str, message: str) -> None:
    result = write(project, marker).run("--mlops")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines([message])


def test_what_the_marker_declares_is_tried(project: Project) -> None:
    """The service turns back beyond 900 minutes; by name the law is an item without a declaration, and not run."""
    laws = "laws=['expected_directions', 'time_is_linear']"
    write(project, f"'contract.json', {laws}, directions={{'dep_delay': 'increasing'}}", fault="turns_back")
    project.run("--mlops")
    assert project.verdicts() == {"test_it[expected_directions]": "fail", "test_it[time_is_linear]": "pass"}
    write(project, f"'contract.json', {laws}", fault="turns_back").run("--mlops")
    assert project.verdicts() == {"test_it[expected_directions]": "not_run", "test_it[time_is_linear]": "pass"}


def test_laws_of_the_same_requests_send_them_once(project_in_each_mode: Project) -> None:
    """The service answers otherwise after 60 refusals; had another item sent some before, no one could see it."""
    laws = ["invalid_requests_are_refused", "unknown_paths_and_methods", "never_a_server_error"]
    project = write(project_in_each_mode, f"'contract.json', laws={laws}", fault="wears_out")
    project.run("--mlops")
    verdicts = dict(zip(laws, ["pass", "pass", "fail"], strict=True))
    assert project.verdicts() == {f"test_it[{name}]": verdict for name, verdict in verdicts.items()}
