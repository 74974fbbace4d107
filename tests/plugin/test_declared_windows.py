"""Declared windows and timelines: an item a column, red by its name; and the tool fixtures of a test file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_mlops import DeclarationError
from pytest_mlops.core.configuration import parse_configuration

if TYPE_CHECKING:
    from tests.plugin.conftest import Project

TOML = """
paths = ["mlops.toml"]
[data.history]
path = "history.parquet"
[data.today]
path = "today.parquet"
[drift.today]
data = "today"
reference = "history"
windows = "batch"
[data.year]
path = "year.parquet"
[timeline.year]
data = "year"
windows = "batch"
false_alarms = 0.05
"""
CHECKS = """
import pytest
from pytest_mlops import no_change, no_drift

def test_today(mlops_drift):
    mlops_drift("today.parquet", reference="history.parquet", windows="batch").require(no_drift(columns="size"))

def test_year(mlops_timeline):
    mlops_timeline("year.parquet", windows="batch").require(no_change(columns="weight"))

def test_season_without_windows(mlops_drift):
    mlops_drift("today.parquet", reference="history.parquet", match="weekday").require(no_drift())

def test_rows_of_windows(mlops_drift):
    mlops_drift("today.parquet", reference="history.parquet", windows="batch", target="size").require(no_drift())
"""


def put(project: Project, name: str, batches: Any, *, size: float = 0.0, weight: float = 0.0) -> None:
    rng = np.random.default_rng(len(batches))
    batch = np.repeat(batches, 200)
    rows = {"batch": batch, "size": rng.normal(size, 1, len(batch)), "weight": rng.normal(weight * (batch > 7), 1)}
    pq.write_table(pa.table(rows), project.pytester.path / f"{name}.parquet")


@pytest.fixture
def history(project: Project) -> Project:
    """Write a history, a batch after it whose size moved, and a year whose weight changed with its ninth batch."""
    put(project, "history", np.arange(14))
    put(project, "today", np.array([14]), size=1.0)
    put(project, "year", np.arange(20), weight=1.5)
    return project


def test_declared_windows_are_items(history: Project) -> None:
    history.write({"mlops.toml": TOML}).run("--mlops")
    assert {check["id"]: check["verdict"] for check in history.record()["checks"]} == {
        "mlops.toml::drift::today::size": "fail",
        "mlops.toml::drift::today::weight": "pass",
        "mlops.toml::drift::today::(together)": "pass",
        "mlops.toml::timeline::year::size": "pass",
        "mlops.toml::timeline::year::weight": "fail",
        "mlops.toml::timeline::year::(together)": "pass",
    }
    page = (history.pytester.path / ".mlops" / "report.html").read_text(encoding="utf-8")
    assert "<summary>timeline: year.weight</summary>" in page
    assert "hanged between window 8 and window 9" in page


def test_the_tools_are_checks_of_the_stage_drift(history: Project) -> None:
    result = history.write({"test_it.py": CHECKS}).run("--mlops")
    assert history.verdicts() == {
        "test_today": "fail",
        "test_year": "fail",
        "test_season_without_windows": "error",
        "test_rows_of_windows": "error",
    }
    assert {check["stage"] for check in history.record()["checks"]} == {"drift"}
    text = result.stdout.str()
    assert "Changed between window 8 and window 9" in text
    assert "match= and time= need windows=, the stretches that are compared" in text
    assert "windows are compared by their counts, target=, model= and segments= need rows" in text


BASE: dict[str, Any] = {"data": {"a": {"path": "a.csv"}, "b": {"path": "b.csv"}}}
MISTAKES: dict[str, dict[str, Any]] = {
    "[drift.x]: match needs windows": {"drift": {"x": {"data": "a", "reference": "b", "match": "weekday"}}},
    "[drift.x]: match: unknown name 'weekdays'": {
        "drift": {"x": {"data": "a", "reference": "b", "windows": "day", "match": "weekdays"}}
    },
    "windows are compared by their counts, target needs rows": {
        "drift": {"x": {"data": "a", "reference": "b", "windows": "day", "target": "y"}}
    },
    "[timeline.x]: windows is missing": {"timeline": {"x": {"data": "a"}}},
    "[timeline.x]: unknown name 'c'": {"timeline": {"x": {"data": "a", "windows": "day", "reference": "c"}}},
    "columns must name a column": {"timeline": {"x": {"data": "a", "windows": "day", "columns": []}}},
}


@pytest.mark.parametrize("message", MISTAKES)
def test_mistakes_are_named(message: str) -> None:
    with pytest.raises(DeclarationError) as raised:
        parse_configuration(BASE | MISTAKES[message], source="mlops.toml")
    assert message in str(raised.value)
