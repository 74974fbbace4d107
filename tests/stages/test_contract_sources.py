"""The input space from a signature, a document, metadata or an example; and where two of them disagree."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pandas as pd
import polars as pl
import pytest

from pytest_mlops.adapters.hypothesis import draw
from pytest_mlops.adapters.jsonschema import compile_schema
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.stages.contract import laws_of, protocol_of, read_committed_signature, read_contract
from pytest_mlops.stages.contract.agreement import disagreements, ranges_of
from pytest_mlops.stages.contract.document import read_signature
from pytest_mlops.stages.contract.example_rows import space_of_example
from pytest_mlops.stages.contract.mlflow_signature import read_mlmodel
from pytest_mlops.stages.contract.open_inference import read_metadata, read_metadata_file
from pytest_mlops.stages.contract.space import space_of_row, within
from pytest_mlops.stages.load import requests_of
from tests.broken_services import model_service

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_mlops.stages.contract.space import Space

COLUMNS = {
    "carrier": "string", "dep_delay": "double", "distance": "long", "hour": "integer", "late": "boolean",
    "share": "float", "left_at": "datetime", "raw": "binary",
}  # fmt: skip
DOCUMENT = space_of_row(
    {"type": "object", "additionalProperties": False, "required": list(model_service.FIELDS),
     "properties": model_service.FIELDS}, source="the document",
)  # fmt: skip


def mlmodel(folder: Path, inputs: Any, outputs: Any = None) -> Path:
    folder.mkdir(exist_ok=True)
    told = {
        key: None if specs is None else json.dumps(specs) for key, specs in (("inputs", inputs), ("outputs", outputs))
    }
    (folder / "MLmodel").write_text(json.dumps({"flavors": {}, "signature": told}), encoding="utf-8")
    return folder


def columns(types: dict[str, str], *, optional: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    return [{"type": kind, "name": name, "required": name not in optional} for name, kind in types.items()]


def test_a_signature_becomes_an_exact_document(tmp_path: Path) -> None:
    folder = mlmodel(tmp_path / "model", columns(COLUMNS, optional=("share",)), [{"type": "double"}])
    signature = read_signature(read_contract(folder))
    assert (signature.path, signature.rows, signature.predictions) == (
        "/invocations",
        "dataframe_records",
        "predictions",
    )
    assert signature.row["required"] == [name for name in COLUMNS if name != "share"]
    problem = compile_schema(signature.row)
    rows = draw(signature.row, seed=1, count=30)
    assert len(rows) == 30
    assert not any(problem(row) for row in rows)
    pd.to_datetime(pd.Series([row["left_at"] for row in rows]), format="%Y-%m-%dT%H:%M:%S")
    for name, wrong in (
        ("hour", 2**31),
        ("distance", 1.5),
        ("late", 1),
        ("left_at", "soon"),
        ("raw", "?"),
        ("carrier", None),
    ):
        assert problem({**rows[0], name: wrong}), name
    assert signature.answer_for(200) == {
        "type": "object", "additionalProperties": False, "required": ["predictions"],
        "properties": {"predictions": {"type": "array", "items": {"type": "number"}}},
    }  # fmt: skip


def test_a_model_is_found_by_its_folder_or_its_file(tmp_path: Path) -> None:
    folder = mlmodel(tmp_path / "model", columns({"a": "double"}))
    assert read_mlmodel(folder) == read_mlmodel(folder / "MLmodel")
    assert protocol_of(folder) == protocol_of(folder / "MLmodel") == "mlflow"
    laws = [law.id for law in laws_of(folder)]
    assert "every_form_answers_the_same" in laws
    assert "document_is_served_as_committed" not in laws


@pytest.mark.parametrize(
    ("inputs", "names", "schema"),
    [
        ([{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 2]}}], ["0", "1"], {"type": "number"}),
        ([{"type": "double", "required": True}] * 2, ["0", "1"], {"type": "number"}),
        ([{"name": "a", "type": "tensor", "tensor-spec": {"dtype": "bool", "shape": [-1, 3]}}], ["a"],
         {"type": "array", "items": {"type": "boolean"}, "minItems": 3, "maxItems": 3}),
        ([{"name": "v", "type": "array", "items": {"type": "string"}, "required": True}], ["v"],
         {"type": "array", "items": {"type": "string"}}),
    ],
)  # fmt: skip
def test_tensors_and_columns_without_names(tmp_path: Path, inputs: Any, names: list[str], schema: Any) -> None:
    space = read_mlmodel(mlmodel(tmp_path / "model", inputs))
    assert space.names == names
    assert space.fields[0].schema == schema


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("flavors: {}\n", "must hold the model's signature with inputs.*infer_signature"),
        ("a: [\n", "must be YAML"),
        ("signature: {inputs: '{'}\n", "the signature must be JSON"),
        ("signature: {inputs: '[1]'}\n", "must be a list of columns"),
        ("""signature: {inputs: '[{"type": "decimal", "name": "a"}]'}\n""", "'a' must be one of .*got 'decimal'"),
        ("""signature: {inputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 9, 9]}}]'}\n""",
         "must be rows of 1 to"),
    ],
)  # fmt: skip
def test_a_model_whose_signature_is_no_use_is_refused(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "MLmodel").write_text(text, encoding="utf-8")
    with pytest.raises(DeclarationError, match=why):
        read_mlmodel(tmp_path)


def test_load_runs_draw_requests_of_a_model(tmp_path: Path) -> None:
    made = requests_of(
        read_contract(mlmodel(tmp_path / "model", columns({"a": "double", "b": "string"}))), [], batch=2, seed=1
    )
    assert {one.path for one in made} == {"/invocations"}
    assert all(len(json.loads(one.body)["dataframe_records"]) == 2 for one in made)


def frame(**changed: Any) -> dict[str, list[Any]]:
    rows: dict[str, list[Any]] = {
        "carrier": ["AA", "DL", "UA"], "origin": ["JFK", "LGA", "EWR"], "dep_delay": [1.5, None, 20.0],
        "distance": [200, 300, 4000], "hour": [5, 6, 7],
    }  # fmt: skip
    return {name: values for name, values in {**rows, **changed}.items() if values is not None}


ENGINES = pytest.mark.parametrize("engine", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])


@ENGINES
def test_an_example_shows_types_and_missing_values(engine: Callable[[Any], Any]) -> None:
    space = space_of_example(engine(frame(empty=[None] * 3, delays=[1.0, None, 3.0])))
    said = {field.name: (field.said, field.nullable) for field in space.fields}
    assert said == {
        "carrier": ("string", False), "origin": ("string", False), "dep_delay": ("number", True),
        "distance": ("integer", False), "hour": ("integer", False), "empty": ("nothing but nulls", True),
        "delays": ("integer", True),
    }  # fmt: skip
    assert space.rows[0] == {"carrier": "AA", "origin": "JFK", "dep_delay": 1.5, "distance": 200, "hour": 5,
                             "empty": None, "delays": 1}  # fmt: skip
    assert space.rows[1]["dep_delay"] is None
    json.dumps(space.rows, allow_nan=False)
    assert ranges_of(space) == {"dep_delay": (1.5, 20.0), "distance": (200, 4000), "hour": (5, 7), "delays": (1, 3)}


def test_numbers_are_drawn_within_ranges_and_never_beyond_what_is_allowed() -> None:
    row = within(DOCUMENT.row(), {"dep_delay": (1.5, 20.0), "distance": (200, 9_000), "hour": (90, 95)})
    drawn = draw(row, seed=1, count=60)
    assert all(200 <= one["distance"] <= 5000 for one in drawn)
    assert all(0 <= one["hour"] <= 23 for one in drawn), "a range that is not allowed at all is left out"
    assert {1.5 <= one["dep_delay"] <= 20 for one in drawn if one["dep_delay"] is not None} == {True}
    assert any(one["dep_delay"] is None for one in drawn)


def test_whole_numbers_of_64_bits_are_drawn_to_the_last_one() -> None:
    drawn = draw({"type": "integer", "minimum": 2**63 - 3, "maximum": 2**63 - 1}, seed=1, count=60)
    assert set(drawn) == {2**63 - 3, 2**63 - 2, 2**63 - 1}


def test_an_example_without_rows_is_refused() -> None:
    with pytest.raises(DeclarationError, match="example must have rows"):
        space_of_example(pd.DataFrame({"a": []}))


def told(own: Space, other: Space) -> dict[str, str]:
    return dict(disagreements(own, other))


@ENGINES
def test_an_example_that_agrees_is_quiet(engine: Callable[[Any], Any], tmp_path: Path) -> None:
    assert told(DOCUMENT, space_of_example(engine(frame()))) == {}
    types = {"carrier": "string", "origin": "string", "dep_delay": "double", "distance": "long", "hour": "integer"}
    assert told(read_mlmodel(mlmodel(tmp_path / "model", columns(types))), space_of_example(engine(frame()))) == {}
    assert told(DOCUMENT, read_mlmodel(tmp_path / "model")) == {}, "integers of a document are numbers of a model"


@ENGINES
@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"hour": None}, "hour", "the document has the field 'hour', the example has none of that name"),
        ({"tail": ["a"] * 3}, "tail", "the example has the field 'tail', the document has none of that name"),
        ({"distance": ["200", "300", "x"]}, "distance", "distance: the document says integer, the example has string"),
        ({"distance": [200.5, 300, 4]}, "distance", "distance: the document says integer, the example has number"),
        ({"distance": [200, 300, 9999]}, "distance", ("distance: the document does not allow what the example has: "
                                                    "9999 is greater than the maximum of 5000")),
        ({"hour": [5, None, 7]}, "hour", "hour: the document does not allow null, the example has missing values"),
        ({"carrier": ["AA", "B6", "UA"]}, "carrier", ("carrier: the document does not allow what the example has: "
                                                     "'B6' is not one of ['AA', 'DL', 'UA']")),
    ],
)  # fmt: skip
def test_an_example_that_disagrees_is_told(
    engine: Callable[[Any], Any], changed: dict[str, Any], field: str, words: str
) -> None:
    assert told(DOCUMENT, space_of_example(engine(frame(**changed)))) == {field: words}


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"dep_delay": "long"}, "dep_delay", "dep_delay: the document says number, the signature says long"),
        ({"distance": "string"}, "distance", "distance: the document says integer, the signature says string"),
        ({"hour": ""}, "hour", "the document has the field 'hour', the signature has none of that name"),
        ({"tail": "string"}, "tail", "the signature has the field 'tail', the document has none of that name"),
    ],
)
def test_a_signature_that_disagrees_is_told(tmp_path: Path, changed: dict[str, str], field: str, words: str) -> None:
    types = {"carrier": "string", "origin": "string", "dep_delay": "double", "distance": "double", "hour": "double"}
    folder = mlmodel(tmp_path / "model", columns({name: kind for name, kind in {**types, **changed}.items() if kind}))
    assert told(DOCUMENT, read_mlmodel(folder)) == {field: words}


def metadata(*inputs: tuple[str, str, list[int]]) -> dict[str, Any]:
    tensors = [{"name": name, "datatype": datatype, "shape": shape} for name, datatype, shape in inputs]
    return {
        "name": "m",
        "platform": "p",
        "inputs": tensors,
        "outputs": [{"name": "p", "datatype": "FP32", "shape": [-1]}],
    }


def test_metadata_that_round_what_the_model_takes_are_told(tmp_path: Path) -> None:
    signature = read_mlmodel(mlmodel(tmp_path / "model", columns({"a": "double", "b": "long"})))
    served = read_metadata(metadata(("a", "FP32", [-1]), ("b", "INT64", [-1, 1])), "it").space()
    assert told(served, signature) == {
        "a": "a: the metadata says FP32, the signature says double, which has other digits"
    }


def test_metadata_in_a_file_are_a_contract(tmp_path: Path) -> None:
    path = tmp_path / "metadata.json"
    path.write_text(json.dumps(metadata(("a", "FP64", [-1, 2]))), encoding="utf-8")
    assert protocol_of(path) == "open_inference"
    assert read_metadata_file(path).space().fields[0].schema["maxItems"] == 2
    assert "every_form_answers_the_same" in [law.id for law in laws_of(path)]
    (sent,) = requests_of(read_committed_signature(path), [{"a": [1.5, 2.5]}], batch=1, seed=1)
    assert sent.path == "/v2/models/m/infer"
    assert json.loads(sent.body)["inputs"] == [{"name": "a", "shape": [1, 2], "datatype": "FP64", "data": [1.5, 2.5]}]


def test_a_tensor_that_is_served_otherwise_than_committed_is_told() -> None:
    committed = read_metadata(metadata(("a", "FP64", [-1, 2])), "it").space(source="the committed metadata")
    served = read_metadata(metadata(("a", "FP64", [-1, 3])), "it").space()
    words = "a: the metadata says FP64, the committed metadata says FP64, of 3 and 2 values"
    assert told(served, committed) == {"a": words}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"inputs": []}, "must list inputs and outputs"),
        (metadata(("a", "FLOAT", [-1])), "must hold a name, one of the datatypes"),
        (metadata(("a", "FP64", [3])), "must count rows first, -1 or 1"),
        (metadata(("a", "FP64", [-1, 3, 224, 224])), "at most 1,000"),
        (metadata(("a", "FP64", [-1, -1])), "must count rows first"),
    ],
)
def test_metadata_that_rows_can_not_be_made_of_are_refused(said: Any, why: str) -> None:
    with pytest.raises(DeclarationError, match=why):
        read_metadata(said, "it")
