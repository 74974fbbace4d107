"""Drift references that are committed: written on demand by the controller, read without the data they summarise."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.plugin.conftest import Project

CHECK = """
import pytest
from pytest_mlops import no_drift

@pytest.mark.mlops(stage="drift")
@pytest.mark.parametrize("column", ["size", "kind"])
def test_drift(mlops_drift, column):
    result = mlops_drift({words})
    result.require(no_drift(columns=column))
"""
WORDS = "'now.parquet', reference='then.parquet', sketch='fixtures/then.json', unit='day'"
OTHER_UNIT = "'now.parquet', sketch='fixtures/then.json', unit='row'"
TOML = """
paths = ["mlops.toml"]
[data.now]
path = "now.parquet"
[data.then]
path = "then.parquet"
[drift.now]
data = "now"
reference = "then"
sketch = "fixtures/then.json"
unit = "day"
"""


def put(project: Project, seed: int, name: str, shift: float = 0.0) -> Path:
    rng = np.random.default_rng(seed)
    day, size = np.repeat(np.arange(20), 100), rng.normal(shift, 1, 2000)
    table = pa.table({"day": day, "size": size, "kind": rng.choice(["a", "b"], 2000)})
    path = project.pytester.path / f"{name}.parquet"
    pq.write_table(table, path)
    return path


@pytest.fixture
def watched(project: Project) -> Project:
    put(project, 1, "then")
    put(project, 2, "now")
    return project.write({"checks/test_drift.py": CHECK.format(words=WORDS)})


def sketch(project: Project) -> Path:
    return project.pytester.path / "fixtures" / "then.json"


def reasons(project: Project) -> set[str]:
    return {check["reason"] for check in project.record()["checks"]}


def test_it_is_written_then_read_without_its_data(project_in_each_mode: Project) -> None:
    project = project_in_each_mode
    then = put(project, 1, "then")
    put(project, 2, "now")
    project.write({"checks/test_drift.py": CHECK.format(words=WORDS)})
    project.run("--mlops", "--mlops-update").stdout.fnmatch_lines(
        ["baselines 1 written", "          fixtures/then.json: new → 2 columns of 2,000 rows"]
    )
    assert set(project.verdicts().values()) == {"pass"}
    then.unlink()
    project.run("--mlops").stdout.fnmatch_lines(["baselines 1 matched"])
    assert set(project.verdicts().values()) == {"pass"}
    put(project, 2, "now", shift=1.0)
    project.run("--mlops")
    assert project.verdicts() == {"test_drift[size]": "fail", "test_drift[kind]": "pass"}


def test_it_is_written_whatever_the_verdict_and_only_when_asked(watched: Project) -> None:
    """It is what is known of the named data, and says nothing of what was compared with them."""
    put(watched, 2, "now", shift=1.0)
    watched.run("--mlops", "--mlops-update")
    assert watched.verdicts()["test_drift[size]"] == "fail"
    before = sketch(watched).read_bytes()
    watched.run("--mlops", "--mlops-update").stdout.fnmatch_lines(["baselines 1 matched"])
    put(watched, 2, "now")
    watched.run("--mlops")
    assert sketch(watched).read_bytes() == before


def test_a_missing_one_is_not_a_pass(watched: Project) -> None:
    watched.run("--mlops")
    assert set(watched.verdicts().values()) == {"not_run"}
    assert all("there is no drift reference fixtures/then.json. Hint: pytest" in reason for reason in reasons(watched))
    assert not sketch(watched).exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (WORDS, "fixtures/then.json was made of other data than reference= names: sha256:"),
        (
            OTHER_UNIT,
            "was made with unit='day', the check",
        ),
        ("'now.parquet'", "drift of now needs reference=..., data, or sketch=..., a file"),
    ],
)
def test_a_stale_one_is_an_error(watched: Project, words: str, message: str) -> None:
    watched.run("--mlops", "--mlops-update")
    put(watched, 3, "then")
    watched.write({"checks/test_drift.py": CHECK.format(words=words)}).run("--mlops")
    assert set(watched.verdicts().values()) == {"error"}
    assert all(message in reason for reason in reasons(watched))


def test_it_can_be_made_of_data_alone(watched: Project) -> None:
    (watched.pytester.path / "then.parquet").unlink()
    watched.run("--mlops", "--mlops-update")
    assert set(watched.verdicts().values()) == {"error"}
    assert "--mlops-update makes fixtures/then.json of data: reference= must name some that are there" in next(
        iter(reasons(watched))
    )


def test_two_checks_must_mean_the_same_by_it(watched: Project) -> None:
    watched.write({"checks/test_drift.py": CHECK.format(words=f"{WORDS}, columns=[column]")})
    watched.run("--mlops", "--mlops-update")
    assert sorted(watched.verdicts().values()) == ["error", "pass"]
    assert any("two checks make fixtures/then.json: of {'columns': ['size']}" in reason for reason in reasons(watched))


def test_it_can_be_declared(project_in_each_mode: Project) -> None:
    """The columns are those of the file where the data are absent."""
    project = project_in_each_mode.write({"mlops.toml": TOML})
    then = put(project, 1, "then")
    put(project, 2, "now")
    project.run("--mlops", "--mlops-update")
    then.unlink()
    project.run("--mlops")
    assert project.verdicts() == {"kind": "pass", "size": "pass", "(together)": "pass"}
    assert json.loads(sketch(project).read_text())["of"]["rows"] == 2000
    sketch(project).unlink()
    project.run("--mlops").stdout.fnmatch_lines(["*there is no drift reference*then.json. Hint: pytest --mlops*"])
