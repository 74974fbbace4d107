"""Baselines: written on demand for checks that pass, matched afterwards, never a pass when missing."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.plugin.conftest import Project

CHECK = """
import pytest
from pytest_mlops import Measurement
from pytest_mlops.plugin.recorder import recorder_of

@pytest.mark.mlops(stage="model")
@pytest.mark.parametrize("model", ["a", "b/c"])
def test_auc(request, mlops_baseline, model):
    auc = Measurement(name="model.auc", subject=model, value={value}, n=100, recorder=recorder_of(request.node))
    assert auc >= mlops_baseline(auc) - 0.01
    assert auc >= 0.5
"""


def files(project: Project) -> dict[str, Any]:
    folder: Path = project.pytester.path / "fixtures/baselines"
    return {path.name: json.loads(path.read_text()) for path in sorted(folder.glob("*"))}


def run(project: Project, value: float, *words: str) -> dict[str, str]:
    project.write({"checks/test_model.py": CHECK.format(value=value)}).run("--mlops", *words)
    return project.verdicts()


def test_a_missing_baseline_is_not_a_pass(project: Project) -> None:
    assert set(run(project, 0.9).values()) == {"not_run"}
    assert (
        "has no baseline checks.test_model.test_auc[a]--a.json. Hint: pytest --mlops --mlops-update"
        in (project.record()["checks"][0]["reason"])
    )
    assert files(project) == {}
    project.run("--mlops").stdout.fnmatch_lines(["next    pytest --mlops --mlops-update*"])


def test_it_is_written_then_matched(project_in_each_mode: Project) -> None:
    """A file a check and subject, the same in every mode; a worse model is red, and unchanged is not written again."""
    project = project_in_each_mode
    assert set(run(project, 0.9, "--mlops-update").values()) == {"pass"}
    entry = {"model.auc": {"n": 100, "unit": "", "value": 0.9}}
    names = list(files(project))
    assert names[0] == "checks.test_model.test_auc[a]--a.json"
    assert re.fullmatch(r"checks\.test_model\.test_auc\[b_c\]-[0-9a-f]{6}--b_c-[0-9a-f]{6}\.json", names[1])
    assert set(map(str, files(project).values())) == {str(entry)}
    assert project.record()["baselines"]["written"] == sorted(files(project))
    assert set(run(project, 0.895).values()) == {"pass"}
    assert project.record()["baselines"] == {
        "matched": sorted(files(project)),
        "unused": [],
        "written": [],
        "changes": [],
    }
    assert set(run(project, 0.88).values()) == {"fail"}
    assert files(project)[names[0]] == entry


def test_an_update_says_what_it_changed(project: Project) -> None:
    """A bar that is lowered is not lowered silently."""
    run(project, 0.9, "--mlops-update")
    project.write({"checks/test_model.py": CHECK.format(value=0.7)})
    printed = project.run("--mlops", "--mlops-update")
    printed.stdout.fnmatch_lines(["*baselines 2 written", "*test_auc[[]a]--a.json: model.auc 0.9 → 0.7"])


def test_two_baselines_never_share_a_place(project: Project) -> None:
    """Two checks of one name in two folders have a file each; one check that asks twice for one is refused."""
    check = CHECK.format(value=0.9)
    project.write({"checks/a/test_model.py": check, "checks/b/test_model.py": check})
    project.run("--mlops", "--mlops-update", "--import-mode=importlib")
    assert len(files(project)) == 4
    twice = check.replace("    assert auc >= 0.5", "    assert auc >= mlops_baseline(auc) - 0.02")
    project.write({"checks/a/test_model.py": twice}).run("--mlops", "checks/a")
    assert set(project.verdicts().values()) == {"error"}
    assert "has two baselines in this check" in project.record()["checks"][0]["reason"]


def test_nothing_is_written_on_a_failure(project: Project) -> None:
    assert set(run(project, 0.4, "--mlops-update").values()) == {"fail"}
    assert files(project) == {}


def test_an_unused_baseline_is_told(project: Project) -> None:
    project.write({"fixtures/baselines/test_gone.test_it--x.json": "{}"})
    run(project, 0.9, "--mlops-update")
    assert project.record()["baselines"]["unused"] == ["test_gone.test_it--x.json"]


def test_a_broken_baseline_is_an_error(project: Project) -> None:
    project.write({"fixtures/baselines/checks.test_model.test_auc[a]--a.json": "{"})
    assert run(project, 0.9, "-k", "a and not b")["test_auc[a]"] == "error"


def test_updating_in_ci_is_refused(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A baseline is a person's decision."""
    monkeypatch.setenv("CI", "true")
    result = project.run("--mlops", "--mlops-update")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--mlops-update must not run in CI*"])
