"""What `mlops.toml` says of a service's contract: each key is obeyed, and a broken service is red."""

from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_mlops.core.configuration import parse_configuration
from pytest_mlops.stages.contract import LAWS, NEED_OFFLINE
from pytest_mlops.stages.service import start_service
from tests.broken_services import mlflow_service, model_service, told_service

if TYPE_CHECKING:
    from tests.plugin.conftest import Project

ROOT = Path(__file__).parents[2]
ROWS: list[dict[str, Any]] = [
    {"carrier": carrier, "origin": "JFK", "dep_delay": delay, "distance": 900, "hour": hour}
    for carrier in ("AA", "DL")
    for delay in (None, 4.5, 30.0)
    for hour in (6, 19)
]


def test_the_snippet_of_the_page_is_one() -> None:
    text, _ = re.findall(
        r"^```toml\n(.*?)^```", (ROOT / "docs/contract.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    (service,) = parse_configuration(tomllib.loads(text), source="mlops.toml").service.values()
    assert service.model
    assert service.outputs


TOML = f"""
[data.past]
path = "past.parquet"

[model.delays]
load = "scoring:load"
data = "past"
target = "late"
brier_score = {{ at_most = 1 }}

[service.api]
command = ["{{python}}", {told_service.__file__!r}, "--port", "{{port}}", "--fault", "FAULT"]
contract = "contract.json"
requests = "rows.jsonl"
protocol = "openapi"
suite = "suite.json"
public = ["carrier"]
outputs = {{ probability = {{ at_least = 0.001 }} }}
directions = {{ dep_delay = "increasing", distance = "decreasing" }}
score = "probability"
deployed = {{ model_digest = {told_service.NEW!r} }}
ends_within = "5s"
examples = 6
COMPARED
without = ["ready_means_ready", "sigterm_answers_what_is_in_flight", "time_is_linear", "invalid_requests_are_refused"]
"""
SCORING = """
from tests.broken_services import model_service

def load():
    return lambda flights: [model_service.score(as_sent(row)) for row in flights.to_dict("records")]

def as_sent(row):
    return {**row, "dep_delay": None if row["dep_delay"] != row["dep_delay"] else row["dep_delay"]}

answer = model_service.predict
"""
SUITE = {
    "name": "rows",
    "expectations": [
        {"type": "expect_column_values_to_be_between", "kwargs": {"column": "hour", "max_value": 20}},
        {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "carrier", "value_set": ["AA", "DL"]}},
    ],
}


@pytest.fixture
def declared(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pq.write_table(
        pa.Table.from_pylist([{**row, "late": row["hour"] > 9} for row in ROWS]),
        project.pytester.path / "past.parquet",
    )
    return project.write({
        "scoring.py": SCORING,
        "suite.json": json.dumps(SUITE),
        "contract.json": json.dumps(model_service.document()),
        "rows.jsonl": "\n".join(map(json.dumps, ROWS)),
    })  # fmt: skip


def run(project: Project, fault: str, compared: str) -> tuple[dict[str, str], str]:
    toml = TOML.replace("FAULT", fault).replace("COMPARED", compared)
    shown = project.write({"mlops.toml": toml}).run("--mlops", "-k", "service").stdout.str()
    return project.verdicts(), shown


@pytest.mark.parametrize("compared", ['model = "delays"', 'offline = "scoring:answer"'])
def test_a_service_that_keeps_what_was_said_of_it_is_green(declared: Project, compared: str) -> None:
    verdicts, shown = run(declared, "", compared)
    assert set(verdicts.values()) == {"pass"}, shown
    assert set(verdicts) == set(LAWS) - {
        "ready_means_ready", "sigterm_answers_what_is_in_flight", "time_is_linear", "invalid_requests_are_refused",
        "every_form_answers_the_same",
    }  # fmt: skip


def test_a_service_that_breaks_it_is_red_there(declared: Project) -> None:
    verdicts, shown = run(declared, "falls,fills_in,rounds,old,never", 'model = "delays"')
    assert {law for law, verdict in verdicts.items() if verdict == "fail"} == {
        *NEED_OFFLINE, "expected_directions", "predictions_are_sound", "answers_name_what_was_deployed",
    }, shown  # fmt: skip
    assert set(verdicts.values()) == {"pass", "fail"}


CONTAINER = """
[data.sent]
path = "sent.parquet"

[service.delay]
command = ["{python}", "-m", "tests.broken_services.sagemaker_service", "--port", "{port}", "--fault", "FAULT"]
protocol = "sagemaker"
signature = "model"
example = "sent"
ranges = true
laws = ["valid_requests_answer", "every_form_answers_the_same"]
examples = 4
"""


@pytest.mark.parametrize(("fault", "verdict"), [("", "pass"), ("lines_off_by_one", "fail")])
def test_a_container_by_a_signature_and_an_example(declared: Project, fault: str, verdict: str) -> None:
    mlflow_service.save_signature(declared.pytester.path / "model")
    rows = {"carrier": ["AA", "UA"], "dep_delay": [1.5, 30.0], "distance": [400, 90], "late": [True, False]}
    pq.write_table(pa.table(rows), declared.pytester.path / "sent.parquet")
    shown = declared.write({"mlops.toml": CONTAINER.replace("FAULT", fault)}).run("--mlops").stdout.str()
    assert declared.verdicts() == {"valid_requests_answer": "pass", "every_form_answers_the_same": verdict}, shown


def test_what_is_wrong_in_the_project_is_named_with_its_place(declared: Project) -> None:
    more = {"column": "hour", "min_value": 20, "max_value": 40}  # than the document allows
    suite = {"type": "expect_column_values_to_be_between", "kwargs": more}
    toml = TOML.replace("COMPARED", 'offline = "scoring:anser"').replace("FAULT", "")
    files = {"mlops.toml": toml, "suite.json": json.dumps({"name": "rows", "expectations": [suite]})}
    shown = declared.write(files).run("--mlops", "-k", "online or valid_requests_answer").stdout.str()
    assert declared.verdicts() == {"online_equals_offline": "error", "valid_requests_answer": "fail"}
    assert "mlops.toml: [service.api] offline: 'scoring:anser' can't be imported: module 'scoring' has no" in shown


def test_a_contract_without_a_law_is_an_error(declared: Project) -> None:
    laws = json.dumps([law for law in LAWS if law not in NEED_OFFLINE])
    toml = f"[service.api]\ncommand = ['x', '{{port}}']\ncontract = 'contract.json'\nwithout = {laws}\n"
    result = declared.write({"mlops.toml": toml}).run("--mlops")
    result.stdout.fnmatch_lines(["*mlops.toml::service::api: without must leave a law, got all of them*"])
    assert result.ret == pytest.ExitCode.INTERRUPTED


def test_an_application_is_started_without_a_command(declared: Project) -> None:
    """Its module is found where `env` says."""
    folder = declared.pytester.path / "applications"
    toml = f"""
[service.api]
wsgi = "small:make()"
env = {{ PYTHONPATH = {os.pathsep.join([str(folder), str(ROOT)])!r} }}
contract = "contract.json"
laws = ["no_breaking_change"]
"""
    application = "from tests.broken_services.model_service import slow_service as make\n"
    declared.write({"mlops.toml": toml, "applications/small.py": application}).run("--mlops")
    assert declared.verdicts() == {"no_breaking_change": "pass"}


def test_a_service_that_runs_already_is_found(declared: Project) -> None:
    """A host is talked to where the command line says so too."""
    laws = 'contract = "contract.json"\nlaws = ["no_breaking_change"]\n'
    there = f'[service.there]\nurl = "http://api.invalid"\nallowed_hosts = ["api.invalid"]\n{laws}'
    command = ["{python}", model_service.__file__, "--port", "{port}"]
    with start_service(command, name="api", workdir=declared.pytester.path) as service:
        here = f'[service.here]\nurl = "{service.url}"\n{laws}'
        shown = declared.write({"mlops.toml": here + there}).run("--mlops").stdout.str()
    verdicts = {check["id"].split("::")[2]: check["verdict"] for check in declared.record()["checks"]}
    assert verdicts == {"here": "pass", "there": "error"}
    assert "'api.invalid' is allowed by the check, and must be by the command line too." in shown


def test_a_service_ends_within_what_was_said(declared: Project) -> None:
    """No process ends in a millisecond."""
    command = json.dumps(["{python}", told_service.__file__, "--port", "{port}"])
    said = f'command = {command}\ncontract = "contract.json"\nlaws = ["sigterm_answers_what_is_in_flight"]\n'
    toml = f'[service.soon]\n{said}ends_within = "20s"\n[service.at_once]\n{said}ends_within = "1ms"\n'
    declared.write({"mlops.toml": toml}).run("--mlops")
    verdicts = {check["id"].split("::")[2]: check["verdict"] for check in declared.record()["checks"]}
    assert verdicts == {"soon": "pass", "at_once": "fail"}
