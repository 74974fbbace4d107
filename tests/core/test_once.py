"""Measuring once a run, whichever process comes first."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_mlops import Measurement, Result, ToolError
from pytest_mlops.core.once import do_once, measure_once

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import sys, time
from pathlib import Path
from pytest_mlops.core.once import do_once
folder = Path(sys.argv[1])
def step():
    with (folder / "steps").open("a") as file: file.write("x")
    time.sleep(0.3)
    return {"by": sys.argv[2]}
print(do_once(folder, "key", step)["by"])
"""


def test_two_processes_do_it_once(tmp_path: Path) -> None:
    """They begin together, and both get the answer of the first."""
    runs = [
        subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path), name], stdout=subprocess.PIPE) for name in "ab"
    ]
    answers = {run.communicate(timeout=60)[0] for run in runs}
    assert len(answers) == 1
    assert (tmp_path / "steps").read_text() == "x"


def test_a_process_that_dies_holds_nobody_up(tmp_path: Path) -> None:
    program = PROGRAM.replace("time.sleep(0.3)", "import os; os._exit(3)")
    subprocess.run([sys.executable, "-c", program, str(tmp_path), "a"], check=False, timeout=60)
    assert do_once(tmp_path, "key", lambda: "done") == "done"


def test_an_error_is_kept(tmp_path: Path) -> None:
    """A time-out of a minute is not waited for twice."""
    calls = []

    def fail() -> Result:
        calls.append(1)
        raise ToolError("the trainer ran out of time")

    for _ in range(2):
        with pytest.raises(ToolError, match="the trainer ran out of time"):
            measure_once(tmp_path, ["train", 7], fail)
    assert len(calls) == 1


def test_another_key_is_another_measurement(tmp_path: Path) -> None:
    def measure(value: float) -> Result:
        return Result(stage="x", subject="y", measurements=(Measurement(name="x.a", subject="y", value=value, n=1),))

    assert float(measure_once(tmp_path, {"a": 1, "b": 2}, lambda: measure(1)).a) == 1
    assert float(measure_once(tmp_path, {"b": 2, "a": 1}, lambda: measure(2)).a) == 1
    assert float(measure_once(tmp_path, {"b": 3, "a": 1}, lambda: measure(3)).a) == 3
