"""Reading and judging what deepchecks said in a real run (`recorded.json`, which `test_real.py` holds to be so)."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.core.errors import DeclarationError, RequirementNotMet
from pytest_mlops.core.messages import explain
from pytest_mlops.core.result import Result
from pytest_mlops.stages.deepchecks import Task, deepcheck, deepchecks, plan_of
from pytest_mlops.stages.deepchecks.measure import read_answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlops.stages.deepchecks import Deepcheck
    from pytest_mlops.stages.deepchecks.checks import Warn

RECORDED = Path(__file__).with_name("recorded.json")
# What the planted defects turn red, beside what deepchecks finds in ordinary months too.
RED = {
    "new_category_train_test", "date_train_test_leakage_duplicates", "date_train_test_leakage_overlap",
    "index_train_test_leakage", "train_test_samples_mix", "feature_label_correlation_change", "feature_drift",
    "label_drift", "multivariate_drift", "conflicting_labels", "roc_report", "simple_model_comparison",
}  # fmt: skip


def recorded() -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(RECORDED.read_text(encoding="utf-8"))
    return answer


def read(
    *names: str | Deepcheck, answer: dict[str, Any] | None = None, hidden: bool = False, without: Sequence[str] = ()
) -> Result:
    task = Task(train=RECORDED, test=RECORDED, names=("january", "february"))
    plan = plan_of(names, without=without)
    return read_answer(answer or recorded(), plan, task, rows={"train": 600, "test": 600}, hidden=hidden)


def judged(result: Result, name: str, *, warn: Warn = "fail") -> dict[str, str]:
    return {
        judgement.measurement.subject: judgement.verdict.value for judgement in deepcheck(name, warn=warn).judge(result)
    }


def one(name: str, **changes: Any) -> dict[str, Any]:
    """Return an answer of one check, changed."""
    answer = copy.deepcopy(recorded())
    answer["results"] = [entry for entry in answer["results"] if entry["check"] == name]
    for entry in answer["results"]:
        entry.update(changes)
    return answer


def condition(status: str, *, looked: bool = True) -> dict[str, Any]:
    return {"name": "it holds", "status": status, "looked": looked, "details": ""}


def test_what_is_planted_is_red_and_says_so() -> None:
    result = read("full_suite")
    red = {judgement.measurement.short_name for judgement in deepchecks().judge(result) if judgement.verdict == "fail"}
    assert red - {"weak_segments_performance", "identifier_label_correlation"} == RED
    assert judged(result, "ConflictingLabels") == {"january": "pass", "february": "fail"}
    with pytest.raises(
        RequirementNotMet, match=r"february: deepchecks.feature_drift must be at most 0 conditions"
    ) as got:
        result.require(deepcheck("FeatureDrift"))
    assert "FAIL: categorical drift score < 0.2 and numerical drift score < 0.2 (Failed for 2 out of 3" in str(
        got.value
    )
    assert "Largest drift scores: distance 0.8333 (Kolmogorov-Smirnov), carrier" in str(got.value)


def test_a_met_condition_passes_and_its_result_survives_json() -> None:
    result = read("DatasetsSizeComparison", "FeatureDrift", answer=recorded())
    kept = Result.from_json(json.loads(json.dumps(result.to_json(), allow_nan=False)))
    kept.require(deepcheck("DatasetsSizeComparison"))
    assert kept["datasets_size_comparison"].n == 1
    assert kept["feature_drift"].artefacts[1].data["columns"] == ["column", "drift score", "method"]
    assert (kept["datasets_size_comparison"] <= 0).verdict == "pass"
    assert (kept["feature_drift"] <= 0).verdict == "fail"


def test_what_did_not_run_is_no_pass_and_says_why() -> None:
    (judgement,) = [
        one
        for one in deepcheck("RegressionErrorDistribution").judge(read("full_suite"))
        if one.measurement.subject == "january"
    ]
    assert judgement.verdict == "not_run"
    assert judgement.reason == (
        "deepchecks did not run it: Check is irrelevant for classification tasks. "
        "Hint: give what it needs, or leave it out, without=['RegressionErrorDistribution']"
    )
    assert (judgement.measurement <= 0).verdict == "not_run"


def test_a_check_without_a_condition_judged_nothing() -> None:
    judgement, _ = deepcheck("OutlierSampleDetection").judge(read("full_suite"))
    assert judgement.verdict == "not_run"
    assert (
        "it judged nothing: it has no condition. Hint: deepcheck('OutlierSampleDetection', conditions="
        in judgement.reason
    )
    (judgement, _) = deepcheck("CalibrationScore").judge(read("full_suite"))
    assert judgement.reason.endswith("it has no condition. Hint: leave it out, without=['CalibrationScore']")


def test_a_pass_of_a_check_that_found_nothing_to_look_at_is_none() -> None:
    """In deepchecks it is a PASS: `No relevant columns to check were found`."""
    result = read("full_suite")
    entry = next(entry for entry in recorded()["results"] if entry["check"] == "StringLengthOutOfBounds")
    assert [one["status"] for one in entry["conditions"]] == ["PASS"]
    assert judged(result, "StringLengthOutOfBounds") == {"january": "not_run", "february": "not_run"}


def test_the_time_of_a_table_is_not_taken_for_that_of_a_model() -> None:
    entry = next(entry for entry in recorded()["results"] if entry["check"] == "ModelInferenceTime")
    assert [one["status"] for one in entry["conditions"]] == ["PASS"]
    assert judged(read("full_suite"), "ModelInferenceTime") == {"january": "not_run", "february": "not_run"}


def test_a_check_that_is_not_in_the_answer_is_not_run() -> None:
    result = read("LabelDrift", "ClassImbalance")
    assert judged(result, "ClassImbalance") == {"february": "not_run"}
    with pytest.raises(RequirementNotMet, match="its answer has no result of it"):
        result.require(deepchecks())


@pytest.mark.parametrize(
    ("statuses", "warn", "verdict", "value"),
    [
        (["PASS", "PASS"], "fail", "pass", 0),
        (["PASS", "FAIL"], "pass", "fail", 1),
        (["WARN", "FAIL"], "fail", "fail", 2),
        (["WARN"], "fail", "fail", 1),
        (["WARN"], "pass", "pass", 0),
        (["FAIL", "ERROR"], "fail", "error", math.nan),
        (["PASS", "maybe"], "fail", "error", math.nan),
    ],
)
def test_the_statuses_of_conditions(statuses: list[str], warn: Warn, verdict: str, value: float) -> None:
    answer = one("LabelDrift", conditions=[condition(status) for status in statuses], scores={})
    (judgement,) = deepcheck("LabelDrift", warn=warn).judge(read("LabelDrift", answer=answer))
    assert judgement.verdict == verdict
    assert judgement.measurement.value == pytest.approx(value, nan_ok=True)
    assert judgement.measurement.n == len(statuses)


def test_a_condition_that_broke_is_an_error_in_a_plain_comparison_too() -> None:
    result = read("LabelDrift", answer=one("LabelDrift", conditions=[condition("ERROR")]))
    assert (result["label_drift"] <= 9).verdict == "error"


def test_a_column_without_a_drift_score_does_not_pass() -> None:
    """Deepchecks leaves a column with under ten values out, and passes."""
    scores = {"delay": [0.1, "Kolmogorov-Smirnov"], "distance": [None, "not_enough_samples"]}
    answer = one("FeatureDrift", conditions=[condition("PASS")], scores=scores)
    (judgement,) = deepcheck("FeatureDrift").judge(read("FeatureDrift", answer=answer))
    assert judgement.verdict == "inconclusive"
    assert judgement.reason == "there are too few values for a drift score of distance"
    assert not read("FeatureDrift", answer=answer)["feature_drift"] <= 0
    answer["results"][0]["conditions"] = [condition("FAIL")]
    assert judged(read("FeatureDrift", answer=answer), "FeatureDrift") == {"february": "fail"}


def test_a_check_that_died_is_an_error() -> None:
    """An exception that is not deepchecks' own is no reason of it, and its words are not shown."""
    failure = {"type": "KeyError", "own": False, "text": "", "missing": None}
    answer = one("LabelDrift", conditions=[], failure=failure)
    (judgement,) = deepcheck("LabelDrift").judge(read("LabelDrift", answer=answer, hidden=True))
    assert judgement.verdict == "error"
    assert judgement.reason == "it broke: KeyError: its words may hold values, show_details=True shows them"


def test_hidden_words_are_said_to_be_hidden() -> None:
    answer = one("NewCategoryTrainTest")
    for entry in answer["results"][0]["conditions"]:
        entry["details"] = ""
    (judgement,) = deepcheck("NewCategoryTrainTest").judge(read("NewCategoryTrainTest", answer=answer, hidden=True))
    assert explain(judgement).endswith("what it found may quote values, show_details=True shows it")


def test_requiring_what_was_not_run_is_a_mistake() -> None:
    with pytest.raises(
        DeclarationError, match=r"FeatureDrift was required of a run without it. Did you mean 'LabelDrift'"
    ):
        read("LabelDrift").require(deepcheck("FeatureDrift"))
    strict = deepcheck("LabelDrift", conditions={"drift_score_less_than": {"max_allowed_drift_score": 0.01}})
    with pytest.raises(DeclarationError, match="required with parameters or conditions that the run did not have"):
        read("LabelDrift").require(strict)
    with pytest.raises(DeclarationError, match="required of what is no run of deepchecks"):
        Result(stage="data", subject="x", measurements=()).require(deepchecks())
    with pytest.raises(RequirementNotMet):
        read(strict).require(strict)
