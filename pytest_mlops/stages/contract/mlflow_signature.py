"""The signature of an MLflow model, read from its `MLmodel` file: without MLflow, and without running the model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.yaml import read_yaml
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.stages.contract.space import Field, Schema, Space

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

# A day and a time without a zone: what the scoring server reads in each of its forms. The 29th of February is left out.
MOMENT = (
    r"^(19|20)\d\d-((0[13578]|1[02])-(0[1-9]|[12]\d|3[01])|(0[469]|11)-(0[1-9]|[12]\d|30)|02-(0[1-9]|1\d|2[0-8]))"
    r"T([01]\d|2[0-3]):[0-5]\d:[0-5]\d$"
)
_FLOAT = 3.4028234663852886e38
_TYPES: Mapping[str, Schema] = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "long": {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
    "float": {"type": "number", "minimum": -_FLOAT, "maximum": _FLOAT},
    "double": {"type": "number"},
    "string": {"type": "string"},
    "datetime": {"type": "string", "pattern": MOMENT},
    "binary": {"type": "string", "pattern": "^([A-Za-z0-9+/]{4})*$"},
    "any": {},
}
_TENSORS = {"bool": "boolean", "float64": "double", "float32": "float", "int64": "long", "int32": "integer",
            "str": "string", "object": "any"}  # fmt: skip
_SURE = frozenset({"boolean", "integer", "long"})  # types of NumPy that have no missing value
_WIDTH = 1000


def is_mlmodel(path: Path) -> bool:
    """Say whether a path is an MLflow model: its folder, or the file `MLmodel` in it."""
    return path.name == "MLmodel" or (path / "MLmodel").is_file()


def read_mlmodel(path: Path) -> Space:
    """Return the input space of an MLflow model: of its folder, or of its `MLmodel` file.

    Raises
    ------
    DeclarationError
        When it can't be read, has no signature, or one whose inputs are no rows.
    """
    file = path / "MLmodel" if path.is_dir() else path
    said = read_yaml(file)
    signature = said.get("signature") if isinstance(said, dict) else None
    if not isinstance(signature, dict) or not signature.get("inputs"):
        raise DeclarationError(
            f"{file} must hold the model's signature with inputs, got {str(signature)[:60]!r}. "
            "Hint: log the model with signature=infer_signature(rows, predictions)"
        )
    inputs, outputs = (_specs(file, signature.get(key)) for key in ("inputs", "outputs"))
    fields = tuple(_fields(file, inputs))
    return Space(source="the signature", fields=fields, prediction=_prediction(outputs))


def _specs(file: Path, text: Any) -> list[Mapping[str, Any]]:
    """Return the list of specifications, which MLflow writes as JSON inside the YAML."""
    try:
        said = json.loads(text) if isinstance(text, str) else text or []
    except ValueError as exc:
        raise DeclarationError(f"{file}: the signature must be JSON: {exc}") from exc
    if not isinstance(said, list) or not all(isinstance(one, dict) and "type" in one for one in said):
        raise DeclarationError(f"{file}: the signature must be a list of columns, got {str(said)[:60]!r}")
    return said


def _fields(file: Path, inputs: list[Mapping[str, Any]]) -> Iterator[Field]:
    """Yield the fields of a row; what has no name is named by its place, as a frame of NumPy's numbers is."""
    if len(inputs) == 1 and inputs[0]["type"] == "tensor" and "name" not in inputs[0]:
        yield from _columns(file, inputs[0]["tensor-spec"])
        return
    for place, spec in enumerate(inputs):
        yield _field(file, str(spec.get("name", place)), spec)


def _columns(file: Path, tensor: Mapping[str, Any]) -> Iterator[Field]:
    shape = tensor["shape"]
    if len(shape) != 2 or not 0 < shape[1] <= _WIDTH:  # noqa: PLR2004 - rows and columns
        raise DeclarationError(f"{file}: a tensor of inputs must be rows of 1 to {_WIDTH} columns, got shape {shape}")
    for place in range(shape[1]):
        yield _of_type(file, str(place), _TENSORS.get(tensor["dtype"], tensor["dtype"]))


def _field(file: Path, name: str, spec: Mapping[str, Any]) -> Field:
    if spec["type"] == "tensor":
        return _of_tensor(file, name, spec["tensor-spec"])
    if spec["type"] in {"array", "object", "map"}:
        return Field(name=name, schema=_nested(spec), said=spec["type"], required=spec.get("required", True))
    return _of_type(file, name, spec["type"], required=spec.get("required", True))


def _of_type(file: Path, name: str, kind: str, *, required: bool = True) -> Field:
    if kind not in _TYPES:
        raise DeclarationError(f"{file}: the type of {name!r} must be one of {', '.join(_TYPES)}, got {kind!r}")
    nullable = False if kind in _SURE else None if required else True
    return Field(name=name, schema=dict(_TYPES[kind]), said=kind, required=required, nullable=nullable)


def _of_tensor(file: Path, name: str, tensor: Mapping[str, Any]) -> Field:
    """Return the field that holds one row of a named tensor: a number, or lists of them."""
    element = _of_type(file, name, _TENSORS.get(tensor["dtype"], tensor["dtype"]))
    schema = element.schema
    for size in reversed(tensor["shape"][1:]):
        schema = {"type": "array", "items": schema, **({"minItems": size, "maxItems": size} if size >= 0 else {})}
    return Field(name=name, schema=schema, said=element.said, nullable=False)


def _nested(spec: Mapping[str, Any]) -> Schema:
    kind = spec["type"]
    if kind == "array":
        return {"type": "array", "items": _nested(spec["items"])}
    if kind == "map":
        return {"type": "object", "additionalProperties": _nested(spec["values"])}
    if kind == "object":
        parts = spec["properties"]
        required = [name for name, part in parts.items() if part.get("required", True)]
        return {"type": "object", "properties": {name: _nested(part) for name, part in parts.items()},
                "required": required}  # fmt: skip
    return dict(_TYPES.get(kind, {}))


def _prediction(outputs: list[Mapping[str, Any]]) -> Schema:
    """Return the schema of one prediction: of a value, of a list, or of an object with a column a key."""
    if not outputs:
        return {}
    if len(outputs) == 1 and "name" not in outputs[0]:
        return _output(outputs[0])
    parts = {str(spec.get("name", place)): _output(spec) for place, spec in enumerate(outputs)}
    return {"type": "object", "properties": parts, "required": list(parts)}


def _output(spec: Mapping[str, Any]) -> Schema:
    """Return the schema of one output, by its kind alone: a sum in 32 bits may be written with more digits."""
    if spec["type"] != "tensor":
        kind = _nested(spec).get("type") if spec["type"] not in {"array", "object", "map"} else None
        return _nested(spec) if kind is None else {"type": kind}
    tensor = spec["tensor-spec"]
    kind = _TYPES.get(_TENSORS.get(tensor["dtype"], ""), {}).get("type")
    schema: Schema = {} if kind is None else {"type": kind}
    for _ in tensor["shape"][1:]:
        schema = {"type": "array", "items": schema}
    return schema
