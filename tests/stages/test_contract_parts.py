"""The parts of the laws that need no service: refusals, faults, ends of fields, names of probabilities."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_mlops.adapters.http import Exchange, Request
from pytest_mlops.stages.contract.document import read_signature
from pytest_mlops.stages.contract.extremes import ends_of, extreme_rows
from pytest_mlops.stages.contract.faults import faults_of
from pytest_mlops.stages.contract.findings import curl
from pytest_mlops.stages.contract.outputs import Node, guessed
from pytest_mlops.stages.contract.refusals import wrong_with_refusal
from tests.broken_services import model_service

SIGNATURE = read_signature(model_service.document())
ROW: dict[str, Any] = {"carrier": "AA", "origin": "JFK", "dep_delay": 1.5, "distance": 400, "hour": 6}


def refused(message: str, sent: object, *, status: int = 422) -> Exchange:
    body = sent if isinstance(sent, bytes) else json.dumps({"rows": [sent]}).encode()
    error = {"error": {"code": "wrong", "field": "", "message": message}}
    return Exchange(
        request=Request(method="POST", path="/invocations", body=body), url="http://127.0.0.1/invocations",
        status=status, content_type="application/json", body=json.dumps(error).encode(), elapsed_s=0.1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        ("hour is wrong", ""),
        ("rows[0].hour must be at most 23, dep_delay may be null", ""),
        ("it took an hours", "a refusal must name the field that is wrong, 'hour', got no field"),
        ("distance is wrong", "a refusal must name the field that is wrong, 'hour', got 'distance'"),
        (", ".join(ROW), "a refusal must name the field that is wrong, 'hour', got all of them"),
        ("line 1 column 90 (char 89)", "a refusal must name the field that is wrong, 'hour', got no field"),
    ],
)
def test_a_refusal_names_the_field(message: str, problem: str) -> None:
    assert wrong_with_refusal(refused(message, {**ROW, "hour": 24}), SIGNATURE, field="hour") == problem


def test_in_a_text_that_is_no_json_a_place_is_enough() -> None:
    sent = json.dumps({"rows": [ROW]}).replace("400", "0x10").encode()
    there, elsewhere = sent.index(b"0x10") + 1, sent.index(b"JFK")
    said = {place: refused(f"unexpected letter at {place}", sent, status=400) for place in (there, elsewhere)}
    assert wrong_with_refusal(said[there], SIGNATURE, field="distance") == ""
    assert "got no field" in wrong_with_refusal(said[elsewhere], SIGNATURE, field="distance")


def test_a_body_that_is_too_large_need_not_be_read() -> None:
    assert wrong_with_refusal(refused("too large", ROW, status=413), SIGNATURE, field="hour") == ""


@pytest.mark.parametrize(
    ("value", "message", "echo"),
    [
        ("quizzical-otter", "carrier must not be quizzical-otter", "got 'quizzical-otter'"),
        ("A" * 500, f"carrier is {'A' * 300}", "got 'AAAAAAAAAAAAAAAAAAAA'"),
        ("required", "carrier is required", ""),
        ("AA", "carrier must not be AA", ""),
        (12345678, "carrier must not be 12345678", ""),
        (int("9" * 200), f"carrier must not be {'9' * 200}", "got '99999999999999999999'"),
    ],
)
def test_a_refusal_sends_no_value_back(value: object, message: str, echo: str) -> None:
    problem = wrong_with_refusal(refused(message, {**ROW, "carrier": value}), SIGNATURE, field="carrier")
    assert problem == (f"a refusal must not send back the values that were sent, {echo}" if echo else "")


def test_a_refusal_does_not_send_the_body_back() -> None:
    exchange = refused(f"hour is wrong in {json.dumps({'rows': [ROW]})}", ROW)
    assert wrong_with_refusal(exchange, SIGNATURE) == "a refusal must not send back the body that was sent"


def test_faults_are_named_by_their_form_and_their_field() -> None:
    """What the document allows is no fault, and then there is no request."""
    faults = faults_of(SIGNATURE)
    assert len({name.partition(":")[0] for name in faults}) >= 60
    assert faults["above:hour"].field == "hour"
    assert faults["comment"].field == ""
    assert faults["fraction:dep_delay"].spoil([ROW]) is None
    assert [name for name, fault in faults.items() if fault.tolerable] == ["byte_order_mark", "empty_content_type"]


def test_a_request_without_a_content_type_can_be_repeated() -> None:
    empty = Request(method="POST", path="/", body=b"{}", content_type="")
    line = curl(Exchange(request=empty, url="http://127.0.0.1/", status=200, elapsed_s=0.1))
    assert line == "curl -sS -X POST http://127.0.0.1/ -H 'Content-Type;' --data-binary '{}'"


@pytest.mark.parametrize(
    ("schema", "ends"),
    [
        ({"type": "integer", "minimum": 1, "exclusiveMaximum": 10}, [1, 9]),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 1}, [5e-324, 1]),
        ({"anyOf": [{"type": "number", "minimum": -1, "maximum": 1}, {"type": "null"}]}, [-1, 1]),
        ({"enum": ["a", "b"]}, ["a", "b"]),
        ({"type": ["boolean", "null"]}, [False, True]),
        ({"type": "string", "maxLength": 2, "pattern": "^[A-Z]*$"}, ["AA"]),
        ({"type": "string"}, []),
    ],
)
def test_the_ends_of_a_field(schema: dict[str, Any], ends: list[Any]) -> None:
    assert ends_of(schema) == ends


def test_extreme_rows_are_rows_of_the_document() -> None:
    rows = extreme_rows(SIGNATURE.row, ROW)
    assert {row["hour"] for row in rows} == {0, 6, 23}
    assert {row["carrier"] for row in rows} == set(model_service.CARRIERS)
    assert None in {row["dep_delay"] for row in rows}
    assert rows[-1] == {"carrier": "UA", "origin": "JFK", "dep_delay": 1500, "distance": 5000, "hour": 23}


@pytest.mark.parametrize(
    ("name", "schema", "found"),
    [
        ("probability", {}, True),
        ("probabilities", {}, True),
        ("prob_late", {}, True),
        ("classProbability", {}, True),
        ("problem", {}, False),
        ("log_prob", {}, False),
        ("probability_percent", {}, False),
        ("probability", {"type": "number", "maximum": 100}, False),
        ("score", {}, False),
    ],
)
def test_what_is_taken_for_a_probability(name: str, schema: dict[str, Any], found: bool) -> None:  # noqa: FBT001 - a case
    assert (guessed(Node(place=name, name=name, value=0.5, schema=schema)) is not None) == found
