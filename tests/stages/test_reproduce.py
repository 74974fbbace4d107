"""Trainings in real processes: each broken trainer turns exactly its aspects red, each sound one stays green."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.core.declared_keys import ASPECTS
from pytest_mlops.core.errors import DeclarationError, RequirementNotMet, SubprocessError, ToolError
from pytest_mlops.core.result import Result
from pytest_mlops.stages.reproduce import measure_reproduction, same

if TYPE_CHECKING:
    from pytest_mlops.core.judge import Judgement

ROOT = Path(__file__).parents[2]


def _measure(name: str, workdir: Path, **given: Any) -> Result:
    trainer = f"tests.broken_trainers.{name}" if ":" in name else f"tests.broken_trainers.trainers:{name}"
    options: dict[str, Any] = {"seed": 7, "timeout_s": 120} | given
    return measure_reproduction(trainer, workdir=workdir, project_root=ROOT, **options)


def _judge(result: Result, *aspects: str) -> list[Judgement]:
    return list(same(*aspects).judge(result))


def _red(result: Result) -> list[str]:
    return [judgement.measurement.short_name for judgement in _judge(result) if not judgement]


@pytest.mark.parametrize(
    ("trainer", "red", "first"),
    [
        ("unseeded", ["fitted_state", "predictions"], "fitted_state at coef_["),
        ("unseeded_private", ["fitted_state", "predictions"], "fitted_state at coef_["),
        ("unseeded_metrics", ["metrics"], "metrics at ['mse']: 0."),
        ("set_order", ["fitted_state"], "fitted_state at levels_['"),
        ("folder_as_data", ["data_digest"], "data_digest: '"),
        ("zone_as_param", ["params"], "params at ['hour']: 0 against 13"),
        ("more_predictions", ["predictions"], "predictions: float64 of shape (31,) against float64 of shape (32,)"),
        ("nan_predictions", ["predictions"], "predictions[7]: "),
        ("stamped", ["fitted_state"], "fitted_state at fitted_at_: 'time:"),
    ],
)
def test_a_defect_turns_exactly_its_aspects_red(tmp_path: Path, trainer: str, red: list[str], first: str) -> None:
    result = _measure(trainer, tmp_path)
    assert _red(result) == red
    assert str(result.details["first_difference"]).startswith(first)


@pytest.mark.parametrize("trainer", ["sound", "float_noise"])
def test_a_sound_trainer_is_green(tmp_path: Path, trainer: str) -> None:
    result = _measure(trainer, tmp_path)
    assert [m.short_name for m in result.measurements] == list(ASPECTS)
    assert len(_judge(result)) == 5
    assert _red(result) == []
    assert result.details["first_difference"] == "none"
    assert sorted(result.digests) == [f"data:{result.subject}", f"model:{result.subject}"]


def test_a_result_survives_json(tmp_path: Path) -> None:
    result = _measure("more_predictions", tmp_path)
    assert _red(Result.from_json(result.to_json())) == ["predictions"]


def test_the_story_names_the_first_difference_and_the_cause(tmp_path: Path) -> None:
    result = _measure("unseeded", tmp_path)
    with pytest.raises(RequirementNotMet) as caught:
        result.require(same("fitted_state"))
    assert "reproducibility.fitted_state must be at most 1e-09, got 0." in str(caught.value)
    assert "First difference: fitted_state at coef_[" in str(caught.value)
    assert "Hint: the global generator of numpy.random was drawn from without a seed" in str(caught.value)


def test_each_training_has_an_environment_and_an_empty_folder_of_its_own(tmp_path: Path) -> None:
    said: list[str] = []
    arguments = {"uri": "sqlite:///{workdir}/a.db"}
    result = _measure("own_folder", tmp_path, arguments=arguments, times=3, progress=said.append)
    assert _red(result) == []
    environments: Any = result.details["environments"]
    assert [e["PYTHONHASHSEED"] for e in environments] == ["1", "2", "3"]
    assert [e["OMP_NUM_THREADS"] for e in environments] == ["1", "2", "1"]
    assert len({e["TZ"] for e in environments}) == 3
    assert len(said) == 3


def test_what_was_not_returned_is_never_a_pass(tmp_path: Path) -> None:
    result = _measure("only_predictions", tmp_path)
    assert [j.measurement.short_name for j in _judge(result)] == ["predictions"]
    (judgement,) = _judge(result, "metrics")
    assert judgement.verdict == "not_run"
    assert judgement.measurement.note == "the trainer did not return it"


def test_a_model_that_cant_be_walked_says_so_and_its_predictions_count(tmp_path: Path) -> None:
    result = _measure("unwalkable", tmp_path)
    assert result["fitted_state"].note.startswith("could not be walked: RecursionError")
    assert {j.measurement.short_name: j.verdict.value for j in _judge(result)} == {
        "fitted_state": "not_run",
        "predictions": "pass",
    }
    assert result["predictions"].n == 40


def test_what_is_opaque_is_counted(tmp_path: Path) -> None:
    assert _measure("opaque", tmp_path)["fitted_state"].note == "Not looked into: 2 x _thread.lock"


@pytest.mark.parametrize(
    ("trainer", "error", "words"),
    [
        ("nothing", DeclarationError, "must return a mapping or an object with at least one of data_digest, params"),
        ("sond", DeclarationError, "has no function 'sond'. Did you mean 'sound'"),
        ("nowhere:train", DeclarationError, "must be importable from .* No module named"),
        ("own_folder", DeclarationError, r"must take \(seed\) by keyword, got: missing a required argument: 'uri'"),
        ("raising", ToolError, "(?s)must return, got ValueError.*no rows for seed 7"),
        ("needs_file", ToolError, "(?s)FileNotFoundError.*Hint: each training has a fresh empty working folder"),
        ("dying", ToolError, "(?s)must end by itself, got exit code 3.*about to die"),
    ],
)
def test_a_trainer_that_cant_be_used(tmp_path: Path, trainer: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        _measure(trainer, tmp_path)


def test_a_trainer_that_does_not_end(tmp_path: Path) -> None:
    with pytest.raises(SubprocessError, match=r"must end within 1 s, got still running"):
        _measure("slow", tmp_path, timeout_s=1)


def test_wrong_declarations(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"knows no aspect 'prediction'\. Did you mean 'predictions'"):
        same("prediction")
    with pytest.raises(DeclarationError, match="within must be at least 0 and below 1"):
        same(within=1)
    with pytest.raises(DeclarationError, match="times must be at least 2"):
        _measure("sound", tmp_path, times=1)
    with pytest.raises(DeclarationError, match=r'must be "package\.module:function", got'):
        measure_reproduction("train.py", seed=1, workdir=tmp_path, project_root=ROOT)


def test_models_of_scikit_learn_are_walked_to_the_last_leaf(tmp_path: Path) -> None:
    result = _measure("scikit_learn:train", tmp_path, arguments={"forest_seeded": True})
    assert _red(result) == []
    assert result["fitted_state"].n > 10_000
    assert result["fitted_state"].note == ""


def test_a_forest_without_its_seed_is_found_inside_them(tmp_path: Path) -> None:
    result = _measure("scikit_learn:train", tmp_path, arguments={"forest_seeded": False})
    assert "fitted_state" in _red(result)
    assert "['models'][1]" in str(result.details["first_difference"])
    assert "numpy.random" in result["fitted_state"].note
