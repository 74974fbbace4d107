"""MLflow's scoring protocol: an exact document made from a model's signature, and its other forms of a request."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_mlops.stages.contract.document import Signature, read_signature
from pytest_mlops.stages.contract.documented import closed, document_of, listed
from pytest_mlops.stages.contract.space import kinds_of
from pytest_mlops.stages.contract.wire import JsonWire, LinesWire, Rows, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_mlops.core.plain import Json
    from pytest_mlops.stages.contract.space import Schema, Space

_PATH, _PREDICTIONS = "/invocations", "predictions"
_ERROR: Schema = {
    "type": "object",
    "required": ["error_code", "message"],
    "properties": {"error_code": {"type": "string"}, "message": {"type": "string"}},
    "additionalProperties": True,
}


def mlflow_document(space: Space) -> dict[str, Any]:
    """Return the document of the form `dataframe_records`, which is a plain list of rows."""
    return document_of(
        title="MLflow scoring protocol",
        path=_PATH,
        body=closed({"dataframe_records": listed(space.row())}),
        answer=closed({_PREDICTIONS: {"type": "array", "items": space.prediction}}),
        error=_ERROR,
        gets=dict.fromkeys(("/ping", "/health", "/version")),
    )


def mlflow_signature(document: Mapping[str, Json], space: Space) -> Signature:
    """Return where rows go in and predictions come out; columns without names are told apart by their place alone."""
    signature = read_signature(document)
    return replace(signature, wire=_json(partial(_in_place, space.names))) if _is_nameless(space) else signature


def _is_nameless(space: Space) -> bool:
    return space.names == [str(place) for place in range(len(space.names))]


def mlflow_forms(space: Space) -> Mapping[str, Wire]:
    """Return the other forms; where columns have names, they come in another order than the signature's."""
    names = space.names
    if _is_nameless(space):
        shapes: Mapping[str, Callable[[Rows], Json]] = {
            "dataframe_split": partial(_split, names),
            "instances": partial(_matrix, names, "instances"),
            "inputs": partial(_matrix, names, "inputs"),
        }
        return {name: _json(shape) for name, shape in shapes.items()}
    moved = names[::-1]
    forms: dict[str, Wire] = {
        "dataframe_split": _json(partial(_split, moved)),
        "instances": _json(lambda rows: {"instances": rows}),
        "inputs": _json(partial(_columns, moved)),
    }
    if not any(kinds_of(field.schema) & {"array", "object"} or not field.schema for field in space.fields):
        forms["csv"] = LinesWire(
            path=_PATH, predictions=_PREDICTIONS, content_type="text/csv", columns=moved, header=True
        )
    return forms


def _json(shape: Callable[[Rows], Json]) -> Wire:
    return JsonWire(path=_PATH, predictions=_PREDICTIONS, shape=shape)


def _in_place(names: list[str], rows: Rows) -> Json:
    def ordered(row: Mapping[str, Any]) -> dict[str, Any]:
        return {name: row[name] for name in [*(name for name in names if name in row), *row]}

    return {"dataframe_records": [ordered(row) for row in rows]}


def _split(names: list[str], rows: Rows) -> Json:
    """Return rows as a table; columns that every row leaves out are left out."""
    told = [name for name in names if any(name in row for row in rows)]
    return {"dataframe_split": {"columns": told, "data": [[row.get(name) for name in told] for row in rows]}}


def _columns(names: list[str], rows: Rows) -> Json:
    told = [name for name in names if any(name in row for row in rows)]
    return {"inputs": {name: [row.get(name) for row in rows] for name in told}}


def _matrix(names: list[str], key: str, rows: Rows) -> Json:
    return {key: [[row.get(name) for name in names] for row in rows]}
