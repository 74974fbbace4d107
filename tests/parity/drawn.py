"""Drawn tables and drawn suites: what data is like, and what people ask of it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

WORDS = [
    "",
    "a",
    "A",
    "ab",
    "B7",
    "b-7",
    "12",
    "3.5",
    " x",
    "é",
    "ß",
    "日本",
    "naïve",
    "2013-01-31",
    '{"a": 1}',
    "[1, 2]",
    "null",
    "x\n",
]
FLOATS = [0.0, -1.5, 1.0, 2.5, 1e-9, 1e20, float("inf"), float("-inf"), float("nan")]
WHOLES = [0, 1, 2, 3, -7, 2**31, 2**53]
BIG = [2**53 + 1, -(2**53) - 1, 2**62, 5]  # a pandas column with gaps would hold them as floats, and lose them
MOMENTS = [dt.datetime(2013, 1, day, hour) for day in (1, 2, 31) for hour in (0, 13)]  # noqa: DTZ001 - without a zone on purpose
COLUMNS: dict[str, tuple[pa.DataType, list[Any]]] = {
    "whole": (pa.int64(), WHOLES),
    "other": (pa.int64(), [0, 1, 2, 3]),
    "big": (pa.int64(), BIG),
    "float": (pa.float64(), FLOATS),
    "money": (pa.decimal128(12, 2), [Decimal("0.10"), Decimal("-2.50"), Decimal("3.00"), Decimal("1000000.01")]),
    "flag": (pa.bool_(), [True, False]),
    "text": (pa.string(), WORDS),
    "word": (pa.string(), ["a", "A", "ab", "12"]),
    "moment": (pa.timestamp("us"), MOMENTS),
    "zoned": (pa.timestamp("us", tz="UTC"), [moment.replace(tzinfo=dt.UTC) for moment in MOMENTS]),
    "day": (pa.date32(), [moment.date() for moment in MOMENTS]),
    "empty": (pa.float64(), []),
}


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    """Draw a table of up to 12 rows; each column has its share of nulls, from none to all."""
    rows = draw(st.integers(0, 12))
    drawn = {}
    for name, (type_, values) in COLUMNS.items():
        value = st.sampled_from(values) if values else st.none()
        some = value if name == "big" else draw(st.sampled_from([value, st.none() | value, st.none()]))
        drawn[name] = pa.array(draw(st.lists(some, min_size=rows, max_size=rows)), type=type_)
    return pa.table(drawn)


def _or_none(strategy: Any) -> Any:
    return st.none() | strategy


NUMERIC = st.sampled_from(["whole", "other", "float", "big"])
TEXT = st.sampled_from(["text", "word"])
ANY = st.sampled_from(["whole", "big", "other", "float", "flag", "text", "word", "moment", "zoned", "empty"])
SHARE = st.sampled_from([1.0, 0.9, 0.75, 0.5, 1 / 3, 0.0])
NUMBER = st.sampled_from([-2.0, 0.0, 1.0, 2.0, 2.5, 3.0, 1e10])
FLAG = st.booleans()


@st.composite
def between(draw: st.DrawFn, column: Any = NUMERIC, number: Any = NUMBER) -> dict[str, Any]:
    """Draw bounds for a column."""
    low, high = draw(_or_none(number)), draw(_or_none(number))
    if low is None and high is None:
        low = draw(number)
    if low is not None and high is not None and low > high:
        low, high = high, low
    return {
        "column": draw(column),
        "min_value": low,
        "max_value": high,
        "strict_min": draw(FLAG),
        "strict_max": draw(FLAG),
    }


def _fixed(**parts: Any) -> Any:
    return st.fixed_dictionaries(parts)


def _joined(left: Any, right: Any) -> Any:
    return st.tuples(left, right).map(lambda pair: pair[0] | pair[1])


MOSTLY = _fixed(mostly=SHARE)
PATTERNS = st.sampled_from(
    [r"^a", r"\d+$", r"^[A-Z]?\w*$", r"(?i)^AB$", r"\s", "é", r"^.{1,2}$", r"[^a-z0-9]", "x$", r"\bx"]
)
LIKES = st.sampled_from(["a%", "%7", "_", "%", "", "b-_"])
VALUE_SETS = {
    "whole": st.lists(st.sampled_from([*WHOLES[:6], 1.0, 9]), min_size=1, max_size=4),
    "float": st.lists(st.sampled_from([0.0, 1.0, 2.5, 7.0]), min_size=1, max_size=4),
    "text": st.lists(st.sampled_from([*WORDS, "zz"]), min_size=1, max_size=4),
    "word": st.lists(st.sampled_from(["a", "A", "ab", "12"]), min_size=1, max_size=4),
    "flag": st.lists(st.booleans(), min_size=1, max_size=2),
}


@st.composite
def member(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a column and a set that it may hold."""
    column = draw(st.sampled_from(sorted(VALUE_SETS)))
    return {"column": column, "value_set": draw(VALUE_SETS[column])}


PAIR = _fixed(
    column_A=st.just("whole"), column_B=st.just("other"),
    ignore_row_if=st.sampled_from(["both_values_are_missing", "either_value_is_missing", "neither"]),
)  # fmt: skip
RECORD = _fixed(
    column_list=st.sampled_from([["whole", "other"], ["text", "word"], ["other", "whole", "big"]]),
    ignore_row_if=st.sampled_from(["all_values_are_missing", "any_value_is_missing", "never"]),
)
QUANTILES = _fixed(
    column=NUMERIC,
    quantile_ranges=st.just(
        {"quantiles": [0.0, 0.25, 0.5, 1.0], "value_ranges": [[None, 1], [0, 2], [0, None], [2, 3]]}
    ),
    allow_relative_error=st.sampled_from([False, "linear", "lower", "higher", "midpoint", "nearest"]),
)
ROWS = st.sampled_from([
    {},
    {"row_condition": "whole > 0", "condition_parser": "pandas"},
    {"row_condition": 'word == "a" or other in [1, 2]', "condition_parser": "pandas"},
    {"row_condition": "other != 1 & float.notnull()", "condition_parser": "pandas"},
    {"row_condition": {"type": "comparison", "column": {"name": "other"}, "operator": "<=", "parameter": 2}},
    {"row_condition": {"type": "nullity", "column": {"name": "text"}, "is_null": False}},
    {"row_condition": {"type": "or", "conditions": [
        {"type": "comparison", "column": {"name": "word"}, "operator": "IN", "parameter": ["a", "12"]},
        {"type": "nullity", "column": {"name": "other"}, "is_null": True},
    ]}},
])  # fmt: skip
TYPES = st.sampled_from(["int64", "float64", "float", "int", "bool"])
SHARES = st.sampled_from([0.0, 0.25, 0.5, 1.0])
CATEGORIES = {"values": ["a", "A", "ab"], "weights": [0.5, 0.25, 0.25]}
BINS = {"bins": [0, 1, 2, 3], "weights": [0.25, 0.5, 0.25]}

# What is drawn for each type of expectation; `expect_` left away.
# ruff: noqa: E501 - a table reads better in long lines
EXPECTATIONS: dict[str, Any] = {
    "column_values_to_be_between": _joined(between(), MOSTLY),
    "column_values_to_be_in_set": _joined(member(), MOSTLY),
    "column_values_to_not_be_in_set": _joined(member(), MOSTLY),
    "column_values_to_be_null": _joined(_fixed(column=ANY), MOSTLY),
    "column_values_to_not_be_null": _joined(_fixed(column=ANY), MOSTLY),
    "column_values_to_be_unique": _joined(_fixed(column=ANY), MOSTLY),
    "column_values_to_be_increasing": _joined(_fixed(column=NUMERIC, strictly=FLAG), MOSTLY),
    "column_values_to_be_decreasing": _joined(_fixed(column=NUMERIC, strictly=FLAG), MOSTLY),
    "column_values_to_not_be_outliers": _joined(
        _fixed(column=st.just("other"), method=st.sampled_from(["iqr", "std"]), multiplier=st.sampled_from([0.0, 0.5, 1.5])),
        MOSTLY,
    ),
    "column_value_z_scores_to_be_less_than": _joined(
        _fixed(column=st.just("other"), threshold=st.sampled_from([0.4, 1.01, 2.0]), double_sided=FLAG), MOSTLY
    ),
    "column_value_lengths_to_be_between": _joined(between(TEXT, st.integers(0, 4)), MOSTLY),
    "column_value_lengths_to_equal": _joined(_fixed(column=TEXT, value=st.integers(0, 3)), MOSTLY),
    "column_values_to_match_regex": _joined(_fixed(column=TEXT, regex=PATTERNS), MOSTLY),
    "column_values_to_not_match_regex": _joined(_fixed(column=TEXT, regex=PATTERNS), MOSTLY),
    "column_values_to_match_regex_list": _joined(
        _fixed(column=TEXT, regex_list=st.lists(PATTERNS, min_size=1, max_size=3), match_on=st.sampled_from(["any", "all"])),
        MOSTLY,
    ),
    "column_values_to_not_match_regex_list": _joined(
        _fixed(column=TEXT, regex_list=st.lists(PATTERNS, min_size=1, max_size=3)), MOSTLY
    ),
    "column_values_to_match_strftime_format": _joined(
        _fixed(column=TEXT, strftime_format=st.sampled_from(["%Y-%m-%d", "%d"])), MOSTLY
    ),
    "column_values_to_be_dateutil_parseable": _joined(_fixed(column=TEXT), MOSTLY),
    "column_values_to_be_json_parseable": _joined(_fixed(column=TEXT), MOSTLY),
    "column_values_to_be_of_type": _fixed(column=st.sampled_from(["big", "float"]), type_=TYPES),
    "column_values_to_be_in_type_list": _fixed(
        column=st.sampled_from(["big", "float"]), type_list=st.lists(TYPES, min_size=1, max_size=2)
    ),
    "column_min_to_be_between": between(),
    "column_max_to_be_between": between(),
    "column_mean_to_be_between": between(st.just("other")),
    "column_median_to_be_between": between(st.sampled_from(["other", "whole"])),
    "column_stdev_to_be_between": between(st.just("other")),
    "column_sum_to_be_between": between(st.just("other")),
    "column_unique_value_count_to_be_between": between(ANY, st.integers(0, 4)),
    "column_proportion_of_unique_values_to_be_between": between(ANY, SHARES),
    "column_proportion_of_non_null_values_to_be_between": between(ANY, SHARES),
    "column_quantile_values_to_be_between": QUANTILES,
    "column_distinct_values_to_be_in_set": member(),
    "column_distinct_values_to_contain_set": member(),
    "column_distinct_values_to_equal_set": member(),
    "column_most_common_value_to_be_in_set": _joined(member(), _fixed(ties_okay=FLAG)),
    "column_kl_divergence_to_be_less_than": st.one_of(
        _fixed(column=st.just("word"), partition_object=st.just(CATEGORIES), threshold=st.sampled_from([0.0, 0.2, 1.0]),
               tail_weight_holdout=st.sampled_from([0.0, 0.1])),
        _fixed(column=st.just("other"), partition_object=st.just(BINS), threshold=st.sampled_from([0.0, 0.2, 1.0])),
    ),
    "column_pair_values_to_be_equal": _joined(PAIR, MOSTLY),
    "column_pair_values_a_to_be_greater_than_b": _joined(_joined(PAIR, _fixed(or_equal=FLAG)), MOSTLY),
    "column_pair_values_to_be_in_set": _joined(
        _joined(PAIR, _fixed(value_pairs_set=st.just([(1, 1), (2, 3), (0, None), (None, 2)]))), MOSTLY
    ),
    "multicolumn_sum_to_equal": _joined(
        _joined(RECORD, _fixed(column_list=st.just(["whole", "other"]), sum_total=st.sampled_from([2, 3.0]))), MOSTLY
    ),
    "multicolumn_values_to_be_equal": _joined(RECORD, MOSTLY),
    "select_column_values_to_be_unique_within_record": _joined(RECORD, MOSTLY),
    "compound_columns_to_be_unique": _joined(RECORD, MOSTLY),
    "table_row_count_to_be_between": st.sampled_from([{"min_value": 3}, {"max_value": 8}, {"min_value": 1, "max_value": 6}]),
    "table_row_count_to_equal": _fixed(value=st.integers(0, 5)),
    "table_column_count_to_be_between": st.sampled_from([{"min_value": 3, "max_value": 12}, {"min_value": 13, "max_value": None}]),
    "table_column_count_to_equal": _fixed(value=st.sampled_from([3, 12])),
    "table_columns_to_match_ordered_list": _fixed(column_list=st.sampled_from([list(COLUMNS), ["whole"]])),
    "table_columns_to_match_set": _fixed(column_set=st.sampled_from([list(COLUMNS)[::-1], ["text", "whole"]]), exact_match=FLAG),
    "column_to_exist": _fixed(column=st.sampled_from(["text", "nowhere"]), column_index=st.sampled_from([None, 0, 5])),
}  # fmt: skip
# Great Expectations leaves the row condition of the last one out of its counts (docs/data.md).
NO_ROWS = (
    "table_column", "column_to_exist", "column_values_to_be_of_type", "column_values_to_be_in_type_list",
    "column_pair_values_to_be_in_set",
)  # fmt: skip


def entries(kind: str) -> Any:
    """Return a strategy of entries of a suite of one type."""
    rows = st.just({}) if kind.startswith(NO_ROWS) else ROWS
    kwargs = _joined(EXPECTATIONS[kind], rows)
    return kwargs.map(lambda drawn: {"type": f"expect_{kind}", "kwargs": drawn, "severity": "critical", "meta": {}})
