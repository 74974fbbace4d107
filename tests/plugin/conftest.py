"""A small project in a temporary folder, run by real pytest: alone, and under xdist."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

_MODES = {"alone": [], "n0": ["-p", "xdist", "-n", "0"], "n2": ["-p", "xdist", "-n", "2"]}


@dataclass
class Project:
    """A user's project: `project.write({file: text})`, then `project.run("--mlops")`."""

    pytester: pytest.Pytester
    mode: str = "alone"

    def write(self, files: Mapping[str, str]) -> Project:
        """Write files, their folders with them."""
        for name, text in files.items():
            path = self.pytester.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return self

    def run(self, *words: str) -> pytest.RunResult:
        """Run pytest in a process of its own."""
        return self.pytester.runpytest_subprocess("-p", "pytest_mlops.plugin", *_MODES[self.mode], *words)

    def record(self) -> dict[str, Any]:
        """Return the run record of the last run."""
        text = (self.pytester.path / ".mlops" / "report.json").read_text(encoding="utf-8")
        record: dict[str, Any] = json.loads(text)
        return record

    def verdicts(self) -> dict[str, str]:
        """Return the verdict of each check of the last run, by its short name."""
        return {check["id"].rpartition("::")[2]: check["verdict"] for check in self.record()["checks"]}


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return an empty project, without what the outer run has set."""
    for name in ("CI", "PRE_COMMIT", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    # Other plugins cost seconds a run; that ours is found by its entry point, and lives beside them, has its own test.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return Project(pytester)


@pytest.fixture(params=sorted(_MODES))
def project_in_each_mode(project: Project, request: pytest.FixtureRequest) -> Project:
    """Return an empty project that is run without xdist, with `-n 0` and with `-n 2`."""
    project.mode = request.param
    return project
