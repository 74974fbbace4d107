"""What must hold of a month of flights: a Great Expectations suite in the form that GX 1.x saves."""

from __future__ import annotations

from typing import Any

from examples.flight_delay.features import CARRIERS, FIELDS, ORIGINS

COLUMNS = ("flight_id", "year", "day", *FIELDS, "dep_time", "sched_dep_time", "arr_delay", "air_time", "late")


def _expect(kind: str, severity: str = "critical", **kwargs: Any) -> dict[str, Any]:
    return {"type": f"expect_{kind}", "kwargs": kwargs, "meta": {}, "severity": severity}


_DEPARTED: dict[str, Any] = {"row_condition": "dep_time.notnull()", "condition_parser": "pandas"}
_ARRIVED: dict[str, Any] = {"row_condition": "arr_delay.notnull()", "condition_parser": "pandas"}
_CLOCK: dict[str, Any] = {"min_value": 0, "max_value": 2400}  # hours and minutes, as one number


def build_suite() -> dict[str, Any]:
    """Return the suite: keys, identities and ranges are critical, what only hints at trouble warns or is recorded."""
    return _suite("flights", [*_of_the_table(), *_of_the_schedule(), *_of_the_weather(), *_of_the_outcome()])


def build_features_suite() -> dict[str, Any]:
    """Return what must hold of the features of a month, whichever way they were built."""
    return _suite(
        "features",
        [
            _expect("table_column_count_to_equal", value=15),
            *(_expect("column_values_to_not_be_null", column=name) for name in ("carrier", "origin", "dest")),
            *(_expect("column_values_to_not_be_null", column=name) for name in ("minute_of_day", "month", "distance")),
            _expect("column_values_to_be_between", column="minute_of_day", min_value=0, max_value=1439),
            _expect("column_values_to_be_between", column="weekday", min_value=0, max_value=6),
            _expect("column_values_to_be_between", column="distance", min_value=50, max_value=5_000),
            _expect("column_unique_value_count_to_be_between", column="carrier", min_value=10, max_value=16),
            _expect("column_values_to_be_of_type", column="distance", type_="float64"),
            _expect("column_values_to_not_be_null", column="temp", mostly=0.98),
        ],
    )


def _of_the_table() -> list[dict[str, Any]]:
    return [
        _expect("table_row_count_to_be_between", min_value=20_000, max_value=32_000),
        _expect("table_columns_to_match_set", column_set=list(COLUMNS), exact_match=False),
        _expect("column_values_to_be_unique", column="flight_id"),
        _expect("compound_columns_to_be_unique", column_list=["month", "day", "carrier", "flight", "sched_dep_time"]),
        *(_expect("column_values_to_be_of_type", column=name, type_="int64") for name in ("flight_id", "distance")),
        *(_expect("column_values_to_be_of_type", column=name, type_="str") for name in ("carrier", "dest")),
    ]


def _of_the_schedule() -> list[dict[str, Any]]:
    return [
        *(_expect("column_values_to_not_be_null", column=name) for name in ("carrier", "origin", "dest", "hour")),
        _expect("column_values_to_not_be_null", column="tailnum", mostly=0.95),
        _expect("column_values_to_match_regex", column="tailnum", regex="^N[0-9A-Z]{2,5}$", mostly=0.99),
        _expect("column_values_to_be_in_set", column="carrier", value_set=list(CARRIERS)),
        _expect("column_distinct_values_to_equal_set", column="origin", value_set=list(ORIGINS)),
        _expect("column_distinct_values_to_contain_set", column="dest", value_set=["ATL", "BOS", "LAX", "ORD", "SFO"]),
        _expect("column_unique_value_count_to_be_between", column="dest", min_value=70, max_value=110),
        _expect("column_most_common_value_to_be_in_set", "info", column="carrier", value_set=["B6", "EV", "UA"]),
        _expect("column_value_lengths_to_equal", column="dest", value=3),
        _expect("column_values_to_match_regex", column="dest", regex="^[A-Z]{3}$"),
        _expect("column_values_to_be_between", column="hour", min_value=0, max_value=23),
        _expect("column_values_to_be_between", column="minute", min_value=0, max_value=59),
        _expect("column_values_to_be_between", column="weekday", min_value=0, max_value=6),
        _expect("column_values_to_be_between", column="sched_dep_time", **_CLOCK),
        _expect("column_values_to_be_between", column="distance", min_value=50, max_value=5_000),
        _expect("column_mean_to_be_between", column="distance", min_value=850, max_value=1_250),
        _expect("column_stdev_to_be_between", "warning", column="distance", min_value=500, max_value=900),
        _expect("column_quantile_values_to_be_between", column="distance", quantile_ranges={
            "quantiles": [0.25, 0.5, 0.75], "value_ranges": [[400, 600], [700, 1_000], [1_200, 1_600]],
        }),
    ]  # fmt: skip


def _of_the_weather() -> list[dict[str, Any]]:
    return [
        _expect("column_values_to_be_between", column="temp", min_value=-20, max_value=115, mostly=0.99),
        _expect("column_values_to_not_be_null", column="temp", mostly=0.98),
        _expect("column_values_to_be_between", column="humid", min_value=0, max_value=100),
        _expect("column_values_to_be_between", column="wind_dir", min_value=0, max_value=360),
        _expect("column_values_to_be_between", column="precip", min_value=0, max_value=5),
        _expect("column_max_to_be_between", "warning", column="visib", min_value=10, max_value=10),
        _expect("column_values_to_not_be_null", "warning", column="pressure", mostly=0.8),
        _expect("column_values_to_be_between", "warning", column="pressure", min_value=950, max_value=1_060),
        _expect(
            "column_values_to_be_between", "warning", column="wind_speed", min_value=0, max_value=80, mostly=0.999
        ),
        _expect("column_pair_values_a_to_be_greater_than_b", column_A="temp", column_B="dewp", or_equal=True,
                ignore_row_if="either_value_is_missing", mostly=0.999),
    ]  # fmt: skip


def _of_the_outcome() -> list[dict[str, Any]]:
    return [
        _expect("column_values_to_not_be_null", "warning", column="dep_time", mostly=0.94),
        _expect("column_values_to_be_between", column="dep_time", **_CLOCK, **_DEPARTED),
        _expect("column_values_to_not_be_null", column="dep_delay", **_DEPARTED),
        _expect("column_values_to_not_be_null", column="late", **_ARRIVED),
        _expect("column_values_to_be_between", column="air_time", min_value=15, max_value=800),
        _expect("column_median_to_be_between", "warning", column="air_time", min_value=100, max_value=180),
        _expect("column_min_to_be_between", column="arr_delay", min_value=-120, max_value=-20),
    ]


def _suite(name: str, expectations: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": name,
        "expectations": expectations,
        "meta": {"great_expectations_version": "1.24.1"},
        "notes": None,
    }
