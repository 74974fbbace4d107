"""Changes of a contract, each in both directions: what breaks a client, what is named, and what is no change."""

from __future__ import annotations

import copy
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.core.errors import RequirementNotMet
from pytest_mlops.stages.contract import law, measure_contract
from pytest_mlops.stages.contract.contract_change import contract_changes
from pytest_mlops.stages.service import start_service
from tests.broken_services import model_service

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_mlops.core.result import Result

FIELDS: dict[str, Any] = {
    "a": {"type": "integer"},
    "b": {"type": "string"},
}


def document(request: Any = None, answer: Any = None, **operation: Any) -> dict[str, Any]:
    """Return a document whose one operation takes and answers a value of these schemas."""
    content = [{"application/json": {"schema": {} if schema is None else schema}} for schema in (request, answer)]
    post = {
        "requestBody": {"content": content[0]},
        "responses": {"200": {"description": "answer", "content": content[1]}},
    }
    return {"openapi": "3.1.0", "paths": {"/score": {"post": post | operation}}}


def an_object(required: str = "", *, closed: bool = True, **fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": required.split(), "additionalProperties": not closed}


def told(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[bool, str]]:
    return [(change.breaking, change.words()) for change in contract_changes(old, new)]


# what is narrower, what is wider, the words of the change to the narrower one, and to the wider one
KINDS: list[tuple[Any, Any, str, str]] = [
    ({"type": "integer"}, {"type": "number"}, "type narrowed", "type widened"),
    ({"type": "integer"}, {"type": ["integer", "string"]}, "type narrowed", "type widened"),
    ({"type": "number"}, {"type": ["number", "null"]}, "null no longer allowed", "null allowed now"),
    ({"type": "string"}, {}, "type narrowed", "type widened"),
    ({"enum": ["x"]}, {"enum": ["x", "y"]}, 'value removed: "y"', 'value added: "y"'),
    ({"const": "x"}, {"enum": ["x", "y"]}, 'value removed: "y"', 'value added: "y"'),
    ({"enum": ["x", "y"]}, {"type": "string"}, "values are listed now", "further values allowed"),
    ({"enum": [True]}, {"type": "boolean"}, "value removed: false", "value added: false"),
    ({"type": "integer", "minimum": 1}, {"type": "integer", "minimum": 0}, "minimum narrowed", "minimum widened"),
    ({"type": "integer", "maximum": 4}, {"type": "integer", "maximum": 5}, "maximum narrowed", "maximum widened"),
    ({"type": "number", "maximum": 0}, {"type": "number"}, "maximum narrowed", "maximum widened"),
    (
        {"type": "number", "exclusiveMaximum": 5},
        {"type": "number", "maximum": 5},
        "maximum narrowed, committed maximum 5, served exclusive maximum 5",
        "maximum widened, committed exclusive maximum 5, served maximum 5",
    ),
    (
        {"type": "number", "exclusiveMinimum": 5},
        {"type": "number", "minimum": 5},
        "minimum narrowed",
        "minimum widened",
    ),
    ({"type": "string", "minLength": 2}, {"type": "string"}, "minLength narrowed", "minLength widened"),
    ({"type": "string", "maxLength": 0}, {"type": "string"}, "maxLength narrowed", "maxLength widened"),
    ({"type": "string", "pattern": "^a"}, {"type": "string"}, "pattern narrowed", "pattern widened"),
    ({"type": "string", "format": "date"}, {"type": "string"}, "format narrowed", "format widened"),
    ({"type": "array", "maxItems": 9}, {"type": "array", "maxItems": 10}, "maxItems narrowed", "maxItems widened"),
    ({"type": "array", "minItems": 1}, {"type": "array"}, "minItems narrowed", "minItems widened"),
    (
        {"type": "array", "items": {"type": "integer"}},
        {"type": "array", "items": {"type": "number"}},
        "[]: type narrowed",
        "[]: type widened",
    ),
    (an_object("a", a={}), an_object("", a={}), "field required now", "field no longer required"),
    (
        an_object(a={"type": "integer", "maximum": 4}),
        an_object(a={"type": "integer"}),
        ".a: maximum narrowed",
        ".a: maximum widened",
    ),
    (
        {"anyOf": [{"type": "string", "maxLength": 2}]},
        {"anyOf": [{"type": "string", "maxLength": 2}, {"type": "string", "pattern": "^a"}]},
        "a form no longer allowed",
        "one more form",
    ),
    (
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"type": "object", "additionalProperties": {"type": "number"}},
        ".*: type narrowed",
        ".*: type widened",
    ),
]


@pytest.mark.parametrize(("narrow", "wide", "narrowed", "widened"), KINDS, ids=lambda one: str(one)[:40])
def test_a_request_may_be_more_and_an_answer_less(narrow: Any, wide: Any, narrowed: str, widened: str) -> None:
    """A client breaks where less may be sent than before, and where more may come."""
    for old, new, words, is_narrower in ((wide, narrow, narrowed, True), (narrow, wide, widened, False)):
        (request,) = told(document(request=old), document(request=new))
        (answer,) = told(document(answer=old), document(answer=new))
        assert request[0] is is_narrower
        assert answer[0] is not is_narrower
        assert request[1].startswith("POST /score request")
        assert answer[1].startswith("POST /score answer 200")
        assert words in request[1]
        assert words in answer[1]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ({"type": "string"}, {"type": "number"}, "type changed, committed string, served number"),
        ({"type": "string", "pattern": "a"}, {"type": "string", "pattern": "b"}, "pattern changed"),
        ({"type": "string", "not": {"const": "a"}}, {"type": "string"}, "changed in what can't be compared"),
        ({"type": "number", "multipleOf": 2}, {"type": "number", "multipleOf": 3}, "multipleOf changed"),
    ],
)
def test_what_is_neither_more_nor_less_breaks_both_sides(old: Any, new: Any, words: str) -> None:
    for before, after in ((old, new), (new, old)):
        for side in ("request", "answer"):
            ((breaking, said),) = told(document(**{side: before}), document(**{side: after}))
            assert breaking
            assert words.partition(",")[0] in said


@pytest.mark.parametrize(
    ("side", "old", "new", "breaking", "words"),
    [
        ("request", an_object("a", **FIELDS), an_object("a b", **FIELDS), True, ".b: field required now"),
        ("request", an_object(a={}), an_object("b", a={}, b={}), True, ".b: new required field"),
        ("request", an_object(a={}), an_object(a={}, b={"type": "string"}), False, ".b: new field"),
        ("request", an_object(a={}, b={}), an_object(a={}), True, ".b: field removed"),
        (
            "request",
            an_object(closed=False, a={}, b={}),
            an_object(closed=False, a={}),
            False,
            ".b: field no longer described",
        ),
        ("request", an_object(closed=False, a={}), an_object(a={}), True, "further fields refused"),
        ("answer", an_object("a b", **FIELDS), an_object("a", a=FIELDS["a"]), True, ".b: field removed"),
        ("answer", an_object("a", a={}), an_object("a b", a={}, b={"type": "string"}), False, ".b: new field"),
        (
            "request",
            {"enum": ["ab", "abc"]},
            {"type": "string", "maxLength": 2},
            True,
            "value removed, committed \"abc\", served $: 'abc' is too long",
        ),
    ],
)
def test_fields_come_and_go(side: str, old: Any, new: Any, breaking: bool, words: str) -> None:  # noqa: FBT001 - a column of the table
    first = told(document(**{side: old}), document(**{side: new}))[0]
    assert first[0] is breaking
    assert words in first[1]


A_NUMBER = {"content": {"application/json": {"schema": {"type": "number"}}}}
A_TEXT = {"content": {"text/csv": {}, **A_NUMBER["content"]}}
LIMIT = {"name": "limit", "in": "query", "schema": {"type": "integer"}}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ({"requestBody": A_TEXT}, {"requestBody": A_NUMBER}, "request text/csv: content type removed"),
        ({"responses": {"200": A_TEXT}}, {"responses": {"200": A_NUMBER}}, "text/csv: content type removed"),
        ({"responses": {"200": {}, "404": {}}}, {"responses": {"200": {}}}, "answer 404: status removed"),
        ({"responses": {"200": {}, "4XX": {}}}, {"responses": {"200": {}}}, "answer 4XX: status removed"),
        ({"responses": {"4XX": A_NUMBER}}, {"responses": {"400": {"content": {}}}}, "answer 400 application/json"),
        ({"parameters": []}, {"parameters": [{**LIMIT, "required": True}]}, "new required parameter"),
        ({"parameters": [LIMIT]}, {"parameters": []}, "parameter query limit: parameter removed"),
        ({"parameters": [LIMIT]}, {"parameters": [{**LIMIT, "required": True}]}, "query limit: required now"),
        ({"requestBody": A_NUMBER}, {"requestBody": {**A_NUMBER, "required": True}}, "request: required now"),
    ],
)
def test_operations_lose_what_clients_use(old: Any, new: Any, words: str) -> None:
    breaking, said = told(document(**old), document(**new))[0]
    assert breaking
    assert words in said


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ({"requestBody": A_NUMBER}, {"requestBody": A_TEXT}, "new content type"),
        ({"responses": {"200": {}}}, {"responses": {"200": {}, "404": {}}}, "new status"),
        ({"parameters": []}, {"parameters": [LIMIT]}, "new parameter"),
        ({"requestBody": {**A_NUMBER, "required": True}}, {"requestBody": A_NUMBER}, "optional now"),
    ],
)
def test_additions_are_named(old: Any, new: Any, words: str) -> None:
    ((breaking, said),) = told(document(**old), document(**new))
    assert not breaking
    assert words in said


def test_paths_and_methods_come_and_go() -> None:
    old, new = document(), document()
    new["paths"]["/new"] = {"get": {}}
    new["paths"]["/score"]["get"] = {}
    assert told(old, new) == [
        (False, "/new: new path, committed absent, served there"),
        (False, "GET /score: new method, committed absent, served there"),
    ]
    assert told(new, old) == [
        (True, "/new: path removed, committed there, served absent"),
        (True, "GET /score: method removed, committed there, served absent"),
    ]


ROW = an_object("a b", a={"type": ["integer", "null"], "minimum": 0, "maximum": 9}, b={"enum": ["x", "y"]})


@pytest.mark.parametrize(
    "other",
    [
        {**ROW, "title": "Row", "description": "of a table", "examples": [{}], "x-owner": "us"},
        dict(reversed([*ROW.items()])),
        {**ROW, "properties": dict(reversed([*ROW["properties"].items()])), "required": ["b", "a"]},
        {**ROW, "properties": {**ROW["properties"], "b": {"enum": ["y", "x"], "type": "string"}}},
        {**ROW, "properties": {**ROW["properties"], "a": {"type": "integer", "minimum": 0, "maximum": 9,
                                                          "nullable": True}}},
        {**ROW, "properties": {**ROW["properties"], "a": {"type": ["null", "integer"], "exclusiveMinimum": -1,
                                                          "exclusiveMaximum": 10}}},
        {**ROW, "properties": {**ROW["properties"], "a": {"type": "integer", "nullable": True, "minimum": -1,
                                                          "exclusiveMinimum": True, "maximum": 9.5}}},
        {**ROW, "properties": {**ROW["properties"], "a": {
            "anyOf": [{"type": "null"}, {"type": "integer", "minimum": 0, "maximum": 9}]}}},
        {**ROW, "properties": {**ROW["properties"], "a": {
            "oneOf": [{"type": "integer", "allOf": [{"minimum": 0}, {"maximum": 9}]}, {"const": None}]}}},
        {**ROW, "properties": {**ROW["properties"], "b": {"anyOf": [{"const": "y"}, {"const": "x"}]}}},
        {"$ref": "#/components/schemas/Row"},
        {"allOf": [{"$ref": "#/components/schemas/Row"}]},
    ],
)  # fmt: skip
def test_how_it_is_written_is_no_change(other: dict[str, Any]) -> None:
    for side in ("request", "answer"):
        old, new = document(**{side: ROW}), document(**{side: other})
        new["components"] = {"schemas": {"Row": ROW}}
        assert told(old, new) == []
        assert told(new, old) == []


def test_what_is_called_otherwise_or_stands_elsewhere_is_no_change() -> None:
    """The name of a part of a path, a parameter of the whole path, a range of statuses."""
    part = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    old = {"paths": {"/rows/{id}": {"get": {"parameters": [part], "responses": {"404": A_NUMBER, "4XX": A_NUMBER}}}}}
    other = {**part, "name": "row"}
    new = {"paths": {"/rows/{row}": {"parameters": [other], "get": {"responses": {"4XX": A_NUMBER}}}}}
    assert told(old, new) == []


def measure(tmp_path: Path, committed: dict[str, Any], fault: str = "") -> Result:
    command = [sys.executable, model_service.__file__, "--port", "{port}", "--fault", fault]
    with start_service(command, name="delay_api", workdir=tmp_path) as service:
        return measure_contract(service, seed=1, laws=["no_breaking_change"], committed=committed)


def test_a_service_that_serves_less_than_it_promised_is_red(tmp_path: Path) -> None:
    """The message names each place, what was committed and what is served."""
    committed = copy.deepcopy(model_service.document())
    row = committed["components"]["schemas"]["Row"]
    row["required"] = [name for name in row["required"] if name != "hour"]
    row["properties"]["distance"] = {"type": "integer", "minimum": 0}
    committed["paths"]["/version"] = {"get": {"responses": {"200": {"description": "version"}}}}
    result = measure(tmp_path, committed)
    with pytest.raises(RequirementNotMet) as story:
        result.require(law("no_breaking_change"))
    for words in (
        "/version: path removed, committed there, served absent",
        ".rows[].distance: minimum narrowed, committed minimum 0, served minimum 1",
        ".rows[].distance: maximum narrowed, committed no maximum, served maximum 5000",
        ".rows[].hour: field required now, committed optional, served required",
        "curl -sS -X GET",
    ):
        assert words in str(story.value)
    assert float(result["no_breaking_change"]) == 3


def test_a_service_that_serves_more_is_green_and_says_so(tmp_path: Path) -> None:
    result = measure(tmp_path, model_service.document(), "lying_document")
    result.require(law("no_breaking_change"))
    assert "no break: POST /invocations request.rows[].distance: maximum widened" in result["no_breaking_change"].note


@pytest.mark.parametrize("served", ["answers_everything", "quiet_key_order"])
def test_another_layout_is_no_change(tmp_path: Path, served: str) -> None:
    result = measure(tmp_path, model_service.document(), served)
    result.require(law("no_breaking_change"))
    assert result["no_breaking_change"].note == ""
