"""Columns without a single value and without a type: nothing breaks, and nothing is evidence."""

from __future__ import annotations

from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from pytest_mlops.stages.data import measure_entries

NOTHING = [None, None, None]
FRAMES = {
    "pandas": pd.DataFrame({"w": pd.Series(NOTHING, dtype=object)}),
    "pyarrow": pa.table({"w": pa.nulls(3)}),
    "polars": pl.DataFrame({"w": NOTHING}),
}


@pytest.mark.parametrize("engine", FRAMES)
@pytest.mark.parametrize(
    ("kind", "kwargs", "expected"),
    [
        ("column_values_to_match_strftime_format", {"strftime_format": "%Y"}, (True, 0)),
        ("column_values_to_be_json_parseable", {}, (True, 0)),
        ("column_values_to_match_regex", {"regex": "^a"}, (True, 0)),
        ("column_values_to_be_between", {"min_value": 0}, (True, 0)),
        ("column_value_lengths_to_equal", {"value": 2}, (True, 0)),
        ("column_values_to_be_null", {}, (True, 0)),
        ("column_values_to_not_be_null", {}, (False, 3)),
        ("column_most_common_value_to_be_in_set", {"value_set": [1]}, (False, None)),
        ("column_mean_to_be_between", {"min_value": 0}, (False, None)),
    ],
)
def test_a_column_of_nothing(engine: str, kind: str, kwargs: dict[str, Any], expected: tuple[bool, int | None]) -> None:
    (outcome,) = measure_entries(FRAMES[engine], [{"type": f"expect_{kind}", "kwargs": {"column": "w", **kwargs}}])
    assert (outcome.error, outcome.success, outcome.unexpected) == ("", *expected)
