"""The configuration: every key checked, with a message that names value, place and next step; one JSON Schema."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pytest_mlops.adapters.scikit_learn import METRICS as MEASURED_METRICS
from pytest_mlops.core import configuration, declared_keys
from pytest_mlops.core.configuration import configuration_schema, parse_configuration
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.runners import train_once

SCHEMA = Path(configuration.__file__).with_name("mlops.schema.json")
ROOT = Path(__file__).parents[2]
DATA = "[data.a]\npath = 'a.parquet'\n"
_WATCH = "[data.b]\npath = 'b.parquet'\n[drift.b]\ndata = 'b'\nreference = 'a'\n"
WRONG = {
    "sead = 1": "mlops.toml: unknown key 'sead'. Did you mean 'seed'?",
    "seed = '1'": "mlops.toml: seed must be a whole number, got '1'",
    "seed = true": "mlops.toml: seed must be a whole number, got True",
    "profile = 'relase'": "mlops.toml: profile: unknown name 'relase'. Did you mean 'release'?",
    "required = ['dta']": "mlops.toml: required: unknown name 'dta'. Did you mean 'data'?",
    "paths = [1]": "mlops.toml: paths must be a list of folders and files, got [1]",
    "data = 1": "mlops.toml: data must be tables [data.NAME], got 1",
    "[data]\na = 1": "mlops.toml: [data.a] must be a table, got 1",
    "[data.a]": "mlops.toml: [data.a]: path is missing; it must be a Parquet or CSV file",
    DATA + "suit = 's'": "mlops.toml: [data.a]: unknown key 'suit'. Did you mean 'suite'?",
    DATA + "[drift.w]\ndata = 'a'\nreference = 'b'": "mlops.toml: [drift.w]: unknown name 'b'. Valid are 'a'.",
    DATA
    + "[model.m]\nload = 'm:f'\ndata = 'a'\ntarget = 'y'": "mlops.toml: [model.m] judges nothing. Hint: roc_auc = {",
    DATA + "[model.m]\nload = 'm:f'\ndata = 'a'\ntarget = 'y'\nroc_auc = {at_lest = 1}": (
        "mlops.toml: [model.m]: roc_auc: unknown key 'at_lest'. Did you mean 'at_least'?"
    ),
    DATA + "[model.m]\nload = 'm:f'\ndata = 'a'\ntarget = 'y'\nroc_auc = {unit = 'x'}": (
        "mlops.toml: [model.m] roc_auc must have at_most or at_least, got {'unit': 'x'}"
    ),
    "[trainer.t]\nfunction = 'm:f'\nsame = ['prediction']": (
        "mlops.toml: [trainer.t]: same: unknown name 'prediction'. Did you mean 'predictions'?"
    ),
    "[service.s]\ncommand = ['x']": "mlops.toml: [service.s] judges nothing. Hint: contract = 'openapi.json'",
    "[service.s]\ncommand = 'x'\ncontract = 'c'": (
        "[service.s]: command must be a command, as a list of its words; {NAME.url} in it is where another service is, "
        "got 'x'"
    ),
    "[service.s]\ncommand = ['x']\n[service.s.load]\nlocustfile = 'l'\nusers = 1\nduration = '1s'": (
        "mlops.toml: [service.s]: load judges nothing. Hint: p95 = { at_most"
    ),
    DATA + _WATCH + "false_alarms = -1": "mlops.toml: [drift.b]: false_alarms must be a rate between 0 and 1, got -1",
    DATA + _WATCH + "material = 2": "mlops.toml: [drift.b]: material must be a distance from 0 to below 1, got 2",
    DATA
    + _WATCH
    + "must_see = 0": "[drift.b]: must_see must be a shift in standard deviations, above 0 and at most 10",
    DATA + _WATCH + "same_within = 0.1\nmaterial = 0.1": "same_within is another gate, material is of no_drift",
    DATA + "[batch.b]\ncommand = ['x']\ndata = 'c'": "mlops.toml: [batch.b]: unknown name 'c'. Valid are 'a'.",
}


def parse(text: str) -> Any:
    return parse_configuration(tomllib.loads(text), source="mlops.toml")


@pytest.mark.parametrize("text", WRONG)
def test_a_mistake_is_named(text: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        parse(text)
    assert WRONG[text] in str(caught.value)


def test_the_schema_for_editors_is_the_one_that_is_shipped() -> None:
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == configuration_schema()


def test_the_schema_agrees_with_the_parser() -> None:
    """What the parser takes, the schema takes; what is a mistake of shape, the schema refuses too."""
    jsonschema.Draft7Validator.check_schema(configuration_schema())
    validator = jsonschema.Draft7Validator(configuration_schema())
    own = tomllib.loads((ROOT / "mlops.toml").read_text(encoding="utf-8"))
    assert parse_configuration(own, source="mlops.toml").declares
    validator.validate(own)
    beyond_a_schema = ("unknown name 'b'", "unknown name 'c'", "judges nothing", "at_most or at_least", "another gate")
    for text, message in WRONG.items():
        if not any(words in message for words in beyond_a_schema):
            assert list(validator.iter_errors(tomllib.loads(text))), text


def test_what_can_be_declared_is_what_is_measured() -> None:
    assert set(declared_keys.METRICS) == set(MEASURED_METRICS)
    assert declared_keys.ASPECTS == train_once.ASPECTS
