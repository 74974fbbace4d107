"""The `commit` profile under real pre-commit: in seconds, without servers, red when a check is red."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import Project

ROOT = Path(__file__).parents[2]
CHECK = """
import pytest
from pytest_mlops import Measurement, Result, at_least
from pytest_mlops.plugin.recorder import recorder_of

@pytest.mark.mlops(stage="model")
def test_model(request):
    auc = Measurement(name="model.auc", subject="champion", value=0.9, n=100)
    Result(stage="model", subject="champion", measurements=(auc,), recorder=recorder_of(request.node)).require(
        auc=at_least({limit}))

def test_service(mlops_service): raise RuntimeError("no server starts here")
"""


def run_hook(project: Project, limit: float) -> subprocess.CompletedProcess[str]:
    """Commit a project with our hook as a local one, and run it as pre-commit does."""
    hook = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    local = "repos:\n- repo: local\n  hooks:\n" + "".join(f"  {line}\n" for line in hook.splitlines())
    project.write({".pre-commit-config.yaml": local, "test_checks.py": CHECK.format(limit=limit)})
    folder = project.pytester.path
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True, timeout=30)
    subprocess.run(["git", "add", "-A"], cwd=folder, check=True, timeout=30)
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    env["PRE_COMMIT_HOME"] = str(folder.parent / "pre-commit")
    command = [sys.executable, "-m", "pre_commit", "run", "--all-files"]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False)


def test_it_passes_without_servers(project: Project) -> None:
    pytest.importorskip("pre_commit")
    done = run_hook(project, 0.8)
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.record()["profile"] == "commit"
    assert project.verdicts() == {"test_model": "pass", "test_service": "not_run"}


def test_a_red_check_stops_the_commit(project: Project) -> None:
    pytest.importorskip("pre_commit")
    done = run_hook(project, 0.95)
    assert done.returncode == 1
    assert "champion: model.auc must be at least 0.95, got 0.9" in done.stdout
