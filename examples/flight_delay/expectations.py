"""What must hold of a month of flights: a Great Expectations suite in the form that GX 1.x saves."""

from __future__ import annotations

from typing import Any

from examples.flight_delay.features import CARRIERS, ORIGINS


def _expect(kind: str, severity: str = "critical", **kwargs: Any) -> dict[str, Any]:
    return {"type": f"expect_{kind}", "kwargs": kwargs, "meta": {}, "severity": severity}


def build_suite() -> dict[str, Any]:
    """Return the suite: keys, identities and ranges are critical, what only hints at trouble warns."""
    return {
        "name": "flights",
        "expectations": [
            _expect("table_row_count_to_be_between", min_value=20_000, max_value=32_000),
            _expect("column_values_to_be_unique", column="flight_id"),
            _expect("column_values_to_not_be_null", column="carrier"),
            _expect("column_values_to_not_be_null", column="dest"),
            _expect("column_values_to_not_be_null", column="tailnum", mostly=0.95),
            _expect("column_values_to_be_in_set", column="carrier", value_set=list(CARRIERS)),
            _expect("column_distinct_values_to_equal_set", column="origin", value_set=list(ORIGINS)),
            _expect("column_value_lengths_to_equal", column="dest", value=3),
            _expect("column_values_to_match_regex", column="dest", regex="^[A-Z]{3}$"),
            _expect("column_values_to_be_between", column="hour", min_value=0, max_value=23),
            _expect("column_values_to_be_between", column="minute", min_value=0, max_value=59),
            _expect("column_values_to_be_between", column="distance", min_value=50, max_value=5_000),
            _expect("column_mean_to_be_between", column="distance", min_value=850, max_value=1_250),
            _expect("column_values_to_be_between", column="temp", min_value=-20, max_value=115, mostly=0.99),
            _expect("column_values_to_not_be_null", column="temp", mostly=0.98),
            _expect("column_values_to_be_between", column="humid", min_value=0, max_value=100),
            _expect("column_values_to_not_be_null", "warning", column="pressure", mostly=0.8),
            _expect(
                "column_values_to_be_between", "warning", column="wind_speed", min_value=0, max_value=80, mostly=0.999
            ),
            _expect("column_median_to_be_between", "warning", column="air_time", min_value=100, max_value=180),
        ],
        "meta": {"great_expectations_version": "1.24.1"},
        "notes": None,
    }
