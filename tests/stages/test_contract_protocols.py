"""Protocols on real services: each broken one turns exactly its laws red, each right one stays green."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import polars as pl
import pytest

from pytest_mlops.core.errors import DeclarationError, RequirementNotMet, ToolError
from pytest_mlops.stages.contract import law, measure_contract
from pytest_mlops.stages.contract.laws import laws_for
from pytest_mlops.stages.service import start_service
from tests.broken_services import mlflow_service, open_inference_service

if TYPE_CHECKING:
    from pytest_mlops.core.result import Result

ROOT = Path(__file__).parents[2]
READY = {"open_inference": "/v2/health/ready"}
FORMS, VALID, REFUSED = "every_form_answers_the_same", "valid_requests_answer", "invalid_requests_are_refused"
ROWWISE = ("one_by_one_equals_all_at_once", "row_order_does_not_matter")
ROWS: list[dict[str, Any]] = [
    {"carrier": carrier, "dep_delay": delay, "distance": 400 + 300 * place, "late": delay > 15}
    for place, (carrier, delay) in enumerate([("AA", -3.0), ("UA", 12.5), ("DL", 80.25)])
]
TENSOR_ROWS: list[dict[str, Any]] = [
    {"carrier": "AA", "numbers": [-3.0, 400, 6.5]},
    {"carrier": "UAL", "numbers": [31.25, 1400.0, 11]},
]


def measure(tmp_path: Path, protocol: str, fault: str, *laws: str, max_examples: int = 8, **options: Any) -> Result:
    module = f"tests.broken_services.{protocol}_service"
    command = [sys.executable, "-m", module, "--port", "{port}", "--fault", fault]
    if protocol != "open_inference":
        options = {"signature": mlflow_service.save_signature(tmp_path / "model"), "examples": ROWS} | options
    ready = READY.get(protocol, "/ping")
    with start_service(command, name="delay", workdir=tmp_path, cwd=ROOT, ready_path=ready) as service:
        return measure_contract(
            service, protocol=protocol, seed=1, max_examples=max_examples, laws=laws or None, **options
        )


def red(result: Result) -> set[str]:
    return {one.short_name for one in result.measurements if not (one <= 0)}


def details(result: Result, name: str) -> Any:
    return result.details[name]


# Caught in flight is what happens to be, and on a busy machine nothing does: it has tests of its own.
BY_CHANCE = ["sigterm_answers_what_is_in_flight"]


def laws_held(protocol: str) -> list[str]:
    return [name for name in laws_for((), protocol=protocol) if name not in BY_CHANCE]


def offline(rows: list[dict[str, Any]]) -> list[Any]:
    found = [open_inference_service.predict(row["carrier"], row["numbers"]) for row in rows]
    return [{"probability": one, "late": one >= 0.5} for one in found]


@pytest.mark.parametrize(
    ("protocol", "options"),
    [
        ("mlflow", {"offline": mlflow_service.predict}),
        ("sagemaker", {"offline": mlflow_service.predict}),
        ("open_inference", {"offline": offline, "examples": TENSOR_ROWS}),
    ],
)
def test_a_right_service_keeps_every_law(tmp_path: Path, protocol: str, options: dict[str, Any]) -> None:
    result = measure(tmp_path, protocol, "", *laws_held(protocol), max_examples=12, **options)
    result.require(*map(law, laws_held(protocol)))
    assert FORMS in laws_held(protocol)
    assert "no_breaking_change" not in laws_held(protocol)
    assert all(one.n > 0 for one in result.measurements)
    assert result[REFUSED].n > 60


@pytest.mark.parametrize(
    ("protocol", "fault", "laws", "words"),
    [
        ("mlflow", "csv_differs", FORMS, r"csv: (real|drawn) row: \[\d+\]: in this form .*, in the usual one"),
        ("mlflow", "dataframe_split_differs", FORMS, "dataframe_split: "),
        ("mlflow", "instances_differs", FORMS, "instances: "),
        ("mlflow", "inputs_differs", FORMS, "inputs: "),
        ("mlflow", "csv_header_ignored", FORMS, "csv: .* must be answered 200, got 400"),
        ("mlflow", "csv_single_precision", FORMS, "csv: "),
        ("sagemaker", "lines_off_by_one", FORMS, "jsonlines: "),
        ("sagemaker", "csv_header_expected", FORMS, "csv: "),
        ("sagemaker", "silent_default", REFUSED, "missing:distance: must be refused with 4xx, got 200"),
        ("sagemaker", "accepts_all", f"{REFUSED} never_a_server_error", "got 500"),
        ("open_inference", "column_major", " ".join(ROWWISE), r"alone (0\.\d+|True|False), among"),
        ("open_inference", "nested_column_major", FORMS, "nested_data: .*in this form"),
        ("open_inference", "tensors_by_place", FORMS, "tensors_backwards: .*must be answered 200, got 400"),
        ("open_inference", "any_shape", REFUSED, "(shape_of_(far_)?more_rows|extra_value): must be refused"),
        ("open_inference", "any_datatype", REFUSED, "datatype: must be refused with 4xx, got 200"),
        ("open_inference", "single_precision", "online_equals_offline", r"online 0\.\d+, offline 0\.\d+"),
        ("open_inference", "wrong_output_shape", VALID, r"must have the shape \[-1\], got \[\d, 1\]"),
        ("open_inference", "lying_metadata", VALID, "a valid request must be answered 200, got 400"),
    ],
)  # fmt: skip
def test_a_broken_service_breaks_its_laws(tmp_path: Path, protocol: str, fault: str, laws: str, words: str) -> None:
    names = laws.split()
    options: dict[str, Any] = {"offline": offline, "examples": TENSOR_ROWS} if protocol == "open_inference" else {}
    result = measure(tmp_path, protocol, fault, *names, **options)
    assert red(result) == set(names)
    assert re.search(words, "\n".join(f"{row[0]}: {row[1]}" for row in details(result, names[0])))
    with pytest.raises(RequirementNotMet, match="curl -sS -X POST") as caught:
        result.require(law(names[0]))
    assert "http://127.0.0.1:" in str(caught.value)


@pytest.mark.parametrize("fault", ["quiet_lines_answered", "quiet_no_csv"])
def test_a_container_chooses_its_forms(tmp_path: Path, fault: str) -> None:
    result = measure(tmp_path, "sagemaker", fault, FORMS, VALID, max_examples=5)
    assert red(result) == set()
    assert result[FORMS].note == {"quiet_no_csv": "not compared, since it is answered 415: csv"}.get(fault, "")
    assert result[FORMS].n > 0


def test_columns_of_one_tensor_take_the_names_of_a_signature(tmp_path: Path) -> None:
    """A model that was trained on named columns, and is served as one tensor of numbers."""
    example = pd.DataFrame(
        [[-3.0, 400.0, 6.5, 1.0], [31.25, 1400.0, 11.0, 0.0]], columns=["delay", "miles", "hour", "late"]
    )

    def offline(rows: list[dict[str, Any]]) -> list[Any]:
        found = [open_inference_service.predict("", list(row.values())) for row in rows]
        return [{"probability": one, "late": one >= 0.5} for one in found]

    def in_order(rows: list[dict[str, Any]]) -> list[Any]:
        return offline([{name: row[name] for name in example.columns} for row in rows])

    laws = laws_held("open_inference")
    result = measure(tmp_path, "open_inference", "quiet_stacked", *laws, example=example, offline=in_order)
    result.require(*map(law, laws))


def test_sources_that_disagree_are_violations_without_values(tmp_path: Path) -> None:
    example = pl.DataFrame([{**row, "dep_delay": "canary-17"} for row in ROWS])
    result = measure(tmp_path, "mlflow", "", VALID, examples=(), example=example, max_examples=3)
    with pytest.raises(RequirementNotMet, match="dep_delay: the signature says double, the example has string"):
        result.require(law(VALID))
    assert red(result) == {VALID}
    strange = pd.DataFrame({**pd.DataFrame(ROWS), "hour": [98765, 2, 3]})
    result = measure(tmp_path, "mlflow", "", VALID, examples=(), example=strange, max_examples=3)
    assert "the example has the field 'hour', the signature has none of that name" in result[VALID].note
    told = str(result.to_json())
    assert not any(value in told for value in ("98765", "canary-17"))


def test_nulls_of_an_example_are_drawn_where_the_signature_is_silent(tmp_path: Path) -> None:
    example = pd.DataFrame([{**row, "dep_delay": None if place else 3.5} for place, row in enumerate(ROWS)])
    result = measure(tmp_path, "mlflow", "", VALID, examples=(), example=example, public=list(ROWS[0]))
    assert red(result) == {VALID}, "this service refuses null, which the example holds"
    assert '"dep_delay": null' in str(result.details[VALID])


def test_the_input_space_of_a_container_may_come_from_an_example_alone(tmp_path: Path) -> None:
    example = pl.DataFrame(ROWS)
    result = measure(tmp_path, "sagemaker", "", VALID, FORMS, signature=None, examples=(), example=example, ranges=True)
    result.require(law(VALID), law(FORMS))
    assert result[FORMS].n > len(ROWS)


@pytest.mark.parametrize(
    ("options", "error", "why"),
    [
        ({"protocol": "mlfow"}, DeclarationError, "'mlfow' is no protocol of a service. Did you mean 'mlflow'?"),
        ({"protocol": "mlflow"}, DeclarationError, "protocol='mlflow' tells no input space. Hint: signature="),
        ({"protocol": "sagemaker", "ranges": True, "document": {"paths": {}}}, DeclarationError, "exactly one array"),
        (
            {"protocol": "open_inference", "model": "x"},
            ToolError,
            "x must serve its metadata at .*/v2/models/x, got 404",
        ),
    ],
)
def test_what_is_missing_is_told(tmp_path: Path, options: Any, error: type[Exception], why: str) -> None:
    command = [sys.executable, "-m", "tests.broken_services.mlflow_service", "--port", "{port}"]
    with (
        start_service(command, name="delay", workdir=tmp_path, cwd=ROOT) as service,
        pytest.raises(error, match=why),
    ):
        measure_contract(service, seed=1, **options)
