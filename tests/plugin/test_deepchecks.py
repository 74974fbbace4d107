"""`mlops_deepchecks` in a project: an item a check, one run for all of them, stages, declarations, and hidden values.

The interpreter of these projects replays what deepchecks said in a real run; `tests/stages/deepchecks/test_real.py` and
the last test here run deepchecks itself.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from tests.stages.deepchecks import planted
from tests.stages.deepchecks.test_judging import RECORDED

if TYPE_CHECKING:
    from tests.plugin.conftest import Project

REPLAY = f"""#!{sys.executable}
import json, pathlib, sys
job = json.loads(pathlib.Path(sys.argv[-1]).read_text())
pathlib.Path(job["answer"]).write_text(pathlib.Path({str(RECORDED)!r}).read_text())
with pathlib.Path({{runs!r}}).open("a") as runs:
    runs.write(json.dumps([job["suites"], job["label"], job["categorical"], job["show"]]) + "\\n")
"""
CHECKS = """
import pytest
from pytest_mlops import deepcheck, deepchecks

@pytest.fixture(scope="session")
def mlops_deepchecks_python(): return {python!r}

@pytest.fixture
def months(mlops_deepchecks):
    return mlops_deepchecks("january.parquet", "february.parquet", label="late", categorical=["carrier"])

@pytest.mark.mlops_deepchecks_checks("train_test_validation", without=["IndexTrainTestLeakage"])
def test_pair(months, mlops_deepcheck): months.require(mlops_deepcheck)

@pytest.mark.mlops_deepchecks_checks("ConflictingLabels", deepcheck("DataDuplicates", warn="pass"))
def test_one(months, mlops_deepcheck): months.require(mlops_deepcheck)

@pytest.mark.mlops(stage="model")
def test_whole(mlops_deepchecks):
    result = mlops_deepchecks("january.parquet", "february.parquet", checks=["RocReport"], show_details=True)
    result.require(deepchecks())
"""
PAIR = [
    "DatasetsSizeComparison", "NewLabelTrainTest", "NewCategoryTrainTest", "StringMismatchComparison",
    "DateTrainTestLeakageDuplicates", "DateTrainTestLeakageOverlap", "TrainTestSamplesMix",
    "FeatureLabelCorrelationChange", "FeatureDrift", "LabelDrift", "MultivariateDrift",
]  # fmt: skip
TOML = """
deepchecks_python = "replay"
[data.january]
path = "january.parquet"
[data.february]
path = "february.parquet"
public = ["flight", "departs", "delay", "distance", "carrier", "late"]
[deepchecks.february]
train = "january"
test = "february"
label = "late"
categorical = ["carrier"]
suite = "data_integrity"
checks = ["LabelDrift"]
without = ["StringLengthOutOfBounds", "OutlierSampleDetection"]
"""


def with_months(project: Project) -> Project:
    """Return a project with two months of flights, and the interpreter that replays."""
    folder = project.pytester.path
    pq.write_table(planted.january(), folder / "january.parquet")
    pq.write_table(planted.broken_february(), folder / "february.parquet")
    (folder / "replay").write_text(REPLAY.format(runs=str(folder / "runs.jsonl")), encoding="utf-8")
    (folder / "replay").chmod(0o755)
    return project


def test_a_check_is_an_item_and_one_run_serves_all(project_in_each_mode: Project) -> None:
    months = with_months(project_in_each_mode)
    folder = months.pytester.path
    months.write({"test_it.py": CHECKS.format(python=str(folder / "replay"))}).run("--mlops")
    verdicts = months.verdicts()
    assert {name: verdicts.pop(f"test_pair[{name}]") for name in PAIR} == {
        name: "pass" if name in {"DatasetsSizeComparison", "NewLabelTrainTest", "StringMismatchComparison"} else "fail"
        for name in PAIR
    }
    assert verdicts == {
        "test_one[ConflictingLabels]": "fail",
        "test_one[DataDuplicates]": "pass",
        "test_whole": "fail",
    }
    stages = {check["id"].rpartition("::")[2]: check["stage"] for check in months.record()["checks"]}
    assert stages["test_pair[FeatureDrift]"] == "drift"
    assert stages["test_one[ConflictingLabels]"] == "data"
    assert stages["test_whole"] == "model"
    runs = sorted((folder / "runs.jsonl").read_text(encoding="utf-8").splitlines())
    assert runs == ['[["train_test_validation"], "late", ["carrier"], false]', *runs[1:]]
    assert len(runs) == 3


def test_declared_checks_are_items(project: Project) -> None:
    with_months(project).write({"mlops.toml": TOML}).run("--mlops")
    got = {check["id"]: (check["stage"], check["verdict"]) for check in project.record()["checks"]}
    assert len(got) == 11
    assert got["mlops.toml::deepchecks::february::LabelDrift"] == ("drift", "fail")
    assert got["mlops.toml::deepchecks::february::ConflictingLabels"] == ("data", "fail")
    assert got["mlops.toml::deepchecks::february::IsSingleValue"] == ("data", "pass")


OPTIONS = """
[deepchecks.february.options.LabelDrift]
parameters = { min_category_size_ratio = 0.02 }
conditions = { drift_score_less_than = { max_allowed_categorical_score = 0.3 } }
[deepchecks.february.options.DataDuplicates]
warn = "pass"
"""


def test_a_declared_check_has_parameters_and_conditions_of_its_own(project: Project) -> None:
    """The run is told of them, and what is required is what was run."""
    folder = with_months(project).pytester.path
    asked = "runs.write(json.dumps(job['checks']) + chr(10))\n"
    (folder / "replay").write_text(
        REPLAY.format(runs=str(folder / "runs.jsonl")).rpartition("    runs.write")[0] + "    " + asked,
        encoding="utf-8",
    )
    project.write({"mlops.toml": TOML + OPTIONS}).run("--mlops")
    (said,) = [json.loads(line) for line in (folder / "runs.jsonl").read_text(encoding="utf-8").splitlines()]
    assert said == [
        {
            "name": "LabelDrift",
            "parameters": {"min_category_size_ratio": 0.02},
            "conditions": {"drift_score_less_than": {"max_allowed_categorical_score": 0.3}},
        },
        {"name": "DataDuplicates", "parameters": {}, "conditions": {"ratio_less_or_equal": {}}},
    ]
    got = {check["id"].rpartition("::")[2]: check["verdict"] for check in project.record()["checks"]}
    assert len(got) == 11
    assert got["DataDuplicates"] == "pass"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("[deepchecks.february.options.FeatureDrift]\nwarn = 'pass'", "*options: unknown name 'FeatureDrift'*"),
        ("[deepchecks.february.options.LabelDrift]\nparams = {}", "*unknown key 'params'. Did you mean 'parameters'?*"),
        (
            "[deepchecks.february.options.LabelDrift]\nconditions = { drift_score_les_than = {} }",
            "*LabelDrift has no condition 'drift_score_les_than'. Did you mean 'drift_score_less_than'?*",
        ),
        (
            "[deepchecks.february.options.LabelDrift]\nconditions = { drift_score_less_than = 0.3 }",
            "*LabelDrift: the condition 'drift_score_less_than' must be a table, got 0.3*",
        ),
    ],
)
def test_wrong_options_of_a_declared_check_are_named(project: Project, options: str, words: str) -> None:
    result = project.write({"mlops.toml": TOML + options}).run("--mlops")
    assert result.ret != 0
    (result.stderr if "mlops.toml" in result.stderr.str() else result.stdout).fnmatch_lines([words])


def test_a_check_of_a_declaration_that_is_unknown_is_named(project: Project) -> None:
    toml = TOML.replace("LabelDrift", "LabelDrft")
    result = project.write({"mlops.toml": toml}).run("--mlops")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(
        ["*deepchecks::february: deepchecks has no check 'LabelDrft'. Did you mean 'LabelDrift'?*"]
    )


@pytest.mark.parametrize(
    ("marker", "words"),
    [
        ("'data_integrty'", "*deepchecks has no check 'data_integrty'. Did you mean 'data_integrity'?*"),
        ("'data_integrity', without=['LabelDrift']", "*without='LabelDrift' is in no suite that is asked for*"),
        ("", "*deepchecks must be asked for a check, got none*"),
    ],
)
def test_a_wrong_marker_is_a_usage_error(project: Project, marker: str, words: str) -> None:
    code = f"import pytest\n@pytest.mark.mlops_deepchecks_checks({marker})\ndef test_it(mlops_deepcheck): ..."
    result = project.write({"test_it.py": code}).run("--mlops")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines([words])


def test_the_commit_profile_leaves_it_out_and_no_interpreter_is_an_error(project: Project) -> None:
    code = """
def test_it(mlops_deepchecks): mlops_deepchecks("a.parquet", checks="FeatureDrift", python="none")
def test_unsaid(mlops_deepchecks): mlops_deepchecks("a.parquet")
"""
    pq.write_table(planted.january(), project.pytester.path / "a.parquet")
    project.write({"test_it.py": code}).run("--mlops", "--mlops-profile=commit")
    assert project.verdicts() == {"test_it": "not_run", "test_unsaid": "not_run"}
    project.run("--mlops")
    reasons = {check["id"].rpartition("::")[2]: check["reason"] for check in project.record()["checks"]}
    assert project.verdicts() == {"test_it": "error", "test_unsaid": "error"}
    assert "deepchecks_python must be an interpreter, got" in reasons["test_it"]
    assert "needs checks=..., or the marker mlops_deepchecks_checks(...)" in reasons["test_unsaid"]


REAL = """
import pytest

@pytest.fixture(scope="session")
def mlops_deepchecks_python(): return {python!r}

@pytest.mark.mlops_deepchecks_checks("NewLabelTrainTest", "NewCategoryTrainTest", "DateTrainTestLeakageOverlap")
def test_it(mlops_deepchecks, mlops_deepcheck):
    mlops_deepchecks("january.parquet", "february.parquet", label="carrier").require(mlops_deepcheck)
"""


@pytest.mark.skipif(importlib.util.find_spec("deepchecks") is None, reason="the environment card has deepchecks")
def test_deepchecks_itself_and_no_value_in_any_report(project: Project) -> None:
    """The new carrier, which deepchecks quotes, is in none of the things that a run writes."""
    folder = project.pytester.path
    pq.write_table(planted.january(), folder / "january.parquet")
    pq.write_table(planted.broken_february(), folder / "february.parquet")
    project.write({"test_it.py": REAL.format(python=sys.executable)})
    result = project.run("--mlops", "--junitxml=junit.xml", "-rA", "--showlocals")
    assert project.verdicts() == {
        "test_it[NewLabelTrainTest]": "fail",
        "test_it[NewCategoryTrainTest]": "pass",
        "test_it[DateTrainTestLeakageOverlap]": "not_run",
    }
    files = [*(folder / ".mlops").glob("report.*"), folder / "junit.xml"]
    assert len(files) == 4
    written = {file.name: file.read_text(encoding="utf-8") for file in files}
    written["terminal"] = result.stdout.str() + result.stderr.str()
    assert [name for name, text in written.items() if planted.CANARY in text] == []
