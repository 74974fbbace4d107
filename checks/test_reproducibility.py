"""Stage `reproducibility`: training again, elsewhere, comes to the same."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_mlops import same


@pytest.mark.mlops(rubric="infra-1")
def test_training_reproduces(mlops_reproduce: Any) -> None:
    """Two fresh processes with another hash seed, thread count, time zone and working directory."""
    mlops_reproduce("examples.flight_delay.train:train", seed=7).require(same())
