"""The process of deepchecks: what breaks, hangs or prints nonsense is an error, and nothing of it is left behind.

Each broken interpreter is a real program that is started as one.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.adapters.deepchecks import run_deepchecks
from pytest_mlops.core.errors import SubprocessError, ToolError

if TYPE_CHECKING:
    from pathlib import Path

WRITES = "answer={text!r}; import json, sys; open(json.load(open(sys.argv[-1]))['answer'], 'w').write(answer)"
BROKEN = {
    "crash": ("import os; print('canaryq7x', flush=True); os.abort()", r"must end with an answer, got exit code -6\. "),
    "silent": ("pass", "must end with an answer, got exit code 0"),
    "nonsense": (WRITES.format(text="late\n"), r"an answer in JSON, got one that can't be read \(JSONDecodeError\)"),
    "another": (WRITES.format(text='{"failure": null}'), r"can't be read \(KeyError\)"),
    "list": (WRITES.format(text="[]"), r"can't be read \(TypeError\)"),
}


def interpreter(folder: Path, code: str) -> Path:
    """Return a program that runs code in place of the runner."""
    path = folder / "python"
    path.write_text(f"#!{sys.executable}\n{code}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def run(folder: Path, code: str, *, timeout_s: float = 60, show: bool = False) -> Any:
    return run_deepchecks(
        interpreter(folder, code), {"show": show}, name="february", folder=folder, timeout_s=timeout_s
    )


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_run_is_an_error(tmp_path: Path, kind: str) -> None:
    code, words = BROKEN[kind]
    with pytest.raises(SubprocessError, match=f"deepchecks of february {words}" if kind == "crash" else words) as got:
        run(tmp_path, code)
    assert "canaryq7x" not in str(got.value)


def test_its_log_is_shown_where_that_is_allowed(tmp_path: Path) -> None:
    with pytest.raises(SubprocessError, match=r"(?s)Hint: its log says why.*last lines of its log.*canaryq7x"):
        run(tmp_path, BROKEN["crash"][0], show=True)


def test_a_run_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys; p = subprocess.Popen(['sleep', '600']); open('pid', 'w').write(str(p.pid)); p.wait()"
    )
    begun = time.monotonic()
    with pytest.raises(SubprocessError, match=r"must end within 1 s, got still running. Hint: ask for fewer checks"):
        run(tmp_path, code, timeout_s=1)
    assert time.monotonic() - begun < 30
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text(encoding="utf-8")), 0)


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (
            {"missing": "deepchecks"},
            r"has no module 'deepchecks'. Hint: install deepchecks==0.19.1 and pyarrow into it",
        ),
        ({"type": "DatasetValidationError", "text": "train and test requires"}, "Error: train and test requires"),
        (
            {"type": "KeyError"},
            "ran no check of february, but stopped: KeyError: its words may hold values. Hint: show",
        ),
    ],
)
def test_a_run_without_results_says_why(tmp_path: Path, failure: dict[str, Any], words: str) -> None:
    said = {"type": "", "own": True, "text": "", "missing": None, **failure}
    with pytest.raises(ToolError, match=words):
        run(tmp_path, WRITES.format(text=json.dumps({"results": [], "failure": said})))


def test_the_interpreter_in_use_says_that_it_has_no_deepchecks(tmp_path: Path) -> None:
    """The runner itself, in an interpreter that is isolated from all packages."""
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys._base_executable}" -S "$@"\n', encoding="utf-8")  # type: ignore[attr-defined]
    python.chmod(0o755)
    with pytest.raises(ToolError, match="has no module 'numpy'"):
        run_deepchecks(python, {"show": False}, name="x", folder=tmp_path)
