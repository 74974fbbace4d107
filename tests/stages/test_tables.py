"""Between data sets: each requirement with what breaks it, and with a harmless change, on every engine."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from pytest_mlops import (
    DeclarationError,
    RequirementNotMet,
    conserves_rows,
    disjoint,
    every_day,
    fresh,
    no_giveaway,
    no_time_leakage,
    references,
    unique_key,
)
from pytest_mlops.stages.tables import open_tables
from tests.parity.frames import ENGINES

if TYPE_CHECKING:
    from pathlib import Path

# ruff: noqa: E501 - tables read better in long lines
DAYS = [dt.date(2013, 1, day) for day in (1, 1, 2, 3)]
FLIGHTS = pa.table({"id": [1, 2, 3, 4], "plane": ["N1", "N2", None, "N1"], "day": DAYS, "late": [0, 1, 0, 1]})
LATER = pa.table({"id": [5, 6], "plane": ["N3", "N2"], "day": [dt.date(2013, 1, 4)] * 2, "late": [1, 0]})
PLANES = pa.table({"tail": ["N1", "N2", "N2"]})
SETS = {"flights": FLIGHTS, "later": LATER, "planes": PLANES}


@pytest.fixture(params=list(ENGINES))
def tables(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    made = {}
    for name, table in SETS.items():
        folder = tmp_path / name
        folder.mkdir()
        made[name] = ENGINES[request.param](table, folder)
    if request.param == "duckdb":  # relations of several connections can't be joined; a user has one
        import duckdb

        connection = duckdb.connect()
        made = {name: connection.from_arrow(table) for name, table in SETS.items()}
    return open_tables(made, seed=1)


GOOD = [
    unique_key("flights", "id"),
    unique_key("flights", ["id", "day"]),
    references("flights", "plane", "planes", "tail"),
    disjoint("flights", "later"),
    disjoint("flights", "later", by="id"),
    no_time_leakage("flights", "later", time="day"),
    fresh("later", time="day", within=dt.timedelta(days=2), now="2013-01-05"),
    every_day("flights", day="day", start="2013-01-01", end="2013-01-03"),
    conserves_rows("flights", "flights"),
]
BAD = [
    (unique_key("flights", "day"), "data.repeated_keys must be at most 0 rows, got 2 rows"),
    (unique_key("flights", "plane"), "data.missing_keys must be at most 0 rows, got 1 row"),
    (references("later", "plane", "planes", "tail"), "data.orphans must be at most 0 rows, got 1 row"),
    (disjoint("flights", "flights"), "data.shared_rows must be at most 0 rows, got 4 rows"),
    (disjoint("flights", "later", by="plane"), "data.shared_entities must be at most 0 rows, got 1 row"),
    (no_time_leakage("later", "flights", time="day"), "data.late_rows must be at most 0 rows, got 2 rows"),
    (no_time_leakage("flights", "flights", time="day"), "data.late_rows must be at most 0 rows, got 4 rows"),
    (fresh("later", time="day", within=dt.timedelta(days=2), now="2013-01-07"), "data.age must be at most 172800 s, got 259,200 s"),
    (every_day("flights", day="day", start="2013-01-01", end="2013-01-05"), "got 2 days .* The first is 2013-01-04, with 0 rows"),
    (every_day("flights", day="day", start="2013-01-01", end="2013-01-03", at_least=2), "got 2 days .* The first is 2013-01-02, with 1 rows"),
    (conserves_rows("flights", "later"), "got 2 rows .* Rows: flights 4, later 2"),
]  # fmt: skip


@pytest.mark.parametrize("requirement", GOOD)
def test_what_holds_is_met(tables: Any, requirement: Any) -> None:
    tables.require(requirement)


@pytest.mark.parametrize(("requirement", "story"), BAD)
def test_what_does_not_hold_is_told(tables: Any, requirement: Any, story: str) -> None:
    with pytest.raises(RequirementNotMet, match=story):
        tables.require(requirement)


def test_no_rows_are_no_evidence() -> None:
    empty = open_tables({"a": FLIGHTS.slice(0, 0), "b": FLIGHTS.slice(0, 0)}, seed=1)
    for requirement in (unique_key("a", "id"), references("a", "plane", "b"), disjoint("a", "b"), conserves_rows("a", "b"),
                        no_time_leakage("a", "b", time="day"), every_day("a", day="day", start="2013-01-01", end="2013-01-02"),
                        fresh("a", time="day", within=dt.timedelta(days=1))):  # fmt: skip
        with pytest.raises(RequirementNotMet, match="not run"):
            empty.require(requirement)


def test_data_sets_of_different_engines_are_held_against_each_other() -> None:
    mixed = open_tables({"flights": FLIGHTS.to_pandas(), "later": pl.DataFrame(LATER.to_pydict())}, seed=1)
    mixed.require(disjoint("flights", "later", by="id"))


def frame(*, leak: bool) -> pd.DataFrame:
    draw = np.random.default_rng(3)
    late = draw.integers(0, 2, 3000)
    rows = {
        "hour": draw.integers(0, 24, 3000) + 3 * late,
        "tail": draw.integers(0, 900, 3000).astype(str),
        "noise": draw.random(3000),
    }
    rows["delay"] = late * 20.0 + draw.normal(0, 3, 3000) if leak else draw.normal(0, 3, 3000)
    return pd.DataFrame({**rows, "late": late})


def test_a_feature_that_gives_the_target_away_is_found() -> None:
    """And one that only helps is not, nor a key of many values."""
    open_tables({"train": frame(leak=False)}, seed=1).require(no_giveaway("train", target="late"))
    with pytest.raises(
        RequirementNotMet, match=r"1 of 4 requirements not met\n  fail: train.delay: data.told_by_one_feature"
    ):
        open_tables({"train": frame(leak=True)}, seed=1).require(no_giveaway("train", target="late"))
    open_tables({"train": frame(leak=True)}, seed=1).require(no_giveaway("train", target="late", but="delay"))


def test_what_is_not_there_is_refused() -> None:
    tables = open_tables(SETS, seed=1)
    with pytest.raises(DeclarationError, match=r"there is no data set 'flight'\. Did you mean 'flights'"):
        tables.require(unique_key("flight", "id"))
    with pytest.raises(DeclarationError, match=r"there is no column 'ids'\. Did you mean 'id'"):
        tables.require(unique_key("flights", "ids"))
    with pytest.raises(DeclarationError, match="have no column in common"):
        tables.require(disjoint("flights", "planes"))
    with pytest.raises(DeclarationError, match="needs a target of 0 and 1"):
        tables.require(no_giveaway("flights", target="id"))
    with pytest.raises(DeclarationError, match="needs at least one data set"):
        open_tables({}, seed=1)
