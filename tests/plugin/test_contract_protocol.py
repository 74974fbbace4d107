"""A contract in another protocol, as a user writes it: the model's folder in the marker, or `protocol=` and a frame."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.broken_services import mlflow_service

if TYPE_CHECKING:
    from tests.plugin.conftest import Project

ROOT = Path(__file__).parents[2]
CHECK = f"""
import pandas as pd
import pytest
from pytest_mlops import law

@pytest.fixture(scope="session")
def delay_api(mlops_service):
    return mlops_service(
        [{sys.executable!r}, "-m", "tests.broken_services.MODULE", "--port", "{{port}}", "--fault", "FAULT"],
        name="delay_api", env={{"PYTHONPATH": {str(ROOT)!r}}}, ready="READY",
    )
"""
OF_A_MODEL = """
@pytest.mark.mlops_laws("model", without=["sigterm_answers_what_is_in_flight"])
def test_contract(mlops_contract, delay_api, mlops_law):
    if mlops_law.id not in {"online_equals_offline"}:
        mlops_contract(delay_api, examples=4).require(mlops_law)
"""
OF_AN_EXAMPLE = """
def test_contract(mlops_contract, delay_api):
    rows = {"carrier": ["AA", "UA"], "dep_delay": [1.5, 30.0], "distance": [400, 90], "late": [True, False]}
    example = pd.DataFrame(rows)
    api = mlops_contract(delay_api, protocol="sagemaker", example=example, ranges=True, examples=4)
    api.require(law("valid_requests_answer"), law("every_form_answers_the_same"))
"""
OF_METADATA = """
def test_contract(mlops_contract, delay_api):
    api = mlops_contract(delay_api, protocol="open_inference", model="delay", examples=4)
    api.require(law("valid_requests_answer"))
"""


def written(project: Project, module: str, fault: str, check: str, ready: str = "/ping") -> Project:
    text = CHECK.replace("MODULE", module).replace("FAULT", fault).replace("READY", ready)
    mlflow_service.save_signature(project.pytester.path / "model")
    return project.write({"test_it.py": text + check})


def test_the_folder_of_a_model_in_the_marker_brings_its_laws(project: Project) -> None:
    result = written(project, "mlflow_service", "inputs_differs", OF_A_MODEL).run("--mlops", "-v")
    verdicts = project.verdicts()
    assert "test_contract[no_breaking_change]" not in verdicts
    assert verdicts.pop("test_contract[online_equals_offline]") == "not_run"
    assert verdicts.pop("test_contract[every_form_answers_the_same]") == "fail"
    assert len(verdicts) >= 7
    assert set(verdicts.values()) == {"pass"}
    result.stdout.fnmatch_lines(["*inputs: drawn row: *: in this form *, in the usual one *"])


@pytest.mark.parametrize(
    ("module", "check", "ready"),
    [
        ("sagemaker_service", OF_AN_EXAMPLE, "/ping"),
        ("open_inference_service", OF_METADATA, "/v2/health/ready"),
    ],
)
def test_a_protocol_is_chosen_by_name(project: Project, module: str, check: str, ready: str) -> None:
    written(project, module, "", check, ready).run("--mlops").assert_outcomes(passed=1)


def test_an_unknown_protocol_is_told(project: Project) -> None:
    check = OF_AN_EXAMPLE.replace('"sagemaker"', '"sagemeaker"')
    result = written(project, "sagemaker_service", "", check).run("--mlops")
    result.stdout.fnmatch_lines(["*'sagemeaker' is no protocol of a service. Did you mean 'sagemaker'?*"])
    assert result.ret != 0


def test_an_unknown_protocol_of_the_marker_is_told_at_collection(project: Project) -> None:
    check = OF_A_MODEL.replace('("model", ', '("model", protocol="mlfow", ')
    result = written(project, "mlflow_service", "", check).run("--mlops")
    result.stdout.fnmatch_lines(
        ["*the marker mlops_laws: 'mlfow' is no protocol of a service. Did you mean 'mlflow'?*"]
    )


def test_the_folder_of_a_model_in_the_declarations(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    mlflow_service.save_signature(project.pytester.path / "model")
    command = ["{python}", "-m", "tests.broken_services.mlflow_service", "--port", "{port}"]
    result = project.write({"mlops.toml": f'[service.delay_api]\ncommand = {command}\ncontract = "model"\n'}).run(
        "--mlops", "-k", "every_form or unknown_paths"
    )
    result.assert_outcomes(passed=2)
