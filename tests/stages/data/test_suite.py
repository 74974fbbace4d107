"""Stage data with real Great Expectations on small frames."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from pytest_mlops import DeclarationError, RequirementNotMet, expectations
from pytest_mlops.stages.data import Suite, measure_suite, read_suite

if TYPE_CHECKING:
    from pathlib import Path


def entry(kind: str, **kwargs: Any) -> dict[str, Any]:
    return {"type": f"expect_{kind}", "kwargs": kwargs, "severity": "critical", "meta": {}}


def suite(folder: Path, *entries: dict[str, Any]) -> Suite:
    path = folder / "suite.json"
    path.write_text(json.dumps({"name": "s", "expectations": entries}), encoding="utf-8")
    return read_suite(path)


def verdicts(data: Any, read: Suite) -> list[str]:
    result = measure_suite(data, read, name="frame")
    return [judgement.verdict.value for expectation in read.expectations for judgement in expectation.judge(result)]


FRAME = pd.DataFrame({"a": [1.0, 2.0, 3.0, 99.0], "b": ["x", "y", None, "z"], "n": [None] * 4})
FRAME["n"] = FRAME["n"].astype(float)
RULES = [
    (entry("column_values_to_be_between", column="a", min_value=0, max_value=100), "pass"),
    (entry("column_values_to_be_between", column="a", min_value=0, max_value=9), "fail"),
    (entry("column_values_to_be_between", column="a", min_value=0, max_value=9, mostly=0.75), "pass"),
    (entry("column_values_to_not_be_null", column="b"), "fail"),
    (entry("column_values_to_not_be_null", column="b", mostly=0.7), "pass"),
    (entry("column_mean_to_be_between", column="a", min_value=20, max_value=30), "pass"),
    (entry("column_mean_to_be_between", column="a", min_value=0, max_value=20), "fail"),
    (entry("column_to_exist", column="a"), "pass"),
    (entry("column_to_exist", column="zz"), "fail"),
    (entry("table_row_count_to_equal", value=4), "pass"),
    (entry("table_row_count_to_be_between", min_value=5), "fail"),
    (entry("column_values_to_be_between", column="n", min_value=0), "not_run"),
    (entry("column_values_to_be_in_set", column="zz", value_set=[1]), "error"),
]


def test_each_rule_has_its_verdict(tmp_path: Path) -> None:
    assert verdicts(FRAME, suite(tmp_path, *(rule for rule, _ in RULES))) == [verdict for _, verdict in RULES]


@pytest.mark.parametrize("make", [lambda table: table, pl.from_arrow, lambda table: table.to_pandas()])
def test_a_column_without_a_type_is_no_evidence(tmp_path: Path, make: Any) -> None:
    """Nothing was ever written to it: no rule of values is met, or broken, and Great Expectations is not asked."""
    frame = make(pa.table({"a": pa.nulls(3), "b": [1, 2, 3]}))
    rules = [
        entry("column_values_to_be_between", column="a", min_value=0),
        entry("column_values_to_not_be_null", column="a"),
        entry("column_values_to_be_in_set", column="a", value_set=["x"]),
        entry("column_values_to_be_null", column="a"),
    ]
    assert verdicts(frame, suite(tmp_path, *rules)) == ["not_run", "fail", "not_run", "pass"]


def test_no_rows_are_never_a_pass(tmp_path: Path) -> None:
    assert "pass" not in verdicts(FRAME.head(0), suite(tmp_path, *(rule for rule, _ in RULES)))


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_a_file_is_read(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"frame.{ending}"
    getattr(FRAME.drop(columns="n"), f"to_{ending}")(path, index=False)
    assert verdicts(path, suite(tmp_path, RULES[0][0], RULES[1][0])) == ["pass", "fail"]


def test_the_same_expectation_twice_has_two_names(tmp_path: Path) -> None:
    read = suite(tmp_path, RULES[0][0], RULES[1][0])
    assert [expectation.label for expectation in read.expectations] == [
        "expect_column_values_to_be_between[a]",
        "expect_column_values_to_be_between[a]-2",
    ]


def test_no_value_of_the_data_leaves_the_adapter(tmp_path: Path) -> None:
    frame = pd.DataFrame({"mail": ["canary@example.org", "b"]})
    read = suite(tmp_path, entry("column_value_lengths_to_equal", column="mail", value=1))
    result = measure_suite(frame, read, name="people")
    assert "canary" not in json.dumps(result.to_json())
    with pytest.raises(RequirementNotMet) as failure:
        result.require(expectations())
    assert "canary" not in str(failure.value)
    assert "people.expect_column_value_lengths_to_equal[mail]: data.unexpected_share must be" in str(failure.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "must be JSON"),
        ("[]", "must be a suite with a list 'expectations'"),
        ('{"expectations": []}', "must hold at least one expectation, got none"),
        ('{"expectations": [{"type": "x"}]}', r"expectations\[0\] must have 'type' and 'kwargs'"),
        ('{"expectations": [{"type": "x", "kwargs": {}, "severity": "bad"}]}', "severity must be one of critical"),
    ],
)
def test_what_is_no_suite_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "suite.json").write_text(text)
    with pytest.raises(DeclarationError, match=message):
        read_suite(tmp_path / "suite.json")


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (entry("column_values_to_be_betwen", column="a"), "Did you mean 'expect_column_values_to_be_between'"),
        (entry("column_values_to_be_between", column="a", mim_value=1), "Did you mean 'min_value'"),
        (
            entry("column_values_to_be_between", column="b", min_value=1),
            "column 'b' holds text, which can't be compared with 1",
        ),
        (entry("column_values_to_be_between", column="a"), "min_value and max_value can't both be missing"),
        (
            entry("column_values_to_be_between", column="a", min_value=2, max_value=1),
            "min_value must be at most max_value",
        ),
        (entry("column_values_to_be_between", min_value=2), "needs the parameter 'column'"),
        (entry("column_values_to_be_in_set", column="A", value_set=[1]), "there is no column 'A'. Did you mean 'a'"),
        (entry("column_values_to_not_be_null", column="a", mostly=95), "mostly must be a share from 0 to 1, got 95"),
        (entry("column_values_to_match_regex", column="b", regex="("), "regex '(' can't be read"),
        (entry("column_mean_to_be_between", column="b", min_value=1), "column 'b' holds text, which have no mean"),
        (entry("column_max_to_be_between", column="a", max_value={"$PARAMETER": "x"}), "got the suite parameter 'x'"),
        (entry("table_row_count_to_equal_other_table", other_table_name="x"), "compares tables of a database"),
        (
            entry("column_values_to_not_be_null", column="a", row_condition="a.b.c()", condition_parser="pandas"),
            "can't be read",
        ),
        (entry("column_pair_values_to_be_equal", column_A="a", column_B="b"), "hold values of different kinds"),
        (entry("column_values_to_match_strftime_format", column="b", strftime_format="%Q!%"), "can't be used"),
    ],
)
def test_a_wrong_entry_is_an_error_of_its_own(tmp_path: Path, rule: dict[str, Any], message: str) -> None:
    """The other expectations of the suite are judged all the same."""
    read = suite(tmp_path, rule, RULES[0][0])
    result = measure_suite(FRAME, read, name="frame")
    wrong, right = [next(iter(expectation.judge(result))) for expectation in read.expectations]
    assert (wrong.verdict.value, right.verdict.value) == ("error", "pass")
    assert message in wrong.reason
    assert wrong.limit is not None
    assert wrong.limit.source.endswith("suite.json: expectations[0]")


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    FRAME.to_parquet(tmp_path / "whole.parquet")
    (tmp_path / "half.parquet").write_bytes((tmp_path / "whole.parquet").read_bytes()[:200])
    with pytest.raises(DeclarationError, match=r"half\.parquet can't be read"):
        measure_suite(tmp_path / "half.parquet", suite(tmp_path, RULES[0][0]), name="half")
