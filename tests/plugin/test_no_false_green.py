"""No false green: a table of ways to have proven nothing, none of which ends in a green release verdict."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import Project

SUITE = """{"name": "s", "expectations": [
  {"type": "expect_column_values_to_be_between", "kwargs": {"column": "a", "min_value": 0, "max_value": 9}},
  {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "b"}}]}"""
HEAD = """
import pandas as pd
import pytest
from pytest_mlops import *
from pytest_mlops.core.errors import MissingExtra

GOOD = pd.DataFrame({"a": [float(i % 9) for i in range(4000)], "b": range(4000)})

@pytest.mark.mlops_expectations("suite.json")
def test_proof(mlops_data, mlops_expectation):
    mlops_data(GOOD, name="good").require(mlops_expectation)
"""
DATA = """
@pytest.mark.mlops_expectations("suite.json")
def test_it(mlops_data, mlops_expectation):
    mlops_data({frame}, name="it").require(mlops_expectation)
"""
DRIFT = """
def test_it(mlops_drift):
    mlops_drift({frame}, reference={reference}, name="it").require(no_drift())
"""
MODEL = """
def test_it(mlops_model):
    frame = pd.DataFrame({{"x": [0.1, 0.9] * 200, "y": {labels}}})
    assert mlops_model(lambda f: f["x"], target="y", name="m").roc_auc(frame{rows}) >= 0.5
"""
SERVICE = """
import http.server, sys, threading
LOCUST = "from locust import HttpUser, task, constant\\nclass U(HttpUser):\\n    wait_time = constant(0.1)\\n{task}"
def test_it(mlops_service, mlops_load, tmp_path):
    serve = [sys.executable, "-m", "http.server", "{{port}}", "--bind", "127.0.0.1"]
    service = mlops_service(serve, name="files", ready="/")
    file = tmp_path / "locustfile.py"
    file.write_text(LOCUST)
    mlops_load(service, locustfile=file, users=2, duration="1s").require(failures=at_most(0.5))
"""
TABLES = """
def test_it(mlops_tables):
    none, some = GOOD.head(0), GOOD.assign(at=pd.Timestamp("2013-01-01"), day=pd.Timestamp("2013-01-01"))
    empty = some.head(0)
    mlops_tables(none=none, some=some, empty=empty).require({requirement})
"""
PRIVACY = """
def test_it(mlops_privacy, tmp_path):
    (tmp_path / "empty.log").write_text("")
    mlops_privacy({scanned}).require({requirement})
"""
FEATURES = """
def test_it(mlops_features):
    mlops_features({build}, {rows}, name="it").require(pure_features())
"""
FILE = """
@pytest.mark.mlops_expectations("suite.json")
def test_it(mlops_data, mlops_expectation, tmp_path):
    path = tmp_path / "{name}"
    {write}
    mlops_data(path).require(mlops_expectation)
"""
NOTHING: dict[str, tuple[str, tuple[str, ...]]] = {
    "zero rows": (DATA.format(frame="GOOD.head(0)"), ()),
    "an all-null column": (DATA.format(frame="GOOD.assign(a=None)"), ()),
    "a column is gone": (DATA.format(frame="GOOD.drop(columns='a')"), ()),
    "an empty suite": (DATA.replace("suite.json", "empty.json").format(frame="GOOD"), ()),
    "no such suite": (DATA.replace("suite.json", "none.json").format(frame="GOOD"), ()),
    "an unknown expectation": (DATA.replace("suite.json", "unknown.json").format(frame="GOOD"), ()),
    "an expectation with a wrong key": (DATA.replace("suite.json", "wrong.json").format(frame="GOOD"), ()),
    "a column without a type": (DATA.format(frame="GOOD.assign(a=[None] * 4000)"), ()),
    "a column twice": (DATA.format(frame="pd.concat([GOOD, GOOD[['a']]], axis=1)"), ()),
    "a truncated file": (
        FILE.format(name="a.parquet", write="GOOD.to_parquet(path); path.write_bytes(path.read_bytes()[:900])"),
        (),
    ),
    "a broken line": (FILE.format(name="a.csv", write="path.write_text('a,b\\n1,2\\n1\\n')"), ()),
    "mixed encodings": (
        FILE.format(name="a.csv", write="path.write_bytes('a,b,c\\n1,2,ü\\n'.encode() + 'ü,2,1\\n'.encode('latin-1'))"),
        (),
    ),
    "a glob without files": (FILE.format(name="none-*.parquet", write="pass"), ()),
    "keys of zero rows": (TABLES.format(requirement="unique_key('none', 'b')"), ()),
    "references of zero rows": (TABLES.format(requirement="references('none', 'b', 'some')"), ()),
    "references to zero rows": (TABLES.format(requirement="references('some', 'b', 'none')"), ()),
    "disjoint from zero rows": (TABLES.format(requirement="disjoint('some', 'none')"), ()),
    "leakage of zero rows": (TABLES.format(requirement="no_time_leakage('some', 'empty', time='at')"), ()),
    "a giveaway of zero rows": (TABLES.format(requirement="no_giveaway('none', target='a')"), ()),
    "freshness of zero rows": (TABLES.format(requirement="fresh('empty', time='at', within=pd.Timedelta(days=1))"), ()),
    "days of zero rows": (
        TABLES.format(requirement="every_day('empty', day='day', start='2013-01-01', end='2013-01-02')"),
        (),
    ),
    "conserving zero rows": (TABLES.format(requirement="conserves_rows('none', 'empty')"), ()),
    "personal data in zero rows": (
        PRIVACY.format(scanned="GOOD.head(0), name='it'", requirement="no_personal_data()"),
        (),
    ),
    "personal data in no files": (
        PRIVACY.format(scanned="files=tmp_path / 'none-*.log'", requirement="no_personal_data()"),
        (),
    ),
    "personal data in an empty file": (
        PRIVACY.format(scanned="files=tmp_path / 'empty.log'", requirement="no_personal_data()"),
        (),
    ),
    "anonymity of zero rows": (
        PRIVACY.format(scanned="GOOD.head(0), name='it'", requirement="k_anonymous(2, by='a')"),
        (),
    ),
    "diversity of nulls": (
        PRIVACY.format(scanned="GOOD.assign(s=None), name='it'", requirement="l_diverse(2, by='a', sensitive='s')"),
        (),
    ),
    "features of zero rows": (FEATURES.format(build="lambda rows: rows[['a']]", rows="GOOD.head(0)"), ()),
    "no features": (FEATURES.format(build="lambda rows: rows[[]]", rows="GOOD.head(50)"), ()),
    "features of nulls": (FEATURES.format(build="lambda rows: rows[['a']] * float('nan')", rows="GOOD.head(50)"), ()),
    "drift of zero rows": (DRIFT.format(frame="GOOD.head(0)", reference="GOOD"), ()),
    "drift against zero rows": (DRIFT.format(frame="GOOD", reference="GOOD.head(0)"), ()),
    "drift of an all-null column": (DRIFT.format(frame="GOOD.assign(a=float('nan'))", reference="GOOD"), ()),
    "drift of a few rows": (DRIFT.format(frame="GOOD.head(20)", reference="GOOD"), ()),
    "a metric of zero rows": (MODEL.format(labels="[0, 1] * 200", rows=".head(0)"), ()),
    "a metric of one class": (MODEL.format(labels="[1] * 400", rows=""), ()),
    "a metric without labels": (MODEL.format(labels="[None] * 400", rows=""), ()),
    "zero requests": (SERVICE.format(task="    @task\\n    def t(self): pass"), ()),
    "users that died": (SERVICE.format(task="    @task\\n    def t(self): raise SystemExit"), ()),
    "a trainer that returns nothing": (
        "def test_it(mlops_reproduce): mlops_reproduce('os:getcwd').require(same())",
        (),
    ),
    "a crash": ("@pytest.mark.mlops(stage='data')\ndef test_it(): raise RuntimeError", ()),
    "a missing library": (
        "@pytest.mark.mlops(stage='data')\ndef test_it(): raise MissingExtra(needs='x', library='y', extra='data')",
        (),
    ),
    "a check that judged nothing": ("@pytest.mark.mlops(stage='data')\ndef test_it(): pass", ()),
    "a skipped check": ("@pytest.mark.mlops(stage='data')\n@pytest.mark.skip\ndef test_it(): pass", ()),
    "a required stage without checks": ("", ()),
    "-k on a part": ("", ("-k", "between")),
    "a check that is deselected": ("", ("--deselect", "test_it.py::test_proof")),
}


@pytest.fixture
def released(project: Project) -> Project:
    """Return a project whose only check passes, in a clean git tree."""
    files = {
        "suite.json": SUITE,
        "unknown.json": SUITE.replace("to_be_unique", "to_be_uniqe"),
        "wrong.json": SUITE.replace("min_value", "minvalue"),
        "empty.json": '{"name": "e", "expectations": []}',
        "mlops.toml": 'required = ["data"]',
    }
    ignored = "__pycache__\n.pytest_cache\nstdout\nstderr\nrunpytest-*\n"
    return project.write(files | {".gitignore": ignored, "test_it.py": HEAD})


def release(project: Project, *words: str) -> pytest.RunResult:
    for git in (["init", "-q"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "x"]):
        subprocess.run(["git", *git], cwd=project.pytester.path, check=True, timeout=30)
    return project.run("--mlops", "--mlops-profile=release", *words)


def test_what_is_proven_is_green(released: Project) -> None:
    """Without this, the table below would prove nothing."""
    assert release(released).ret == pytest.ExitCode.OK
    assert released.record()["verdict"] == "pass"


@pytest.mark.parametrize("name", NOTHING)
def test_what_proves_nothing_is_never_green(released: Project, name: str) -> None:
    """The exit code is not 0, and where there is a record, its verdict is not a pass."""
    code, words = NOTHING[name]
    required = 'required = ["data", "load"]' if name == "a required stage without checks" else 'required = ["data"]'
    released.write({"test_it.py": HEAD + code, "mlops.toml": required})
    result = release(released, *words)
    assert result.ret != pytest.ExitCode.OK
    if (released.pytester.path / ".mlops/report.json").exists():
        assert released.record()["verdict"] != "pass"


def test_a_lazy_frame_is_not_taken_for_another(released: Project) -> None:
    """Their columns are the same, and so is all that is known of them before they are read."""
    code = """
import polars as pl
@pytest.mark.parametrize("shift", [0, 9])
def test_it(mlops_data, shift):
    mlops_data(pl.LazyFrame(GOOD + shift), suite="suite.json", name="it").require(expectations())
"""
    released.write({"test_it.py": HEAD + code})
    released.run("--mlops")
    assert [released.verdicts()[f"test_it[{shift}]"] for shift in (0, 9)] == ["pass", "fail"]
