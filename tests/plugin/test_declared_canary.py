"""What `mlops.toml` says of a change of version: a canary, the way back; a mistake is named, a broken one is red."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from pytest_mlops.core.configuration import configuration_schema, parse_configuration
from pytest_mlops.core.errors import DeclarationError
from tests.broken_services import model_service, routing_service, switching_service, version_service

if TYPE_CHECKING:
    from tests.plugin.conftest import Project

ROOT = Path(__file__).parents[2]
ROW = {"carrier": "AA", "origin": "JFK", "dep_delay": 12.5, "distance": 900, "hour": 9}
_SERVICES = "[service.old]\ncommand = ['x', '{port}']\n[service.new]\ncommand = ['x', '{port}']\n"
_LIMIT = "failures = { at_most = 0.1 }\n"
_PAIR = "[canary.c]\nrequests = 'r'\nbase = 'old'\ncandidate = 'new'\n"
_CANARY = _SERVICES + _PAIR + _LIMIT
_BACK = _CANARY + "[rollback.r]\nservice = 'new'\nrequests = 'r'\ncommand = ['x']\nis_back = { version = '3' }\n"
_ROLLBACK = _BACK + "failed_requests = { at_most = 0 }\n"
WRONG = {
    _CANARY.replace("'new'", "'now'"): "[canary.c]: candidate: unknown name 'now'. Did you mean 'new'?",
    _CANARY.replace("base = 'old'", "base = 'od'"): "[canary.c]: base: unknown name 'od'. Did you mean 'old'?",
    _CANARY.replace("base = 'old'", "base = 'new'"): "[canary.c]: base and candidate must differ, both are 'new'",
    _CANARY.replace(_LIMIT, ""): "[canary.c] judges nothing. Hint: failures = { at_most = 0.01 }",
    _CANARY.replace("requests = 'r'", ""): "[canary.c]: requests is missing; it must be a file of recorded rows",
    _CANARY + "faillures = { at_most = 0 }": "[canary.c]: unknown key 'faillures'. Did you mean 'failures'?",
    _CANARY + "pairs = 0": "[canary.c]: pairs must be how many pairs of requests the latency is compared on, from 1 on",
    _CANARY + "timeout = 'soon'": "[canary.c]: timeout must be a time, '60s', after which no row is sent",
    _SERVICES + _PAIR.replace("'new'", "'old2'") + _LIMIT + "[service.old2]\ncommand = ['x']\n" + "contract = 'c'": (
        "mlops.toml: [service.new] judges nothing. Hint: contract = 'openapi.json'"
    ),
    _ROLLBACK.replace("service = 'new'", "service = 'nw'"): "[rollback.r]: service: unknown name 'nw'. Did you mean",
    _BACK: "[rollback.r] judges nothing. Hint: rollback_time = { at_most = 5, unit = 's' }",
    _ROLLBACK.replace("{ version = '3' }", "{}"): "[rollback.r]: is_back must name something. Hint: is_back = {",
    _ROLLBACK.replace("'3'", "3"): "[rollback.r]: is_back must be a table of texts that the old version's answers name",
    _ROLLBACK.replace("['x']\nis_back", "'x'\nis_back"): "[rollback.r]: command must be the command that rolls",
    _ROLLBACK.replace("['x']\nis_back", "['x', '{ol.url}']\nis_back"): "[rollback.r]: command: unknown name 'ol'. Did",
    _SERVICES.replace("'x', '{port}']\n[", "'x', '{port}', '{nev.url}']\n[") + _PAIR + _LIMIT: (
        "[service.old]: command: unknown name 'nev'. Did you mean 'new'?"
    ),
    _SERVICES.replace("'x', '{port}']\n[", "'x', '{new.url}']\nenv = { A = '{port}' }\n[").replace(
        "[service.new]", "[service.new]\nenv = { OTHER = '{old.url}' }"
    ) + _PAIR + _LIMIT: "none can be started first, each is told where the next one is: old → new → old",
    _ROLLBACK + "rate = 0": "[rollback.r]: rate must be requests a second meanwhile, above 0, got 0",
}  # fmt: skip
BEYOND_A_SCHEMA = (
    "unknown name",
    "none can be started first",
    "must differ",
    "judges nothing",
    "must name something",
)  # what a reader finds


@pytest.mark.parametrize("text", WRONG)
def test_a_mistake_is_named(text: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        parse_configuration(tomllib.loads(text), source="mlops.toml")
    assert WRONG[text] in str(caught.value)


def test_editors_see_a_mistake_too() -> None:
    validator = jsonschema.Draft7Validator(configuration_schema())
    for text, message in WRONG.items():
        if not any(words in message for words in BEYOND_A_SCHEMA):
            assert list(validator.iter_errors(tomllib.loads(text))), text


def test_the_snippet_of_the_page_is_one() -> None:
    page = (ROOT / "docs/contract.md").read_text(encoding="utf-8")
    _, text = re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    said = parse_configuration(tomllib.loads(text), source="mlops.toml")
    assert said.canary
    assert said.rollback


TOML = f"""
[service.v3]
command = ["{{python}}", {version_service.__file__!r}, "--port", "{{port}}", "--digest", "3"]

[service.v4]
command = ["{{python}}", {version_service.__file__!r}, "--port", "{{port}}", "--digest", "4", "--change", "CHANGE"]

[canary.v4]
base = "v3"
candidate = "v4"
requests = "rows.jsonl"
contract = "contract.json"
pairs = 60
timeout = "20s"
failures = {{ at_most = 0.1 }}
failed_requests = {{ at_most = 0 }}
old_failures = {{ at_most = 0.1 }}
old_failed_requests = {{ at_most = 0 }}
decisions_changed = {{ at_most = 0.1 }}
largest_difference = {{ at_most = 1e-9 }}
p50_ratio = {{ at_most = 4, by = "point" }}
p90_ratio = {{ at_most = 200, by = "point" }}
"""
BACK = f"""
[service.api]
command = ["{{python}}", {switching_service.__file__!r}, "--port", "{{port}}", "--fault", "FAULT"]
contract = "contract.json"
deployed = {{ model_digest = {switching_service.NEW!r} }}
laws = ["answers_name_what_was_deployed"]

[rollback.api]
service = "api"
command = ["{{python}}", {switching_service.__file__!r}, "--back", "BACK"]
is_back = {{ model_digest = {switching_service.OLD!r} }}
requests = "rows.jsonl"
contract = "contract.json"
rate = 40
longest = "3s"
timeout = "2s"
rollback_time = {{ at_most = 2.5, unit = "s" }}
failed_requests = {{ at_most = 0 }}
"""


ROUTED = f"""
[service.v3]
command = ["{{python}}", {version_service.__file__!r}, "--port", "{{port}}", "--digest", "3"]

[service.v4]
command = ["{{python}}", {version_service.__file__!r}, "--port", "{{port}}", "--digest", "4"]

[service.router]
command = ["{{python}}", {routing_service.__file__!r}, "--port", "{{port}}", "--first", "{{v4.url}}",
           "--then", "{{v3.url}}"]

[rollback.v4]
service = "router"
command = ["{{python}}", {routing_service.__file__!r}, "--switch", "{{url}}"]
is_back = {{ model_digest = "3" }}
requests = "rows.jsonl"
contract = "contract.json"
rate = 40
longest = "3s"
rollback_time = {{ at_most = 2.5, unit = "s" }}
failed_requests = {{ at_most = 0 }}
"""


@pytest.fixture
def declared(project: Project) -> Project:
    rows = [{**ROW, "dep_delay": delay, "hour": hour} for delay in (-5, 2.5, 12.5, 30) for hour in range(0, 24, 2)]
    return project.write({
        "contract.json": json.dumps(model_service.document()), "rows.jsonl": "\n".join(map(json.dumps, rows)),
    })  # fmt: skip


def evidence(project: Project, name: str) -> dict[str, str]:
    """Return the verdict of each limit of a check."""
    (check,) = (check for check in project.record()["checks"] if check["id"].endswith(f"::{name}"))
    assert check["stage"] == "serving"
    return {one["measurement"]["name"].removeprefix("serving."): one["verdict"] for one in check["evidence"]}


@pytest.mark.parametrize(
    ("change", "red"),
    [
        ("last_digits", set()),
        ("fails", {"failures", "failed_requests"}),
        ("flips", {"decisions_changed"}),
        ("much_slower", {"p50_ratio"}),
    ],
)
def test_a_candidate_beside_its_base(declared: Project, change: str, red: set[str]) -> None:
    declared.write({"mlops.toml": TOML.replace("CHANGE", change)}).run("--mlops")
    assert [check["id"] for check in declared.record()["checks"]] == ["mlops.toml::canary::v4::canary"]
    found = evidence(declared, "canary")
    assert len(found) == 8
    assert {name for name, verdict in found.items() if verdict != "pass"} == red, found


@pytest.mark.parametrize(("fault", "red"), [("", set()), ("never", {"rollback_time"}), ("fails", {"failed_requests"})])
def test_the_way_back(declared: Project, fault: str, red: set[str]) -> None:
    """It is tried on a copy: what was deployed still answers where the contract is checked, before and after."""
    toml = BACK.replace("FAULT", fault).replace("BACK", "{url}")
    declared.write({"mlops.toml": toml}).run("--mlops")
    found = evidence(declared, "rollback")
    assert {name for name, verdict in found.items() if verdict != "pass"} == red, found
    assert evidence(declared, "answers_name_what_was_deployed") == {"answers_name_what_was_deployed": "pass"}


@pytest.mark.parametrize(("stuck", "red"), [("", set()), ('"--stuck", ', {"rollback_time"})], ids=["", "stuck"])
def test_a_router_between_declared_services_is_switched_back(declared: Project, stuck: str, red: set[str]) -> None:
    declared.write({"mlops.toml": ROUTED.replace('"--first"', f'{stuck}"--first"')}).run("--mlops")
    assert [check["id"] for check in declared.record()["checks"]] == ["mlops.toml::rollback::v4::rollback"]
    found = evidence(declared, "rollback")
    assert {name for name, verdict in found.items() if verdict != "pass"} == red, found


def test_a_command_that_fails_has_rolled_nothing_back(declared: Project) -> None:
    toml = BACK.replace("FAULT", "").replace("BACK", "http://127.0.0.1:1")
    shown = declared.write({"mlops.toml": toml}).run("--mlops", "-k", "rollback").stdout.str()
    assert declared.verdicts() == {"rollback": "error"}
    assert "roll_back must roll back, got SubprocessError: it must exit with 0, got 1" in shown
    assert "Connection refused" in shown


def test_before_a_commit_services_are_left_out_with_the_reason(declared: Project) -> None:
    result = declared.write({"mlops.toml": BACK}).run("--mlops", "--mlops-profile=commit", "-rs")
    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines(["SKIPPED * mlops.toml: the commit profile leaves out the stage serving"])
