"""The laws that only a model service has, on real services: each broken one turns exactly its law red."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_mlops.core.errors import RequirementNotMet
from pytest_mlops.stages.contract import law
from pytest_mlops.stages.contract.laws import laws_for
from tests.broken_services import faulty_service
from tests.stages.faulty import measure_faulty, red

if TYPE_CHECKING:
    from pathlib import Path


def test_a_right_service_keeps_every_law(tmp_path: Path) -> None:
    result = measure_faulty(tmp_path, "", max_examples=20)
    result.require(*map(law, laws_for(["directions", "deployed"])))
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
    assert red(measure_faulty(tmp_path, fault)) == set()


@pytest.mark.parametrize(
    ("fault", "name", "words"),
    [
        (
            "by_position",
            "field_order_does_not_matter",
            r"with its fields in another order 0\.\d+, in this order 0\.\d+",
        ),
        ("copies", "copies_get_the_same", r"among copies 0\.\d+, without them 0\.\d+"),
        ("race", "same_request_same_answer", r"asked by 16 clients at once \S+, the first time \S+"),
        ("fills_in", "missing_values_as_offline", r"row with dep_delay null.*online 0\.\d+, offline 0\.\d+"),
        (
            "clips",
            "online_equals_offline",
            r"drawn row at an end: row \d+, .probability: online 0\.\d+, offline 0\.\d+",
        ),
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
    result = measure_faulty(tmp_path, fault)
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
    result = measure_faulty(tmp_path, fault, name, others)
    assert red(result) == {name}
    with pytest.raises(RequirementNotMet, match=words):
        result.require(law(name))


def test_a_slow_service_is_linear(tmp_path: Path) -> None:
    """80 ms a request, however many rows."""
    result = measure_faulty(tmp_path, "quiet_slow", "time_is_linear")
    result.require(law("time_is_linear"))


def test_where_few_rows_are_allowed_they_are_timed_and_said(tmp_path: Path) -> None:
    document = faulty_service.document("")
    body = document["paths"]["/invocations"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    body["properties"]["rows"]["maxItems"] = 5
    result = measure_faulty(tmp_path, "", "time_is_linear", committed=document)
    result.require(law("time_is_linear"))
    assert "the document lets a request have 5 rows" in result["time_is_linear"].note
