"""Real runs of deepchecks 0.19.1: planted defects are red, what is alike is green, and nothing is taken for a pass."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from pytest_mlops.adapters.deepchecks_python import RUNNER, environment, find_python
from pytest_mlops.core.errors import RequirementNotMet, ToolError
from pytest_mlops.stages.deepchecks import Plan, Task, catalogue, deepcheck, deepchecks, measure_deepchecks, plan_of
from tests.stages.deepchecks import planted
from tests.stages.deepchecks.test_judging import RECORDED

if TYPE_CHECKING:
    from pytest_mlops.core.result import Result
    from pytest_mlops.stages.deepchecks import Deepcheck

FOUND = importlib.util.find_spec("deepchecks")  # it is not imported here: that alone would talk to its maker
if FOUND is None:
    pytest.skip("the environment card has deepchecks: tox -e card", allow_module_level=True)

PAIR = {"label": "late", "categorical": ["carrier"], "index": "flight", "datetime": "departs"}
# What deepchecks finds in any month: weak segments, and that a random number predicts a random label a little.
LOUD = ["WeakSegmentsPerformance", "IdentifierLabelCorrelation"]


def measure(folder: Path, plan: Plan, **said: Any) -> Result:
    task = Task(names=("january", "february"), **said)
    return measure_deepchecks(task, plan, folder=folder, python=Path(sys.executable), timeout_s=900)


def red(result: Result) -> set[str]:
    return {one.measurement.short_name for one in deepchecks().judge(result) if one.verdict == "fail"}


def test_months_that_are_alike_are_green(tmp_path: Path) -> None:
    result = measure(
        tmp_path,
        plan_of("full_suite", without=LOUD),
        train=planted.january(),
        test=planted.february(),
        model=planted.scores,
        **PAIR,
    )
    judgements = list(deepchecks().judge(result))
    assert red(result) == set()
    passed = {one.measurement.short_name for one in judgements if one.verdict == "pass"}
    assert {one.verdict.value for one in judgements} == {"pass", "not_run"}
    assert {one.measurement.short_name for one in judgements if one.verdict == "not_run"} == {
        "confusion_matrix_report", "calibration_score", "outlier_sample_detection",  # no condition
        "regression_error_distribution", "unused_features", "boosting_overfit", "model_inference_time",
        "string_length_out_of_bounds",  # nothing to look at
    }  # fmt: skip
    assert len(passed) == 25
    assert result.details["deepchecks"] == "0.19.1"


def test_the_recorded_run_is_what_deepchecks_says(tmp_path: Path) -> None:
    """Every planted defect is red in it: see `test_judging.py`."""
    measure(
        tmp_path,
        plan_of("full_suite"),
        train=planted.january(),
        test=planted.broken_february(),
        model=planted.constant_scores,
        show_details=True,
        **PAIR,
    )
    got, kept = (json.loads(path.read_text(encoding="utf-8")) for path in (tmp_path / "answer.json", RECORDED))
    key = ["check", "side", "header", "failure"]
    assert sorted(([one[k] for k in key] for one in got["results"]), key=str) == sorted(
        ([one[k] for k in key] for one in kept["results"]), key=str
    )
    conditions = [
        {
            (one["check"], one["side"], c["name"]): (c["status"], c["looked"])
            for one in answer["results"]
            for c in one["conditions"]
        }
        for answer in (got, kept)
    ]
    assert conditions[0] == conditions[1]


def test_a_sloppy_frame_is_red(tmp_path: Path) -> None:
    """From pandas, with a column of two types, which reaches deepchecks as it is."""
    plan = plan_of(["data_integrity", deepcheck("DataDuplicates", conditions=["ratio_less_or_equal"])])
    result = measure(tmp_path, plan, train=planted.sloppy_january(), label="late")
    assert red(result) >= {
        "is_single_value",
        "mixed_data_types",
        "string_mismatch",
        "special_characters",
        "data_duplicates",
    }
    assert {one.subject for one in result.measurements} == {"january"}


def test_what_one_sets_decides(tmp_path: Path) -> None:
    """Parameters and conditions of one's own; a regression; no date, so no check of dates."""
    low, high = ({"drift_score_less_than": {"max_allowed_drift_score": limit}} for limit in (1e-9, 0.9))
    columns = planted.month(1), planted.month(2)
    tables = [pa.table({name: one[name] for name in ("delay", "distance")}) for one in columns]
    said = {"train": tables[0], "test": tables[1], "label": "delay", "label_type": "regression"}
    checks: list[str | Deepcheck] = [
        deepcheck("LabelDrift", conditions=low),
        deepcheck("PredictionDrift", conditions=high),
        deepcheck("FeatureDrift", parameters={"columns": ["distance"]}),
        "DateTrainTestLeakageOverlap",
        "RegressionErrorDistribution",
        "RocReport",
    ]
    result = measure(tmp_path, plan_of(checks), model=lambda rows: rows["distance"] + 1, **said)
    verdicts = {one.measurement.short_name: one.verdict.value for one in deepchecks().judge(result)}
    assert verdicts == {
        "label_drift": "fail",
        "prediction_drift": "pass",
        "feature_drift": "pass",
        "date_train_test_leakage_overlap": "not_run",
        "regression_error_distribution": "fail",  # it is off by one
        "roc_report": "not_run",
    }
    with pytest.raises(RequirementNotMet, match="Deepchecks did not run it: Dataset does not contain a datetime"):
        result.require(deepcheck("DateTrainTestLeakageOverlap"))


def test_values_stay_where_they_are(tmp_path: Path) -> None:
    """A new label is quoted by deepchecks; here it is in nothing that leaves its process, unless it is asked for."""
    old, new = (planted.month(seed) for seed in (1, 2))
    old["late"], new["late"] = np.array(["no", "yes"] * 300), np.array(["no", planted.CANARY] * 300)
    plan = plan_of(["NewLabelTrainTest", "NewCategoryTrainTest", "ConflictingLabels"])
    said = {"train": pa.table(old), "test": pa.table(new), "label": "late"}
    result = measure(tmp_path, plan, **said)
    assert "new_label_train_test" in red(result)
    assert planted.CANARY not in (tmp_path / "answer.json").read_text(encoding="utf-8")
    assert planted.CANARY not in json.dumps(result.to_json())
    shown = measure(tmp_path, plan, show_details=True, **said)
    with pytest.raises(RequirementNotMet, match=planted.CANARY):
        shown.require(deepcheck("NewLabelTrainTest"))


def test_data_that_deepchecks_refuses_are_an_error(tmp_path: Path) -> None:
    plan, less = plan_of("FeatureDrift"), planted.february().drop_columns(["distance"])
    with pytest.raises(
        ToolError, match="but stopped: DatasetValidationError: train and test requires to share the same features"
    ):
        measure(tmp_path, plan, train=planted.january(), test=less)
    with pytest.raises(
        ToolError, match="but stopped: DeepchecksValueError: Can't create a Dataset object with an empty"
    ):
        measure(tmp_path, plan, train=planted.january().slice(0, 0))


def test_the_committed_list_is_what_the_runner_lists(tmp_path: Path) -> None:
    """And the runner leaves nothing behind: no file of telemetry, no bytecode."""
    command = [sys.executable, "-I", "-B", str(RUNNER), "--list"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600, env=environment(tmp_path))
    assert json.loads(done.stdout) == json.loads(catalogue._LIST.read_text(encoding="utf-8"))
    assert FOUND is not None
    assert not (Path(str(FOUND.origin)).parent / ".user_id").exists()


@pytest.mark.skipif(not os.environ.get("MLOPS_BUILD_DEEPCHECKS"), reason="tox -e card builds the interpreter: 1 GB")
def test_the_interpreter_is_built_and_runs(tmp_path: Path) -> None:
    """For real, from the pinned list; the second time it is found."""
    said: list[str] = []
    python = find_python(None, cache=tmp_path, progress=said.append)
    assert find_python(None, cache=tmp_path, progress=said.append) == python
    assert len(said) == 1
    task = Task(train=planted.january(), test=planted.broken_february(), label="late", categorical=["carrier"])
    (tmp_path / "run").mkdir()
    result = measure_deepchecks(task, plan_of("FeatureDrift"), folder=tmp_path / "run", python=python)
    assert red(result) == {"feature_drift"}
    assert [path.name for path in tmp_path.glob(".*.part")] == []
    shutil.rmtree(python.parents[1])  # pytest would keep the gigabyte of the last three runs
