"""Suites as strategies: what is drawn is judged by the suite itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from pytest_mlops import DeclarationError
from pytest_mlops.stages.data import measure_entries, read_suite
from pytest_mlops.stages.data.starter import write_suite
from pytest_mlops.strategies import broken_frames, broken_rows, frames, rows

if TYPE_CHECKING:
    import pandas as pd

    from pytest_mlops.stages.data.suite import Suite

FLIGHTS = Path(__file__).parents[3] / "fixtures/expectations/flights.json"
ENTRIES = [
    ("column_values_to_be_unique", {"column": "id"}),
    ("column_values_to_be_of_type", {"column": "id", "type_": "int64"}),
    ("column_values_to_be_between", {"column": "share", "min_value": 0, "max_value": 1, "strict_max": True}),
    ("column_values_to_not_be_in_set", {"column": "share", "value_set": [0.5]}),
    ("column_values_to_not_be_null", {"column": "share", "mostly": 0.9}),
    ("column_values_to_be_in_set", {"column": "state", "value_set": ["new", "open", "done"]}),
    ("column_values_to_match_regex", {"column": "code", "regex": "^[A-Z]{2}[0-9]{3}$"}),
    ("column_value_lengths_to_equal", {"column": "code", "value": 5}),
    ("column_values_to_match_strftime_format", {"column": "written", "strftime_format": "%Y-%m-%d"}),
    ("column_values_to_be_between", {"column": "at", "min_value": "2013-01-01", "max_value": "2013-12-31"}),
    ("column_pair_values_a_to_be_greater_than_b", {"column_A": "high", "column_B": "low"}),
    ("column_values_to_be_between", {"column": "low", "min_value": 0, "max_value": 10}),
    ("column_values_to_be_between", {"column": "high", "min_value": 5, "max_value": 12}),
    ("column_values_to_not_be_null", {"column": "high"}),
    ("column_values_to_be_between", {"column": "right", "min_value": 3, "max_value": 4}),
    ("column_pair_values_to_be_equal", {"column_A": "left", "column_B": "right"}),
    ("select_column_values_to_be_unique_within_record", {"column_list": ["first", "second"]}),
    ("column_values_to_be_in_set", {"column": "first", "value_set": [1, 2]}),
    ("column_values_to_be_in_set", {"column": "second", "value_set": [2, 3]}),
    ("column_distinct_values_to_equal_set", {"column": "origin", "value_set": ["EWR", "JFK"]}),
    ("table_row_count_to_be_between", {"min_value": 20_000}),
]  # fmt: skip
QUICK = settings(
    max_examples=30,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],  # each draw runs a suite: a failure is found, not minimised
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    path = tmp_path_factory.mktemp("suite") / "suite.json"
    made = [{"type": f"expect_{kind}", "kwargs": kwargs} for kind, kwargs in ENTRIES]
    path.write_text(json.dumps({"expectations": made}), encoding="utf-8")
    return read_suite(path)


def unmet(suite: Suite, frame: Any, but: tuple[str, ...] = ()) -> list[str]:
    outcomes = zip(suite.expectations, measure_entries(frame, suite.entries), strict=True)
    kept = [(one, outcome) for one, outcome in outcomes if not one.type.startswith(("expect_table_row_count", *but))]
    return [one.label for one, outcome in kept if outcome.error or not outcome.success]


OF_A_FRAME = ("expect_column_distinct_values_to_equal_set",)


def test_frames_meet_the_suite(suite: Suite) -> None:
    @QUICK
    @given(frames(suite, size=(2, 8)))
    def check(frame: pd.DataFrame) -> None:
        assert unmet(suite, frame) == []

    check()


def test_rows_meet_the_suite(suite: Suite) -> None:
    @QUICK
    @given(rows(suite))
    def check(row: dict[str, Any]) -> None:
        table = pa.table({name: [value] for name, value in row.items()})
        assert unmet(suite, table, OF_A_FRAME) == []

    check()


def test_a_broken_row_breaks_one_expectation(suite: Suite) -> None:
    seen = set()

    @settings(QUICK, max_examples=100)
    @given(broken_rows(suite))
    def check(drawn: tuple[str, dict[str, Any]]) -> None:
        label, row = drawn
        seen.add(label)
        assert unmet(suite, pa.table({name: [value] for name, value in row.items()}), OF_A_FRAME) == [label]

    check()
    assert {
        "expect_column_values_to_be_between[share]", "expect_column_values_to_not_be_in_set[share]",
        "expect_column_values_to_not_be_null[share]", "expect_column_values_to_be_in_set[state]",
        "expect_column_values_to_match_regex[code]", "expect_column_values_to_match_strftime_format[written]",
        "expect_column_values_to_be_between[at]",
    } <= seen  # fmt: skip


def test_a_broken_frame_breaks_one_expectation(suite: Suite) -> None:
    @QUICK
    @given(broken_frames(suite, size=(2, 6)))
    def check(drawn: tuple[str, pd.DataFrame]) -> None:
        label, frame = drawn
        assert unmet(suite, frame) == [label]

    check()


def test_the_suite_of_the_flights_has_rows() -> None:
    suite = read_suite(FLIGHTS)
    aggregates = tuple(
        one.type for one in suite.expectations if "column_values" not in one.type and "pair" not in one.type
    )

    @QUICK
    @given(rows(FLIGHTS))
    def check(row: dict[str, Any]) -> None:
        table = pa.table({name: [value] for name, value in row.items()})
        left = [label for label in unmet(suite, table, aggregates) if "of_type" not in label]
        assert left == []

    check()


def test_what_can_not_be_made_is_refused(tmp_path: Path) -> None:
    def of(*entries: tuple[str, dict[str, Any]]) -> Path:
        made = [{"type": f"expect_{kind}", "kwargs": kwargs} for kind, kwargs in entries]
        (tmp_path / "suite.json").write_text(json.dumps({"expectations": made}), encoding="utf-8")
        return tmp_path / "suite.json"

    mean = ("column_mean_to_be_between", {"column": "a", "min_value": 0})
    with pytest.raises(
        DeclarationError, match=r"can't be made to keep to expect_column_mean_to_be_between\. Hint: without="
    ):
        frames(of(mean))
    frames(of(mean), without=["expect_column_mean_to_be_between"])
    total = ("multicolumn_sum_to_equal", {"column_list": ["a", "b"], "sum_total": 1})
    with pytest.raises(DeclarationError, match=r"rows can't be made to keep to expect_multicolumn_sum_to_equal"):
        rows(of(total))
    with pytest.raises(DeclarationError, match="no two values keep their order"):
        rows(of(("column_pair_values_a_to_be_greater_than_b", {"column_A": "a", "column_B": "b"}),
                ("column_values_to_be_between", {"column": "a", "max_value": 1}),
                ("column_values_to_be_between", {"column": "b", "min_value": 2})))  # fmt: skip
    with pytest.raises(DeclarationError, match="no value keeps to all"):
        rows(of(("column_values_to_be_in_set", {"column": "a", "value_set": [1]}),
                ("column_values_to_be_between", {"column": "a", "min_value": 2})))  # fmt: skip
    with pytest.raises(DeclarationError, match="two patterns at once"):
        rows(of(("column_values_to_match_regex", {"column": "a", "regex": "x"}),
                ("column_values_to_match_regex", {"column": "a", "regex": "y"})))  # fmt: skip
    with pytest.raises(DeclarationError, match="no single expectation"):
        broken_rows(of(("column_to_exist", {"column": "a"})))


def test_a_starter_suite_makes_frames_that_break_one_expectation(tmp_path: Path) -> None:
    """Also a column of categories that has lost all of its values keeps its type."""
    words = pa.array(["DE", "FR", "US", "GB"] * 50)
    seen = pa.table({"country": words, "age": pa.array([None, *range(199)]), "churned": pa.array([True, False] * 100)})
    (tmp_path / "suite.json").write_text(json.dumps(write_suite(seen, name="people")), encoding="utf-8")
    suite = read_suite(tmp_path / "suite.json")
    of_frames = ("expect_column_median_to_be_between", "expect_column_max_to_be_between")

    @settings(QUICK, max_examples=60)
    @given(broken_frames(suite))
    def check(drawn: tuple[str, pd.DataFrame]) -> None:
        label, frame = drawn
        assert unmet(suite, frame, of_frames) == [label]

    check()
