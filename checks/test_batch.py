"""Stage `batch`: the monthly job answers every flight, the same twice, and leaves nothing when it is killed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops import at_most, complete, nothing_left_when_killed, same_twice

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.mlops(rubric="infra-3")
def test_february_is_scored(mlops_batch: Any, champion_folder: Path, february: Path) -> None:
    program = ["-m", "examples.flight_delay.batch"]
    score = [sys.executable, *program, "--model", str(champion_folder), "{input}", "{output}"]
    job = mlops_batch(score, input=february, key="flight_id")
    job.require(complete(), same_twice(), nothing_left_when_killed(), peak_memory=at_most(1500, "MiB"))
