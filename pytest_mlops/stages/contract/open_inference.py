"""The Open Inference Protocol, version 2: a model's metadata, the document of its paths, other forms of a request."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.stages.contract.document import Signature, inline, strict
from pytest_mlops.stages.contract.documented import closed, document_of, listed
from pytest_mlops.stages.contract.space import Field, Space
from pytest_mlops.stages.contract.tensors import DATATYPES, Tensor, TensorWire, read_tensor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pytest_mlops.stages.contract.space import Schema
    from pytest_mlops.stages.contract.wire import Wire

_TEXT: Schema = {"type": "string"}
_WHOLES: Schema = {"type": "array", "items": {"type": "integer"}}
_ERROR: Schema = {"type": "object", "required": ["error"], "properties": {"error": _TEXT}, "additionalProperties": True}
_PARAMETERS: Schema = {"type": "object", "additionalProperties": True}


@dataclass(frozen=True)
class Metadata:
    """The name of a model, and the tensors that go into it and come out of it."""

    name: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    def space(self, *, source: str = "the metadata") -> Space:
        """Return the input space, a field a tensor."""
        fields = tuple(
            Field(name=one.name, schema=one.schema, said=one.datatype, nullable=False) for one in self.inputs
        )
        return Space(source=source, fields=fields, prediction={}, closed=True)

    def stacked(self, names: Sequence[str]) -> Space | None:
        """Return the input space with a field a column, where the one tensor has as many columns as there are names."""
        one = self.inputs[0]
        if len(self.inputs) != 1 or one.inner != (len(names),) or one.name in names:
            return None
        schema = dict(DATATYPES[one.datatype])
        fields = tuple(Field(name=name, schema=schema, said=one.datatype, nullable=False) for name in names)
        return Space(source="the metadata", fields=fields, prediction={}, closed=True)


def read_metadata(said: Any, where: str) -> Metadata:
    """Return the tensors of a model's metadata.

    Raises
    ------
    DeclarationError
        When they are none of this protocol.
    """
    lists = [said.get(key) if isinstance(said, dict) else None for key in ("inputs", "outputs")]
    if not all(isinstance(one, list) and one for one in lists):
        raise DeclarationError(f"{where} must list inputs and outputs, got {str(said)[:100]!r}")
    inputs, outputs = (tuple(read_tensor(one, where) for one in listed) for listed in lists if listed)
    return Metadata(str(said.get("name", "")), inputs, outputs)


def read_metadata_file(path: Path) -> Metadata:
    """Return the tensors of metadata that are kept in a file of JSON.

    Raises
    ------
    DeclarationError
        When it can't be read, or holds none.
    """
    try:
        return read_metadata(json.loads(path.read_text(encoding="utf-8")), str(path))
    except (OSError, ValueError) as exc:
        raise DeclarationError(f"{path} must be the metadata of a model in JSON: {exc}") from exc


def signature_of_metadata(metadata: Metadata, model: str = "") -> Signature:
    """Return where rows go in and predictions come out of a model, a field a tensor; by default of the name it has."""
    wire = open_inference_wire(metadata, model or metadata.name)
    document = open_inference_document(metadata, model or metadata.name)
    return open_inference_signature(document, wire, metadata.space().row())


def open_inference_wire(metadata: Metadata, model: str, stacked: Sequence[str] = ()) -> TensorWire:
    """Return how rows become tensors of a model."""
    return TensorWire(
        path=f"{_home(model)}/infer", inputs=metadata.inputs, outputs=metadata.outputs, stacked=tuple(stacked)
    )


def _home(model: str) -> str:
    return f"/v2/models/{model}"


def open_inference_forms(wire: TensorWire) -> Mapping[str, Wire]:
    """Return the other forms of the same request: nested data, tensors in the other order, outputs named."""
    forms: dict[str, Wire] = {"outputs_named": replace(wire, named=True)}
    if any(len(tensor.shape) > 1 for tensor in wire.inputs):
        forms["nested_data"] = replace(wire, nested=True)
    if len(wire.inputs) > 1:
        forms["tensors_backwards"] = replace(wire, backwards=True)
    return forms


def open_inference_document(metadata: Metadata, model: str) -> dict[str, Any]:
    """Return the document of the protocol's paths for a model; that data fit a shape is more than it can say."""
    described = closed({"name": _TEXT, "versions": {}, "platform": _TEXT, "inputs": listed({}), "outputs": listed({})},
                       optional=("versions",))  # fmt: skip
    home = _home(model)
    gets = {
        "/v2/health/live": None,
        "/v2/health/ready": None,
        home: {**described, "additionalProperties": True},
        f"{home}/ready": None,
    }
    return document_of(
        title="Open Inference Protocol 2",
        path=f"{home}/infer",
        body=closed(
            {"inputs": {**listed({"anyOf": [_sent(one) for one in metadata.inputs]}), "minItems": len(metadata.inputs)}}
        ),
        answer=closed(
            {"model_name": _TEXT, "model_version": _TEXT, "id": _TEXT, "parameters": _PARAMETERS,
             "outputs": listed(_answered())},
            optional=("model_version", "id", "parameters"),
        ),
        error=_ERROR,
        gets=gets,
    )  # fmt: skip


def _sent(tensor: Tensor) -> Schema:
    rank = {"minItems": len(tensor.shape), "maxItems": len(tensor.shape)}
    return closed({
        "name": {"const": tensor.name},
        "datatype": {"const": tensor.datatype},
        "shape": {"type": "array", "items": {"type": "integer", "minimum": 1}, **rank},
        "data": listed(dict(DATATYPES[tensor.datatype])),
    })  # fmt: skip


def _answered() -> Schema:
    return closed(
        {"name": _TEXT, "shape": _WHOLES, "datatype": _TEXT, "parameters": _PARAMETERS, "data": {"type": "array"}},
        optional=("parameters",),
    )


def open_inference_signature(document: Mapping[str, Any], wire: TensorWire, row: Schema) -> Signature:
    """Return where rows go in and predictions come out, as if there were a list of rows."""
    rows = {**listed(row), **({"maxItems": 1} if any(one.shape[0] == 1 for one in wire.inputs) else {})}
    responses = inline(document)["paths"][wire.path]["post"]["responses"]
    answers = {status: strict(one["content"]["application/json"]["schema"]) for status, one in responses.items()}
    rows["title"] = ", ".join(tensor.name for tensor in wire.inputs)
    return Signature(
        path=wire.path, body=closed({"inputs": rows}), rows="inputs", predictions="outputs", answers=answers, wire=wire
    )
