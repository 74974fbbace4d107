"""Stage `data`: what must hold of a month of flights. February is declared in `mlops.toml`, for comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops import disjoint, no_giveaway, unique_key

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.mlops(rubric=("data-1", "data-5"))
@pytest.mark.mlops_expectations("fixtures/expectations/flights.json")
def test_january_is_valid(mlops_data: Any, january: Path, mlops_expectation: Any) -> None:
    """One test item an expectation, one pass over the data for all of them."""
    mlops_data(january).require(mlops_expectation)


@pytest.mark.mlops(rubric=("data-1", "monitor-2"))
def test_each_flight_is_in_one_month_once(mlops_tables: Any, january: Path, february: Path) -> None:
    """Each flight once, and no flight of one month in the other."""
    months = mlops_tables(january=january, february=february)
    months.require(
        unique_key("january", "flight_id"),
        unique_key("january", ["month", "day", "carrier", "flight", "sched_dep_time", "origin"]),
        disjoint("january", "february", by="flight_id"),
    )


@pytest.mark.mlops(rubric=("data-4", "model-1"))
def test_no_feature_gives_the_delay_away(mlops_tables: Any, holdout: Any) -> None:
    mlops_tables(holdout=holdout).require(no_giveaway("holdout", target="late", but="flight_id"))
