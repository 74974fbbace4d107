"""The laws that only a model service has, on real services: each broken one turns exactly its law red."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.core.errors import DeclarationError, RequirementNotMet
from pytest_mlops.core.limit import between
from pytest_mlops.stages.contract import LAWS, law, measure_contract
from pytest_mlops.stages.service import start_service
from tests.broken_services import faulty_service

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_mlops.core.result import Result

SERVICE = [sys.executable, faulty_service.__file__, "--port", "{port}"]
DELAYS = (-3.0, 12.5, None, 80.25, 31.0)
ROWS: list[dict[str, Any]] = [
    {"carrier": "UA", "origin": "JFK", "dep_delay": delay, "distance": 400 + 300 * place, "hour": 6 + 2 * place}
    for place, delay in enumerate(DELAYS)
]
FULL = [{**row, "dep_delay": row["dep_delay"] or 3.0} for row in ROWS]
OPTIONS: dict[str, dict[str, Any]] = {
    "out_of_range": {"outputs": {"minutes": between(0, 1500)}},
    "sums_elsewhere": {"outputs": {"shares": "probabilities"}},
    "quiet_labels": {"outputs": {"probabilities": (0, 1)}},
    "fills_in": {"examples": FULL},
    "quiet_filled": {"examples": FULL},
}


def measure(tmp_path: Path, fault: str, *laws: str, **options: Any) -> Result:
    given: dict[str, Any] = {
        "offline": functools.partial(faulty_service.predict, fault=fault),
        "committed": faulty_service.document(fault),
        "examples": ROWS,
        "directions": {"dep_delay": "increasing", "distance": "decreasing"},
        "score": "probability",
        "max_examples": 5,
    }
    given |= OPTIONS.get(fault, {}) | options
    with start_service([*SERVICE, "--fault", fault], name="delay_api", workdir=tmp_path) as service:
        return measure_contract(service, seed=1, laws=laws or None, public=list(ROWS[0]), **given)


def red(result: Result) -> set[str]:
    return {one.short_name for one in result.measurements if not (one <= 0)}


def test_a_right_service_keeps_every_law(tmp_path: Path) -> None:
    result = measure(tmp_path, "", max_examples=20)
    result.require(*map(law, LAWS))
    assert all(one.n > 0 for one in result.measurements)


@pytest.mark.parametrize(
    "fault",
    [
        "quiet_slow_rows",
        "quiet_outputs",
        "quiet_labels",
        "quiet_steps",
        "quiet_filled",
        "quiet_optional",
        "quiet_location",
        "quiet_tolerant",
    ],
)
def test_an_unusual_but_right_service_keeps_every_law(tmp_path: Path, fault: str) -> None:
    assert red(measure(tmp_path, fault)) == set()


@pytest.mark.parametrize(
    ("fault", "name", "words"),
    [
        (
            "by_position",
            "field_order_does_not_matter",
            r"with its fields in another order 0\.\d+, in this order 0\.\d+",
        ),
        ("copies", "copies_get_the_same", r"among copies 0\.\d+, without them 0\.\d+"),
        ("race", "same_request_same_answer", r"asked by 16 clients at once 0\.\d+, the first time 0\.\d+"),
        ("fills_in", "missing_values_as_offline", r"row with dep_delay null.*online 0\.\d+, offline 0\.\d+"),
        ("nan_word", "predictions_are_sound", r"spread must be a finite number, got 'NaN'"),
        ("overflow", "predictions_are_sound", r"drawn row at an end: odds must be a finite number, got 1000+\n"),
        ("over_one", "predictions_are_sound", r"drawn row at an end: prob_early must be between 0 and 1, got 1\.0001"),
        ("sums", "predictions_are_sound", r"probabilities must sum to 1, got 0\.99\d+ of 2 probabilities"),
        ("sums_elsewhere", "predictions_are_sound", r"shares must sum to 1, got 0\.99\d+ of 3 probabilities"),
        ("out_of_range", "predictions_are_sound", r"minutes must be between 0 and 1500, got -\d+"),
        ("quadratic", "time_is_linear", r"20 times the rows must take less than 80 times the time, .* for 1,000"),
        ("turns_back", "expected_directions", r"from \d+\.0 to \d+\.0, dep_delay must not lower the score, got 0\.9"),
        ("nameless", "invalid_requests_are_refused", r"must name the field that is wrong, 'carrier', got no field"),
        ("names_all", "invalid_requests_are_refused", r"must name the field .* 'carrier', got all of them"),
        ("sends_value", "invalid_requests_are_refused", r"must not send back the (body that was sent|values)"),
    ],
)
def test_a_broken_service_breaks_its_law(tmp_path: Path, fault: str, name: str, words: str) -> None:
    result = measure(tmp_path, fault)
    assert red(result) == {name}
    with pytest.raises(RequirementNotMet, match=words) as caught:
        result.require(law(name))
    assert "curl -sS -X POST http://127.0.0.1:" in str(caught.value)
    assert len(str(caught.value)) < 4_000


@pytest.mark.parametrize(
    ("fault", "name", "others", "words"),
    [
        ("after_refused", "same_request_same_answer", "copies_get_the_same", r"after a refused request 0\.\d+"),
        ("wears_out", "never_a_server_error", "invalid_requests_are_refused", r"the same predictions as before"),
    ],
)
def test_what_a_refused_request_leaves_behind_is_found(
    tmp_path: Path, fault: str, name: str, others: str, words: str
) -> None:
    """Laws that come later would meet it too, so each is tried on a service of its own."""
    result = measure(tmp_path, fault, name, others)
    assert red(result) == {name}
    with pytest.raises(RequirementNotMet, match=words):
        result.require(law(name))


def test_a_slow_service_is_linear(tmp_path: Path) -> None:
    """80 ms a request, however many rows."""
    result = measure(tmp_path, "quiet_slow", "time_is_linear")
    result.require(law("time_is_linear"))


def test_where_few_rows_are_allowed_they_are_timed_and_said(tmp_path: Path) -> None:
    document = faulty_service.document("")
    body = document["paths"]["/invocations"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    body["properties"]["rows"]["maxItems"] = 5
    result = measure(tmp_path, "", "time_is_linear", committed=document)
    result.require(law("time_is_linear"))
    assert "the document lets a request have 5 rows" in result["time_is_linear"].note


def test_without_a_missing_value_the_refusal_is_tried(tmp_path: Path) -> None:
    result = measure(tmp_path, "quiet_filled", "missing_values_as_offline")
    result.require(law("missing_values_as_offline"))
    assert result["missing_values_as_offline"].n == 2 * len(ROWS[0])
    assert "that each such row is refused was tried instead" in result["missing_values_as_offline"].note


def test_a_null_that_is_let_through_against_the_document_is_found(tmp_path: Path) -> None:
    document = faulty_service.document("quiet_filled")
    result = measure(tmp_path, "", "missing_values_as_offline", committed=document)
    with pytest.raises(RequirementNotMet, match="null:dep_delay: must be refused with 4xx, got 200"):
        result.require(law("missing_values_as_offline"))


def test_predictions_offline_serve_where_a_real_row_lacks_a_value(tmp_path: Path) -> None:
    name = "missing_values_as_offline"
    result = measure(tmp_path, "", name, offline=faulty_service.predict(ROWS, ""))
    result.require(law(name))
    assert result[name].n == DELAYS.count(None)
    full = measure(tmp_path, "", name, offline=faulty_service.predict(FULL, ""), examples=FULL)
    assert (full[name] <= 0).verdict == "not_run"
    assert "no real row lacks a value" in full[name].note


def test_without_a_model_missing_values_are_not_run(tmp_path: Path) -> None:
    name = "missing_values_as_offline"
    result = measure(tmp_path, "", name, offline=None)
    assert (result[name] <= 0).verdict == "not_run"
    assert "give offline=" in result[name].note


def test_directions_that_are_not_declared_are_left_out(tmp_path: Path) -> None:
    """By name the law is asked for, and then it has nothing to try."""
    assert "expected_directions" not in {
        one.short_name for one in measure(tmp_path, "", max_examples=1, directions={}).measurements
    }
    named = measure(tmp_path, "", "expected_directions", directions={})
    assert (named["expected_directions"] <= 0).verdict == "not_run"
    assert 'give directions={"field": "increasing"}' in named["expected_directions"].note


def test_the_only_number_is_the_score(tmp_path: Path) -> None:
    result = measure(tmp_path, "turns_back", "expected_directions", score="")
    assert red(result) == {"expected_directions"}


def test_a_field_that_lowers_the_score_may_be_declared_so(tmp_path: Path) -> None:
    declared = {"distance": "increasing", "hour": "increasing"}
    result = measure(tmp_path, "", "expected_directions", directions=declared)
    with pytest.raises(RequirementNotMet, match="distance must not lower the score"):
        result.require(law("expected_directions"))
    assert "raised" in str(result.details["expected_directions"])
    assert ", hour" not in str(result.details["expected_directions"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"directions": {"dep_dely": "increasing"}}, "'dep_dely' is no field of a row. Did you mean 'dep_delay'"),
        ({"directions": {"hour": "up"}}, r"directions\['hour'\] must be 'increasing' or 'decreasing', got 'up'"),
        ({"directions": {"origin": "increasing"}}, "'origin' must have a range"),
        ({"score": "probabilty"}, "a number of each prediction, got 'probabilty'. Did you mean 'probability'"),
        ({"outputs": {"probabilty": (0, 1)}}, "no prediction has 'probabilty'. Did you mean 'probability'"),
        ({"outputs": {"probability": "small"}}, r"outputs\['probability'\] must be between\(low, high\)"),
    ],
)
def test_a_wrong_declaration_is_refused(tmp_path: Path, options: dict[str, Any], words: str) -> None:
    with pytest.raises(DeclarationError, match=words):
        measure(tmp_path, "", "expected_directions", "predictions_are_sound", **options)


def test_several_numbers_need_a_choice(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"score= must say .*'probability', 'probabilities\.late'"):
        measure(tmp_path, "quiet_labels", "expected_directions", score="")
    chosen = measure(tmp_path, "quiet_labels", "expected_directions", score="probabilities.cancelled")
    chosen.require(law("expected_directions"))
