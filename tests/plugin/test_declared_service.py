"""What `mlops.toml` says of a service's contract: each key is obeyed, a mistake is named, a broken service is red."""

from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_mlops.core import service_keys
from pytest_mlops.core.configuration import configuration_schema, parse_configuration
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.stages.contract import LAWS, NEED_OFFLINE
from pytest_mlops.stages.contract.laws import DECLARED
from pytest_mlops.stages.contract.protocols import check_protocol
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
_SERVICE = "[service.api]\ncommand = ['x', '{port}']\n"
_OF = _SERVICE + "contract = 'c.json'\n"
_MODEL = "[data.d]\npath = 'd.parquet'\n[model.m]\nload = 'm:f'\ndata = 'd'\ntarget = 'y'\nf1 = { at_least = 0.5 }\n"
WRONG = {
    "[service.api]\ncontract = 'c.json'": (
        "[service.api] must be started by one of command, wsgi, asgi, mlflow, got none"
    ),
    _OF + "asgi = 'm:app'": "[service.api] must be started by one of command, wsgi, asgi, mlflow, got command and asgi",
    _OF + "env = { WORKERS = 2 }": "env must be a table of texts, added to the environment, { WORKERS = '2' }, got",
    _SERVICE
    + "requests = 'r'\n[service.api.load]\nlocustfile = 'l'\nusers = 1\nduration = '1s'\np95 = { at_most = 9 }": (
        "requests are sent for a contract, or a load that sends them: there is neither"
    ),
    _OF + "protocol = 'mlfow'": "mlops.toml: [service.api]: protocol: unknown name 'mlfow'. Did you mean 'mlflow'?",
    _OF + "laws = ['time_is_liner']": (
        "[service.api]: laws: unknown name 'time_is_liner'. Did you mean 'time_is_linear'?"
    ),
    _OF + "without = ['redy_means_ready']": "Did you mean 'ready_means_ready'?",
    _OF + "directions = { delay = 'increasin' }": "directions: unknown name 'increasin'. Did you mean 'increasing'?",
    _OF + "directions = { delay = 1 }": "directions must be a table of fields, { dep_delay = 'increasing' }",
    _OF + "deployed = { version = 3 }": (
        "deployed must be a table of texts that answers must name, { version = '3' }, got {'version': 3}"
    ),
    _OF + "ranges = 'yes'": "ranges must be true or false: whether numbers are drawn within those of the example, got",
    _OF + "examples = 0": "examples must be how many requests are drawn a law, from 1 on, got 0",
    _OF + "ends_within = 'soon'": "ends_within must be a time, '10s': how long the service may take to end",
    _OF + "public = 'carrier'": "public must be a list of fields whose values a report may show, got 'carrier'",
    _OF + "outputs = { minutes = 'many' }": (
        "[service.api]: outputs.minutes must be [low, high], a limit or 'probabilities', got 'many'"
    ),
    _OF + "outputs = { minutes = { at_mos = 1 } }": "outputs.minutes: unknown key 'at_mos'. Did you mean 'at_most'?",
    _OF + "outputs = { minutes = { unit = 'ms' } }": "outputs.minutes must have at_most or at_least",
    _OF + "model = 'm'": "mlops.toml: [service.api]: model: unknown name 'm'.",
    _OF + "example = 'd'": "mlops.toml: [service.api]: example: unknown name 'd'.",
    _OF + "ranges = true": "ranges are those of an example. Hint: example = 'NAME' of a [data.NAME]",
    _OF + "score = 'probability'": "score says what directions or a model are about, and there is neither",
    _OF + "laws = []": "laws must name a law; leave the key out for all of them",
    _OF + "laws = ['time_is_linear']\nwithout = ['time_is_linear']": "laws names all of them, without leaves some out",
    _OF + "laws = ['expected_directions']": "laws has expected_directions, which needs directions",
    _OF + "laws = ['online_equals_offline']": "laws has online_equals_offline, which needs model or offline",
    _OF + "laws = ['time_is_linear']\ndirections = { a = 'increasing' }": (
        "directions is for expected_directions, left out here"
    ),
    _OF + "without = ['answers_name_what_was_deployed']\ndeployed = { v = '3' }": (
        "deployed is for answers_name_what_was_deployed, left out here"
    ),
    _OF + "without = ['online_equals_offline', 'missing_values_as_offline']\noffline = 'm:f'": (
        "offline is for online_equals_offline and missing_values_as_offline, left out here"
    ),
    _MODEL
    + _OF
    + "model = 'm'\noffline = 'm:f'": "model and offline are both what answers are compared with: keep one",
    _MODEL
    + _OF
    + "model = 'm'\nscore = 'a.b'": "score must be a key of a prediction for a model, and no place with '.'",
    _SERVICE + "directions = { a = 'increasing' }\n[service.api.load]\nlocustfile = 'l'\nusers = 1\nduration = '1s'\n"
    "p95 = { at_most = 9 }": "directions is of a contract, and there is none. Hint: contract = 'openapi.json'",
}
# What a table of keys can't say, and a reader does.
BEYOND_A_SCHEMA = (
    "outputs", "unknown name 'm'", "unknown name 'd'", "Hint: example", "there is neither", "must name a law",
    "keep one", "leaves some out", "which needs", "left out here", "no place with", "there is none",
    "started by one of",
)  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_a_mistake_is_named(text: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        parse_configuration(tomllib.loads(text), source="mlops.toml")
    assert WRONG[text] in str(caught.value)
    assert str(caught.value).startswith("mlops.toml: [service.api]")


def test_editors_see_a_mistake_too() -> None:
    validator = jsonschema.Draft7Validator(configuration_schema())
    for text, message in WRONG.items():
        if not any(words in message for words in BEYOND_A_SCHEMA):
            assert list(validator.iter_errors(tomllib.loads(text))), text


def test_the_words_are_those_of_the_tool() -> None:
    assert tuple(LAWS) == service_keys.LAWS
    told = {law for law, option in DECLARED.items() if option in {"directions", "deployed"}}
    assert {*told, *NEED_OFFLINE} == set(service_keys.LAWS_NEED)
    for name in service_keys.PROTOCOLS:
        check_protocol(name)


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
    toml = f"{_OF.replace('c.json', 'contract.json')}without = {laws}\n"
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
