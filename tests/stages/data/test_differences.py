"""Where we differ from Great Expectations on purpose: each test is a line of docs/data.md."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from pytest_mlops.adapters.great_expectations import run_suite
from pytest_mlops.stages.data import measure_entries, measure_suite, read_suite
from tests.parity.frames import ENGINES

if TYPE_CHECKING:
    from pytest_mlops.stages.data.outcome import Outcome

ROOT = Path(__file__).parents[3]


def ours(data: Any, kind: str, **kwargs: Any) -> Outcome:
    (outcome,) = measure_entries(data, [{"type": f"expect_{kind}", "kwargs": kwargs}])
    return outcome


def theirs(frame: pd.DataFrame, kind: str, **kwargs: Any) -> Any:
    (outcome,) = run_suite(frame, {"expectations": [{"type": f"expect_{kind}", "kwargs": kwargs}]})
    return outcome


def test_no_evidence_is_no_pass(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [None, None]}, dtype=float)
    assert theirs(frame, "column_values_to_be_between", column="a", min_value=0).success
    path = tmp_path / "suite.json"
    path.write_text(
        '{"expectations": [{"type": "expect_column_values_to_be_between", "kwargs": {"column": "a", "min_value": 0}}]}'
    )
    suite = read_suite(path)
    (judgement,) = suite.expectations[0].judge(measure_suite(frame, suite, name="frame"))
    assert judgement.verdict.value == "not_run"


def test_an_error_stays_with_its_expectation() -> None:
    entries = [
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "dep_tme"}},
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "dep_time"}},
    ]
    wrong, right = measure_entries(pd.DataFrame({"dep_time": [1]}), entries)
    assert wrong.error == "there is no column 'dep_tme'. Did you mean 'dep_time'?"
    assert right.success


@pytest.mark.parametrize("engine", ENGINES)
def test_nan_is_missing_everywhere(engine: str, tmp_path: Path) -> None:
    table = pa.table({"a": pa.array([1.0, float("nan"), None])})
    assert ours(ENGINES[engine](table, tmp_path), "column_values_to_not_be_null", column="a").unexpected == 2


def test_whole_numbers_are_compared_exactly() -> None:
    table = pa.table({"a": pa.array([2**53, 2**53 + 1, None])})
    assert theirs(table.to_pandas(), "column_values_to_be_unique", column="a").unexpected == 2
    assert ours(table, "column_values_to_be_unique", column="a").unexpected == 0
    assert ours(table, "column_values_to_be_between", column="a", max_value=float(2**53)).unexpected == 1


def test_types_are_families() -> None:
    table = pa.table({"a": pa.array([1, None]), "b": ["x", "y"]})
    assert not theirs(table.to_pandas(), "column_values_to_be_of_type", column="a", type_="int64").success
    assert ours(table, "column_values_to_be_of_type", column="a", type_="int64").success
    assert ours(table.to_pandas(), "column_values_to_be_in_type_list", column="b", type_list=["int", "str"]).success
    assert not ours(table, "column_values_to_be_of_type", column="b", type_="int64").success


@pytest.mark.parametrize("engine", ENGINES)
def test_decimals_are_compared_as_written(engine: str, tmp_path: Path) -> None:
    table = pa.table({"a": [Decimal("0.10"), Decimal("0.30")]})
    assert theirs(table.to_pandas(), "column_values_to_be_between", column="a", min_value=0.1).unexpected == 1
    outcome = ours(
        ENGINES[engine](table, tmp_path), "column_values_to_be_between", column="a", min_value=0.1, max_value=0.3
    )
    assert (outcome.unexpected, outcome.error) == (0, "")


@pytest.mark.parametrize("engine", ENGINES)
def test_times_may_have_a_date_as_bound(engine: str, tmp_path: Path) -> None:
    table = pa.table({"at": [dt.datetime(2013, 1, day, 12) for day in (1, 2, 3)]})  # noqa: DTZ001 - without a zone
    bounds = {"column": "at", "min_value": "2013-01-02"}
    assert theirs(table.to_pandas(), "column_values_to_be_between", **bounds).error
    assert ours(ENGINES[engine](table, tmp_path), "column_values_to_be_between", **bounds).unexpected == 1


@pytest.mark.parametrize("engine", ENGINES)
def test_like_works_everywhere(engine: str, tmp_path: Path) -> None:
    table = pa.table({"a": ["EWR", "ewr", "JFK", None]})
    assert theirs(table.to_pandas(), "column_values_to_match_like_pattern", column="a", like_pattern="E%").error
    frame = ENGINES[engine](table, tmp_path)
    assert ours(frame, "column_values_to_match_like_pattern", column="a", like_pattern="E%").unexpected == 2
    assert ours(frame, "column_values_to_not_match_like_pattern", column="a", like_pattern="_F_").unexpected == 1
    lists = {"column": "a", "like_pattern_list": ["E%", "%R"]}
    assert ours(frame, "column_values_to_match_like_pattern_list", **lists, match_on="all").unexpected == 2
    assert ours(frame, "column_values_to_not_match_like_pattern_list", **lists).unexpected == 1


@pytest.mark.parametrize("engine", ENGINES)
def test_text_that_is_no_json_is_not_of_a_schema(engine: str, tmp_path: Path) -> None:
    table = pa.table({"a": ['{"n": 1}', '{"n": "x"}', "{", None]})
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    assert theirs(table.to_pandas(), "column_values_to_match_json_schema", column="a", json_schema=schema).error
    assert (
        ours(
            ENGINES[engine](table, tmp_path), "column_values_to_match_json_schema", column="a", json_schema=schema
        ).unexpected
        == 2
    )


def test_pairs_are_counted_in_their_rows() -> None:
    frame = pd.DataFrame({"a": [1, 2, 3], "b": [1, 9, 9]})
    pairs = {"column_A": "a", "column_B": "b", "value_pairs_set": [[1, 1]]}
    condition = {"row_condition": "a == 1", "condition_parser": "pandas"}
    assert ours(frame, "column_pair_values_to_be_in_set", **pairs, **condition).unexpected == 0
    assert not theirs(frame, "column_pair_values_to_be_in_set", **pairs, **condition).success


def test_conditions_are_read_not_evaluated() -> None:
    frame = pd.DataFrame({"a": [1, 2]})
    condition = {"row_condition": "a.sum() > 1 and @pd.show_versions()", "condition_parser": "pandas"}
    assert (
        "may compare columns with values" in ours(frame, "column_values_to_not_be_null", column="a", **condition).error
    )


def test_patterns_take_linear_time() -> None:
    """In Python's engine this one does not come to an end."""
    frame = pd.DataFrame({"a": ["a" * 5000 + "!"] * 1000})
    outcome = ours(frame, "column_values_to_match_regex", column="a", regex="^(a+)+$")
    assert (outcome.unexpected, outcome.error) == (1000, "")
    assert ours(pl.DataFrame({"a": ["xé"]}), "column_values_to_match_regex", column="a", regex=r"x\b").unexpected == 0
    assert re.search(r"x\b", "xé") is None


def test_suite_parameters_are_refused() -> None:
    outcome = ours(pd.DataFrame({"a": [1]}), "column_max_to_be_between", column="a", max_value={"$PARAMETER": "top"})
    assert outcome.error == "max_value must be a value, got the suite parameter 'top'"


def test_the_page_and_the_tests_tell_of_the_same() -> None:
    told = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/data.md").read_text(encoding="utf-8"), re.MULTILINE)
    tested = [name.removeprefix("test_") for name in globals() if name.startswith("test_")]
    assert [*told, "the_page_and_the_tests_tell_of_the_same"] == tested
