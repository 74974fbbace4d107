"""What is asked for: suites and checks by name, with parameters and conditions, from a committed list."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pytest_mlops.core.declared_keys import DEEPCHECKS_SUITES, LABEL_TYPES
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.runners import deepchecks_run
from pytest_mlops.stages.deepchecks import Task, deepcheck, deepchecks, plan_of
from pytest_mlops.stages.deepchecks import task as told
from pytest_mlops.stages.deepchecks.catalogue import read_catalogue

WRONG: list[tuple[Any, str]] = [
    (lambda: plan_of("train_test_validaton"), "deepchecks has no check 'train_test_validaton'. Did you mean"),
    (lambda: plan_of("FeatureDrft"), "deepchecks has no check 'FeatureDrft'. Did you mean 'FeatureDrift'?"),
    (lambda: plan_of([]), "deepchecks must be asked for a check, got none. Hint: checks='data_integrity'"),
    (lambda: plan_of(["LabelDrift", "LabelDrift"]), "LabelDrift is asked for twice, or left out as well"),
    (lambda: plan_of("LabelDrift", without=["LabelDrift"]), "without='LabelDrift' is in no suite"),
    (lambda: deepcheck("FeatureDrift", conditions=["drift_score"]), "no condition 'drift_score'. Did you mean 'drift_"),
    (lambda: deepcheck("FeatureDrift", parameters={"columns": {object()}}), "must be plain"),
    (lambda: deepcheck("FeatureDrift", warn="ok"), "warn must be 'fail' or 'pass', got 'ok'"),  # type: ignore[arg-type]
    (lambda: deepchecks(warn="ok"), "warn must be 'fail' or 'pass', got 'ok'"),  # type: ignore[arg-type]
    (lambda: Task(train="x", label_type="binry"), "unknown label_type 'binry'. Did you mean 'binary'?"),
    (lambda: Task(train="x", model=len), "deepchecks of a model needs label=..."),
]


@pytest.mark.parametrize(("make", "words"), WRONG)
def test_a_mistake_is_named(make: Any, words: str) -> None:
    with pytest.raises(DeclarationError, match=re.escape(words)):
        make()


def test_a_suite_is_its_checks_and_a_named_one_stands_in_place() -> None:
    strict = deepcheck(
        "FeatureDrift", conditions={"add_condition_drift_score_less_than": {"max_allowed_numeric_score": 0.1}}
    )
    plan = plan_of(["train_test_validation", strict], without=["IndexTrainTestLeakage"])
    names = [check.name for check in plan.checks]
    assert len(names) == 11
    assert "IndexTrainTestLeakage" not in names
    assert plan.to_json() == {
        "suites": ["train_test_validation"],
        "checks": [
            {
                "name": "FeatureDrift",
                "parameters": {},
                "conditions": {"drift_score_less_than": {"max_allowed_numeric_score": 0.1}},
            }
        ],
        "without": ["IndexTrainTestLeakage"],
    }


def test_a_check_by_name_has_the_conditions_of_the_suites() -> None:
    assert deepcheck("FeatureDrift").conditions == {"drift_score_less_than": {}}
    assert deepcheck("CalibrationScore").conditions == {}
    assert deepcheck("PercentOfNulls", conditions=["percent_of_nulls_not_greater_than"]).own


def test_warn_is_that_of_the_plan_but_for_checks_that_say_their_own() -> None:
    plan = plan_of(["data_integrity", "LabelDrift", deepcheck("FeatureDrift")], warn="pass")
    assert {check.name for check in plan.checks if check.warn == "fail"} == {"FeatureDrift"}


@pytest.mark.parametrize(
    ("names", "stage"),
    [
        ("data_integrity", "data"),
        ("train_test_validation", "drift"),
        ("model_evaluation", "model"),
        ("full_suite", "drift"),
    ],
)
def test_the_stage_of_a_suite(names: str, stage: str) -> None:
    assert plan_of(names).stage == stage


def test_the_list_knows_the_suites_that_are_declared() -> None:
    known = read_catalogue()
    assert tuple(known.suites) == DEEPCHECKS_SUITES == deepchecks_run.SUITES
    assert LABEL_TYPES == told.LABEL_TYPES
    assert {name for names in known.suites.values() for name in names} <= set(known.checks)
    assert all(set(check.default) <= set(check.conditions) for check in known.checks.values())
