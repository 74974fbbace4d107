"""Stage `data`: what must hold of a month of flights. February is declared in `mlops.toml`, for comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.mlops(rubric=("data-1", "data-5"))
@pytest.mark.mlops_expectations("fixtures/expectations/flights.json")
def test_january_is_valid(mlops_data: Any, january: Path, mlops_expectation: Any) -> None:
    """One test item an expectation, one pass over the data for all of them."""
    mlops_data(january).require(mlops_expectation)
