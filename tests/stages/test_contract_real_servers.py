"""Servers that people run: MLflow's scoring application, FastAPI, Flask. What they answer badly is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pytest_mlops.stages.contract import measure_contract
from pytest_mlops.stages.service import Service, start_service
from pytest_mlops.stages.service_commands import served_of
from tests.broken_services import model_service
from tests.stages.test_contract import ROWS, red

ROOT = Path(__file__).parents[2]
SINGLE = {"invalid_requests_are_refused", "never_a_server_error"}


def serve(workdir: Path, **what: Any) -> Service:
    served = served_of(None, **({"wsgi": None, "asgi": None, "mlflow": None} | what))
    return start_service(
        served.command, name="delay", workdir=workdir, env=served.env, ready_path=served.ready, cwd=ROOT
    )  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("named", [True, False], ids=["columns", "tensor"])
def test_mlflow_answers_malformed_requests_badly_and_all_else_well(tmp_path: Path, *, named: bool) -> None:
    mlflow = pytest.importorskip("mlflow")
    pytest.importorskip("uvicorn")
    from sklearn.linear_model import LogisticRegression

    values = np.random.default_rng(1).normal(size=(60, 2))
    rows = pd.DataFrame(values, columns=["delay", "taxi"]).assign(hour=np.arange(60) % 24) if named else values
    model = LogisticRegression().fit(rows, values[:, 0] > 0)
    signature = mlflow.models.infer_signature(rows, model.predict(rows))
    mlflow.sklearn.save_model(model, tmp_path / "model", signature=signature, pip_requirements=["scikit-learn"])

    def offline(asked: list[dict[str, Any]]) -> Any:
        names = ["delay", "taxi", "hour"] if named else ["0", "1"]
        frame = pd.DataFrame(asked)[names]
        return model.predict(frame if named else frame.to_numpy())

    with serve(tmp_path, mlflow=tmp_path / "model") as service:
        result = measure_contract(
            service,
            protocol="mlflow",
            signature=tmp_path / "model",
            example=pd.DataFrame(rows).rename(columns=str),
            offline=offline,
            seed=1,
            max_examples=8,
        )
    # Its refusals name no field; and in flight at SIGTERM is what happens to be.
    assert SINGLE <= red(result) <= {*SINGLE, "missing_values_as_offline", "sigterm_answers_what_is_in_flight"}
    assert result["every_form_answers_the_same"].n > 100
    details: Any = result.details
    kinds = {row[0]: row[1] for row in details["never_a_server_error"]}
    assert "the server failed: 500" in kinds["deep_nesting"]
    assert not any("no answer" in row[3] for row in details["invalid_requests_are_refused"])


@pytest.mark.parametrize(("kind", "library"), [("wsgi", "flask"), ("asgi", "fastapi")])
def test_a_naive_service_is_told(tmp_path: Path, kind: str, library: str) -> None:
    for name in (library, {"wsgi": "waitress", "asgi": "uvicorn"}[kind]):
        pytest.importorskip(name)
    laws = ["valid_requests_answer", "one_by_one_equals_all_at_once", "row_order_does_not_matter", *SINGLE]
    document = None if library == "fastapi" else model_service.document()
    with serve(tmp_path, **{kind: f"tests.broken_services.naive_apps:{library}_app()"}) as service:
        result = measure_contract(service, document=document, examples=ROWS, laws=laws, seed=1, max_examples=5)
    assert {"invalid_requests_are_refused"} <= red(result) <= {*SINGLE, "valid_requests_answer"}


@pytest.mark.filterwarnings("ignore")
def test_mlflow_answers_otherwise_in_another_form_where_values_are_missing(tmp_path: Path) -> None:
    """A text that a row leaves out becomes the text 'None' in columns, and CSV can't hold a time."""
    mlflow = pytest.importorskip("mlflow")
    pytest.importorskip("uvicorn")
    (tmp_path / "echo.py").write_text(ECHO, encoding="utf-8")
    columns = [("double", "delay", True), ("string", "gate", False), ("datetime", "left_at", True)]
    specs = [mlflow.types.ColSpec(kind, name, required=needed) for kind, name, needed in columns]
    signature = mlflow.models.ModelSignature(
        mlflow.types.Schema(specs), mlflow.types.Schema([mlflow.types.ColSpec("string")])
    )
    mlflow.pyfunc.save_model(
        tmp_path / "model", python_model=tmp_path / "echo.py", signature=signature, pip_requirements=[]
    )  # fmt: skip
    rows = [{"delay": 1.5, "gate": gate, "left_at": "2020-01-31T10:00:00"} for gate in ("B1", None)]
    law = "every_form_answers_the_same"
    with serve(tmp_path, mlflow=tmp_path / "model") as service:
        result = measure_contract(
            service, protocol="mlflow", signature=tmp_path / "model", examples=rows, laws=[law], seed=1,
            max_examples=2, public=list(rows[0]),
        )  # fmt: skip
    details: Any = result.details
    found = {row[0]: row[1] for row in details[law]}
    assert "in this form 'None', in the usual one 'nothing'" in found["inputs: real row"]
    assert "must be answered 200, got 400" in found["csv: real row"]
    assert "dataframe_split: real row" not in found


ECHO = """
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel

class Echo(PythonModel):
    def predict(self, context, model_input, params=None):
        gates = model_input["gate"] if "gate" in model_input else [None] * len(model_input)
        return [gate if isinstance(gate, str) else "nothing" for gate in gates]

set_model(Echo())
"""
