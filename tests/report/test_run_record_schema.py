"""The JSON Schema of the run record: what we write fits, what is broken does not."""

from __future__ import annotations

import copy
import dataclasses
import json
from importlib import resources
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from pytest_mlops.core.record import SCHEMA_VERSION, CheckRecord, GateRecord, RunRecord, StageRecord
from pytest_mlops.core.stages import PROFILES, STAGES
from pytest_mlops.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    text = resources.files("pytest_mlops.core").joinpath("run-record.schema.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.fixture(scope="module")
def validator(schema: dict[str, Any]) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema)


def test_schema_is_a_schema_of_this_major_version(schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:pytest-mlops:run-record:{SCHEMA_VERSION.partition('.')[0]}"


@pytest.mark.parametrize("name", ["red_record", "green_record", "empty_record", "hostile_record"])
def test_records_fit(name: str, request: pytest.FixtureRequest, validator: jsonschema.Draft202012Validator) -> None:
    validator.validate(request.getfixturevalue(name))


@pytest.mark.parametrize(("definition", "words"), [("stage", STAGES), ("verdict", Verdict)])
def test_words_are_those_of_the_code(definition: str, words: Iterable[str], schema: dict[str, Any]) -> None:
    assert sorted(schema["$defs"][definition]["enum"]) == sorted(words)


def test_profiles_are_those_that_a_run_can_have(schema: dict[str, Any]) -> None:
    assert schema["properties"]["profile"]["enum"] == [profile for profile in PROFILES if profile != "auto"]


@pytest.mark.parametrize(
    ("record", "path"),
    [
        (RunRecord, ()),
        (CheckRecord, ("$defs", "check")),
        (GateRecord, ("$defs", "gate")),
        (StageRecord, ("$defs", "stage_summary")),
    ],
)
def test_every_field_of_a_record_is_required(record: type, path: tuple[str, ...], schema: dict[str, Any]) -> None:
    for step in path:
        schema = schema[step]
    fields = {field.name for field in dataclasses.fields(record)}
    assert fields == set(schema["required"]) == set(schema["properties"])


def _check(record: dict[str, Any]) -> dict[str, Any]:
    """Return the check that passes."""
    found: dict[str, Any] = record["checks"][0]
    return found


BREAKS: dict[str, Callable[[dict[str, Any]], object]] = {
    "a field is missing": lambda r: r.pop("verdict"),
    "a field is misspelt": lambda r: r.update(verdcit="pass"),
    "a newer major version": lambda r: r.update(schema_version="2.0"),
    "a profile that is not resolved": lambda r: r.update(profile="auto"),
    "a verdict of pytest": lambda r: r.update(verdict="passed"),
    "no reason for a verdict that is not a pass": lambda r: r.update(verdict="fail", verdict_reason=""),
    "a pass of a partial run": lambda r: r.update(partial="1 lifecycle checks deselected"),
    "a pass of nothing": lambda r: r.update(checks=[]),
    "a pass of waived checks alone": lambda r: _check(r).update(gate="waived"),
    "a stage of another language": lambda r: _check(r).update(stage="Daten"),
    "a gate that there is not": lambda r: _check(r).update(gate="ignore"),
    "a rubric that there is not": lambda r: _check(r).update(rubric=["data-8"]),
    "a pass without evidence": lambda r: _check(r).update(evidence=[]),
    "a pass with red evidence": lambda r: _check(r)["evidence"][0].update(verdict="fail"),
    "a pass of nothing measured": lambda r: _check(r)["evidence"][0]["measurement"].update(value=None),
    "a pass of no rows": lambda r: _check(r)["evidence"][0]["measurement"].update(n=0),
    "a number as text": lambda r: _check(r)["evidence"][0]["measurement"].update(value="0.01"),
    "an interval without its confidence": lambda r: _check(r)["evidence"][0]["measurement"].update(interval=[0, 1]),
    "an artefact without its data": lambda r: _check(r)["evidence"][0].update(
        artefacts=[{"kind": "histogram", "title": "x", "data": {}}]
    ),
    "an artefact of another kind": lambda r: _check(r)["evidence"][0].update(
        artefacts=[{"kind": "picture", "title": "x", "data": {"text": ""}}]
    ),
    "provenance without git": lambda r: r["provenance"].pop("git"),
    "a negative duration": lambda r: r.update(duration_s=-1),
}


@pytest.mark.parametrize("name", BREAKS)
def test_broken_records_are_refused(
    name: str, green_record: dict[str, Any], validator: jsonschema.Draft202012Validator
) -> None:
    broken = copy.deepcopy(green_record)
    BREAKS[name](broken)
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(broken)


def test_what_grows_may_grow(green_record: dict[str, Any], validator: jsonschema.Draft202012Validator) -> None:
    green_record["provenance"]["host"]["gpu"] = "none"
    green_record["provenance"]["ci"] = {"run": 12}
    _check(green_record)["evidence"][0]["measurement"]["parameters"]["draws"] = 999
    validator.validate(green_record)
