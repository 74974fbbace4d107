"""What a user gives of a service's protocol and input space, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_mlops.stages.contract.document import Signature, read_signature
from pytest_mlops.stages.contract.mlflow_signature import is_mlmodel, read_mlmodel
from pytest_mlops.stages.contract.open_inference import read_metadata_file
from pytest_mlops.stages.contract.space import Space, space_of_row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pytest_mlops.adapters.frames import Data
    from pytest_mlops.core.plain import Json
    from pytest_mlops.stages.contract.wire import Wire


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What a user gives of the protocol and the input space of a service.

    Attributes
    ----------
    document
        An OpenAPI document; under another protocol its rows are compared, or used.
    path
        Which operation of the document, where several take rows.
    signature
        An MLflow model's folder or its `MLmodel` file, or the metadata of the Open Inference Protocol in JSON.
    example
        A frame of real rows; the first of them are sent.
    model
        The name of the model in the paths of the Open Inference Protocol.
    ranges
        Whether numbers are drawn from within those of the example.
    """

    protocol: str = "openapi"
    document: Mapping[str, Json] | None = None
    path: str | None = None
    signature: Path | None = None
    example: Data | None = None
    model: str = ""
    ranges: bool = False


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """What a service speaks.

    Attributes
    ----------
    document
        The OpenAPI document of its paths, exact as far as one can be.
    forms
        The other forms of a request by name, and whether the service may leave some out.
    disagreements
        The fields on which two sources disagree, and both sides in words.
    ranges
        The least and greatest number to draw of a field.
    rows, shown
        Real rows of the example, and values of it that a sentence may tell.
    """

    document: Mapping[str, Json]
    signature: Signature
    forms: Mapping[str, Wire] = field(default_factory=dict)
    forms_are_free: bool = False
    disagreements: Sequence[tuple[str, str]] = ()
    ranges: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    rows: Sequence[Mapping[str, Any]] = ()
    shown: Sequence[Mapping[str, Any]] = ()


def given_spaces(sources: Sources, example: Space | None) -> list[Space]:
    """Return the sources that are files or frames, the surest first."""
    spaces: list[Space] = []
    if sources.document is not None:
        row = read_signature(sources.document, path=sources.path).row
        spaces.append(space_of_row(row, source="the document"))
    if sources.signature is not None and is_mlmodel(sources.signature):
        spaces.append(read_mlmodel(sources.signature))
    elif sources.signature is not None:
        spaces.append(read_metadata_file(sources.signature).space(source="the committed metadata"))
    return [*spaces, *([] if example is None else [example])]
