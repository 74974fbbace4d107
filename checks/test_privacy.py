"""Stage `privacy`: the flights are about planes, and what a run writes is about counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops import no_forbidden_features, no_personal_data

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.mlops(rubric="data-5")
def test_there_is_no_personal_data(mlops_privacy: Any, january: Path) -> None:
    mlops_privacy(january).require(no_personal_data(), no_forbidden_features(["pilot", "crew", "passenger_name"]))


@pytest.mark.mlops(rubric="data-5")
def test_requests_hold_no_personal_data(mlops_privacy: Any) -> None:
    """The rows that the contract sends are kept in the repository."""
    mlops_privacy(files="fixtures/requests/*.jsonl").require(no_personal_data())
