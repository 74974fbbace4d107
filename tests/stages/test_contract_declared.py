"""The laws about missing values, directions and outputs: what was declared, what was not, and what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.core.errors import DeclarationError, RequirementNotMet
from pytest_mlops.stages.contract import law
from tests.broken_services import faulty_service
from tests.stages.faulty import DELAYS, FULL, ROWS, measure_faulty, red

if TYPE_CHECKING:
    from pathlib import Path


def test_without_a_missing_value_the_refusal_is_tried(tmp_path: Path) -> None:
    result = measure_faulty(tmp_path, "quiet_filled", "missing_values_as_offline")
    result.require(law("missing_values_as_offline"))
    assert result["missing_values_as_offline"].n == 2 * len(ROWS[0])
    assert "that each such row is refused was tried instead" in result["missing_values_as_offline"].note


def test_a_null_that_is_let_through_against_the_document_is_found(tmp_path: Path) -> None:
    document = faulty_service.document("quiet_filled")
    result = measure_faulty(tmp_path, "", "missing_values_as_offline", committed=document)
    with pytest.raises(RequirementNotMet, match="null:dep_delay: must be refused with 4xx, got 200"):
        result.require(law("missing_values_as_offline"))


def test_predictions_offline_serve_where_a_real_row_lacks_a_value(tmp_path: Path) -> None:
    name = "missing_values_as_offline"
    result = measure_faulty(tmp_path, "", name, offline=faulty_service.predict(ROWS, ""))
    result.require(law(name))
    assert result[name].n == DELAYS.count(None)
    full = measure_faulty(tmp_path, "", name, offline=faulty_service.predict(FULL, ""), examples=FULL)
    assert (full[name] <= 0).verdict == "not_run"
    assert "no real row lacks a value" in full[name].note


def test_without_a_model_missing_values_are_not_run(tmp_path: Path) -> None:
    name = "missing_values_as_offline"
    result = measure_faulty(tmp_path, "", name, offline=None)
    assert (result[name] <= 0).verdict == "not_run"
    assert "give offline=" in result[name].note


def test_directions_that_are_not_declared_are_left_out(tmp_path: Path) -> None:
    """By name the law is asked for, and then it has nothing to try."""
    assert "expected_directions" not in {
        one.short_name for one in measure_faulty(tmp_path, "", max_examples=1, directions={}).measurements
    }
    named = measure_faulty(tmp_path, "", "expected_directions", directions={})
    assert (named["expected_directions"] <= 0).verdict == "not_run"
    assert 'give directions={"field": "increasing"}' in named["expected_directions"].note


def test_the_only_number_is_the_score(tmp_path: Path) -> None:
    result = measure_faulty(tmp_path, "turns_back", "expected_directions", score="")
    assert red(result) == {"expected_directions"}


def test_a_field_that_lowers_the_score_may_be_declared_so(tmp_path: Path) -> None:
    declared = {"distance": "increasing", "hour": "increasing"}
    result = measure_faulty(tmp_path, "", "expected_directions", directions=declared)
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
        measure_faulty(tmp_path, "", "expected_directions", "predictions_are_sound", **options)


def test_several_numbers_need_a_choice(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"score= must say .*'probability', 'probabilities\.late'"):
        measure_faulty(tmp_path, "quiet_labels", "expected_directions", score="")
    chosen = measure_faulty(tmp_path, "quiet_labels", "expected_directions", score="probabilities.cancelled")
    chosen.require(law("expected_directions"))
