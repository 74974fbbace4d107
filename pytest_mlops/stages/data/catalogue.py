"""The expectations of Great Expectations 1.24: what measures each, and which parameters it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlops.stages.data import (
    divergence,
    rules_columns,
    rules_records,
    rules_table,
    rules_text,
    rules_types,
    rules_values,
)
from pytest_mlops.stages.data.rule import Rule

if TYPE_CHECKING:
    from types import ModuleType

_BETWEEN = "min_value max_value strict_min strict_max"
_FAMILIES: tuple[tuple[ModuleType, str, str, dict[str, str]], ...] = (
    # the module of the rules, what the name of each begins with, parameters of all, and their names with their own
    (rules_values, "expect_column_values_to_", "column! mostly", {
        "be_between": _BETWEEN, "be_in_set": "value_set!", "not_be_in_set": "value_set!", "be_null": "",
        "not_be_null": "", "be_unique": "", "be_increasing": "strictly", "be_decreasing": "strictly",
        "not_be_outliers": "method multiplier",
    }),
    (rules_values, "expect_column_value_", "column! mostly", {"z_scores_to_be_less_than": "threshold! double_sided!"}),
    (rules_text, "expect_column_value_", "column! mostly", {
        "lengths_to_be_between": _BETWEEN, "lengths_to_equal": "value!",
    }),
    (rules_text, "expect_column_values_to_", "column! mostly", {
        "match_regex": "regex!", "not_match_regex": "regex!",
        "match_regex_list": "regex_list! match_on", "not_match_regex_list": "regex_list!",
        "match_like_pattern": "like_pattern! escape", "not_match_like_pattern": "like_pattern! escape",
        "match_like_pattern_list": "like_pattern_list! match_on escape",
        "not_match_like_pattern_list": "like_pattern_list! escape",
        "match_strftime_format": "strftime_format!", "be_dateutil_parseable": "", "be_json_parseable": "",
        "match_json_schema": "json_schema!",
    }),
    (rules_types, "expect_column_values_to_", "column! mostly", {
        "be_of_type": "type_!", "be_in_type_list": "type_list!",
    }),
    (rules_columns, "expect_column_", "column!", {
        "min_to_be_between": _BETWEEN, "max_to_be_between": _BETWEEN, "mean_to_be_between": _BETWEEN,
        "median_to_be_between": _BETWEEN, "stdev_to_be_between": _BETWEEN, "sum_to_be_between": _BETWEEN,
        "unique_value_count_to_be_between": _BETWEEN, "proportion_of_unique_values_to_be_between": _BETWEEN,
        "proportion_of_non_null_values_to_be_between": _BETWEEN,
        "quantile_values_to_be_between": "quantile_ranges! allow_relative_error",
        "distinct_values_to_be_in_set": "value_set!", "distinct_values_to_contain_set": "value_set!",
        "distinct_values_to_equal_set": "value_set!", "most_common_value_to_be_in_set": "value_set! ties_okay",
    }),
    (divergence, "expect_column_", "column!", {
        "kl_divergence_to_be_less_than": "partition_object! threshold! tail_weight_holdout internal_weight_holdout "
        "bucketize_data min_value max_value",
    }),
    (rules_records, "expect_column_", "column_A! column_B! mostly ignore_row_if", {
        "pair_values_to_be_equal": "", "pair_values_a_to_be_greater_than_b": "or_equal",
        "pair_values_to_be_in_set": "value_pairs_set!",
    }),
    (rules_records, "expect_", "column_list! mostly ignore_row_if", {
        "multicolumn_sum_to_equal": "sum_total!", "multicolumn_values_to_be_equal": "",
        "select_column_values_to_be_unique_within_record": "", "compound_columns_to_be_unique": "",
    }),
    (rules_table, "expect_table_", "", {
        "row_count_to_be_between": _BETWEEN, "row_count_to_equal": "value!",
        "column_count_to_be_between": "min_value max_value", "column_count_to_equal": "value!",
        "columns_to_match_ordered_list": "column_list!", "columns_to_match_set": "column_set! exact_match",
    }),
    (rules_table, "expect_", "", {"column_to_exist": "column! column_index"}),
)  # fmt: skip
# Every expectation takes these; what only steers how Great Expectations words its answer changes nothing here.
_COMMON = frozenset(("row_condition", "condition_parser", "result_format", "catch_exceptions", "batch_id"))
_SPELLED_OTHERWISE = {
    "expect_multicolumn_values_to_be_unique": "expect_select_column_values_to_be_unique_within_record",
    "expect_column_type_to_be": "expect_column_values_to_be_of_type",
}
REFUSED = {
    "expect_query_results_to_match_comparison": "it is a query on a database, and there is none here",
    "expect_table_row_count_to_equal_other_table": "it compares tables of a database. "
    "Hint: require conserves_rows(...) of two data sets",
    "unexpected_rows_expectation": "it is a query on a database, and there is none here",
}


def _catalogue() -> dict[str, Rule]:
    rules = {}
    for module, begins, shared, names in _FAMILIES:
        for name, own in names.items():
            words = f"{shared} {own}".split()
            rules[begins + name] = Rule(
                measure=getattr(module, name),
                parameters=frozenset(word.rstrip("!") for word in words) | _COMMON,
                needed=frozenset(word[:-1] for word in words if word.endswith("!")),
            )
    return rules | {name: rules[same] for name, same in _SPELLED_OTHERWISE.items()}


RULES = _catalogue()
