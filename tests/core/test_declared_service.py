"""What is said wrongly of a service in `mlops.toml` is named, also by the schema for editors."""

from __future__ import annotations

import tomllib

import jsonschema
import pytest

from pytest_mlops.core import service_keys
from pytest_mlops.core.configuration import configuration_schema, parse_configuration
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.stages.contract import LAWS, NEED_OFFLINE
from pytest_mlops.stages.contract.laws import DECLARED
from pytest_mlops.stages.contract.protocols import check_protocol

_SERVICE = "[service.api]\ncommand = ['x', '{port}']\n"
_OF = _SERVICE + "contract = 'c.json'\n"
_MODEL = "[data.d]\npath = 'd.parquet'\n[model.m]\nload = 'm:f'\ndata = 'd'\ntarget = 'y'\nf1 = { at_least = 0.5 }\n"
WRONG = {
    "[service.api]\ncontract = 'c.json'": (
        "[service.api] must be started or found by one of command, wsgi, asgi, mlflow, url, got none"
    ),
    _OF + "asgi = 'm:app'": "one of command, wsgi, asgi, mlflow, url, got command and asgi",
    _OF + "allowed_hosts = ['api.invalid']": "allowed_hosts are of a url; what is started here is on loopback",
    _OF.replace("command = ['x', '{port}']", "url = 'http://127.0.0.1:1'") + "env = { A = '1' }": (
        "env is of a service that is started, and at url one runs already"
    ),
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
    "one of command", "are of a url", "at url one",
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
