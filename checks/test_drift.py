"""Stage `drift`: what is scheduled in February is like January, and January has no break. Days are exchangeable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops import no_change, no_drift

if TYPE_CHECKING:
    from pathlib import Path

SCHEDULE = ["carrier", "distance", "hour", "minute", "origin"]
REFERENCE = "fixtures/references/january.json"  # January by day, as counts: it stands in for the data


@pytest.mark.mlops(rubric="monitor-2")
@pytest.mark.mlops_columns("fixtures/flights/2013-01.parquet", columns=SCHEDULE)
def test_the_schedule_has_not_drifted(mlops_drift: Any, january: Path, february: Path, mlops_column: str) -> None:
    drift = mlops_drift(february, reference=january, sketch=REFERENCE, unit="day", columns=SCHEDULE)
    drift.require(no_drift(false_alarms=0.01, columns=mlops_column))


@pytest.mark.mlops(rubric="monitor-2")
def test_january_has_no_break(mlops_timeline: Any, january: Path) -> None:
    """Its days, one after the other: the schedule of no week is another."""
    mlops_timeline(january, windows="day", columns=SCHEDULE).require(no_change(false_alarms=0.01))
