"""Stage `drift`: what is scheduled in February is like January. Days, not flights, are exchangeable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops import no_drift

if TYPE_CHECKING:
    from pathlib import Path

SCHEDULE = ["carrier", "distance", "hour", "minute", "origin"]


@pytest.mark.mlops(rubric="monitor-2")
@pytest.mark.mlops_columns("fixtures/flights/2013-01.parquet", columns=SCHEDULE)
def test_the_schedule_has_not_drifted(mlops_drift: Any, january: Path, february: Path, mlops_column: str) -> None:
    drift = mlops_drift(february, reference=january, unit="day", columns=SCHEDULE)
    drift.require(no_drift(false_alarms=0.01, columns=mlops_column))
