"""The same verdicts as Great Expectations: drawn data, drawn expectations, every engine.

`PARITY_EXAMPLES` says how many tables are drawn for each type of expectation (5, and many in the environment `parity`).
"""

from __future__ import annotations

import datetime as dt
import logging
import os
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pytest_mlops.adapters.great_expectations import registered_types, run_suite
from pytest_mlops.stages.data import measure_entries
from pytest_mlops.stages.data.catalogue import REFUSED, RULES
from tests.parity.drawn import EXPECTATIONS, entries, tables
from tests.parity.frames import ENGINES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXAMPLES = int(os.environ.get("PARITY_EXAMPLES", "5"))
# What Great Expectations has no pandas for, or counts in a way that docs/data.md tells of.
ALONE = {name for name in RULES if "like_pattern" in name} | {
    "expect_column_values_to_match_json_schema",
    "expect_multicolumn_values_to_be_unique",
    "expect_column_type_to_be",
}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_every_expectation_has_its_place() -> None:
    """Each of the library's own is compiled, or refused with a reason; each that is compiled is compared below."""
    core = {name for name in registered_types() if "test_p_value" not in name and "cramers" not in name}
    assert core - RULES.keys() - REFUSED.keys() == set()
    assert RULES.keys() - ALONE == {f"expect_{kind}" for kind in EXPECTATIONS}


@pytest.mark.parametrize("kind", EXPECTATIONS)
def test_the_verdicts_are_the_same(kind: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("parity")

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(tables(), st.lists(entries(kind), min_size=4, max_size=6))
    def compare(table: Any, drawn: list[dict[str, Any]]) -> None:
        theirs = run_suite(table.to_pandas(), {"expectations": drawn})
        for engine in ENGINES:
            _compare(engine, table, drawn, theirs, folder)

    compare()


def _compare(engine: str, table: Any, drawn: list[dict[str, Any]], theirs: Any, folder: Path) -> None:
    ours = measure_entries(ENGINES[engine](table, folder), drawn)
    for entry, their, our in zip(drawn, theirs, ours, strict=True):
        if "Invalid result values" in their.error:  # it fails to word pairs of whole numbers
            continue
        if engine == "duckdb" and our.error.startswith("the rows of duckdb have no order"):
            continue
        seen = (engine, entry, table.to_pydict(), their, our)
        assert bool(our.error) == bool(their.error), seen
        if their.error:
            continue
        assert our.success == their.success, seen
        if their.unexpected is not None:
            assert our.unexpected == their.unexpected, seen
        if their.elements is not None:
            assert our.elements == their.elements, seen
        if their.elements is not None and not entry["type"].endswith("null"):
            assert our.missing == their.missing, seen
        if their.observed is not None and our.observed is not None:
            assert our.observed == pytest.approx(their.observed, rel=1e-9), seen


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("column", "bounds"),
    [
        ("day", {"max_value": "2013-01-31"}),
        ("moment", {"min_value": "2013-01-02T00:00:00", "strict_min": True}),
        ("moment", {"max_value": "2013-01-02T00:00:00", "strict_max": True}),
        ("zoned", {"min_value": "2013-01-02T00:00:00+00:00"}),
        ("moment", {"min_value": "2013-01-02T00:00:00+00:00"}),
        ("zoned", {"min_value": "2013-01-02"}),
        ("text", {"min_value": 1}),
    ],
)
def test_bounds_of_times_and_text_are_the_same(
    engine: str, column: str, bounds: dict[str, Any], tmp_path: Path
) -> None:
    """A zone on one side alone, or a number against text, is an error with both."""
    times = [dt.datetime(2013, 1, day) for day in (1, 2, 31)] + [dt.datetime(2013, 2, 1), None]  # noqa: DTZ001
    zoned = [time and time.replace(tzinfo=dt.UTC) for time in times]
    days = [time and time.date() for time in times]
    table = pa.table({"moment": times, "zoned": zoned, "day": days, "text": ["a", "b", "é", None, "z"]})
    entry = {"type": "expect_column_values_to_be_between", "kwargs": {"column": column, **bounds}}
    (their,) = run_suite(table.to_pandas(), {"expectations": [entry]})
    (our,) = measure_entries(ENGINES[engine](table, tmp_path), [entry])
    assert bool(our.error) == bool(their.error), (their, our)
    assert their.error or (our.success, our.unexpected) == (their.success, their.unexpected)
