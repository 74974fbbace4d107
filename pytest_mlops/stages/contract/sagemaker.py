"""SageMaker's two paths: `/ping`, and `/invocations` with rows as JSON, as JSON lines, or as CSV without a header."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlops.stages.contract.documented import closed, document_of, listed
from pytest_mlops.stages.contract.space import kinds_of
from pytest_mlops.stages.contract.wire import LinesWire, Wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_mlops.stages.contract.space import Space

_PATH, _PREDICTIONS = "/invocations", "predictions"


def sagemaker_document(space: Space) -> dict[str, Any]:
    """Return the document of the form `{"instances": [...]}`."""
    return document_of(
        title="SageMaker inference",
        path=_PATH,
        body=closed({"instances": listed(space.row())}),
        answer={
            "type": "object",
            "required": [_PREDICTIONS],
            "properties": {_PREDICTIONS: {"type": "array", "items": space.prediction}},
            "additionalProperties": True,
        },
        error={"type": "object", "additionalProperties": True},
        gets={"/ping": None},
    )


def sagemaker_forms(space: Space) -> Mapping[str, Wire]:
    """Return the other forms; which of them a container takes is its own choice."""
    lines = LinesWire(path=_PATH, predictions=_PREDICTIONS, content_type="application/jsonlines")
    if any(kinds_of(field.schema) & {"array", "object"} or not field.schema for field in space.fields):
        return {"jsonlines": lines}
    csv = LinesWire(path=_PATH, predictions=_PREDICTIONS, content_type="text/csv", columns=space.names)
    return {"jsonlines": lines, "csv": csv}
