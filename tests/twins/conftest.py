"""The checks of this repository on a copy of the reference system in which one thing is different."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.core.once import do_once

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
# Requests that are drawn a law: what a twin is caught by does not rest on their number.
FEWER = ("offline=champion.answer,", "offline=champion.answer, examples=15,")


@dataclass
class Lifecycle:
    """A project of links to this repository, with its own `checks/`."""

    folder: Path
    champion: Path

    def run(self, file: str, *words: str, fixtures: str = "", edit: tuple[str, str] | None = None) -> dict[str, str]:
        """Run one file of `checks/` and return the verdict of each check; `output` keeps what was printed.

        `fixtures` are appended to `checks/conftest.py`, where they replace those of the same name; `edit` replaces a
        text of the file.
        """
        self.write([file], fixtures=fixtures, edit=edit)
        return {check["id"].rpartition("::test_")[2]: check["verdict"] for check in self.record(*words)["checks"]}

    def write(self, files: Sequence[str], *, fixtures: str = "", edit: tuple[str, str] | None = None) -> None:
        """Write files of `checks/`, with what is different in this project."""
        checks = self.folder / "checks"
        checks.mkdir()
        for file in files:
            text = (ROOT / "checks" / file).read_text(encoding="utf-8").replace(*FEWER)
            if edit is not None:
                assert edit[0] in text
                text = text.replace(*edit)
            (checks / file).write_text(text, encoding="utf-8")
        conftest = (ROOT / "checks/conftest.py").read_text(encoding="utf-8")
        champion = f"@pytest.fixture(scope='session')\ndef champion_folder(): return Path({str(self.champion)!r})"
        own = f"\n{champion}\n{fixtures}\n"
        (checks / "conftest.py").write_text(conftest + own, encoding="utf-8")

    def record(self, *words: str, paths: Sequence[str] = ("checks",)) -> dict[str, Any]:
        """Run what was written and return the run record."""
        command = [sys.executable, "-m", "pytest", "-p", "pytest_mlops.plugin", "--mlops", *paths, *words]
        env = {key: value for key, value in os.environ.items() if key not in {"CI", "PRE_COMMIT"}}
        done = subprocess.run(
            command, cwd=self.folder, env=env | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}, capture_output=True, text=True,
            timeout=240, check=False,
        )  # fmt: skip
        self.output = done.stdout
        assert done.returncode in {0, 1}, done.stdout + done.stderr
        record: dict[str, Any] = json.loads((self.folder / ".mlops/report.json").read_text(encoding="utf-8"))
        return record


@pytest.fixture(scope="session")
def champion_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train the champion of the reference system, once for all twins."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def train() -> str:
        words = ["-m", "examples.flight_delay.train", "--seed", "7", "--tracking-uri", f"sqlite:///{shared}/mlflow.db"]
        done = subprocess.run(
            [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr
        return str(json.loads(done.stdout[done.stdout.index("{") :])["folder"])

    return Path(str(do_once(shared, "champion", train)))


@pytest.fixture
def lifecycle(tmp_path: Path, champion_folder: Path) -> Lifecycle:
    """Return a new project."""
    for name in ("examples", "fixtures", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "mlops.toml").write_text("seed = 7\n", encoding="utf-8")
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\npythonpath = .\naddopts = --import-mode=importlib\n", encoding="utf-8"
    )
    return Lifecycle(tmp_path, champion_folder)
