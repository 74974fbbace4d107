"""The protocols that a service may speak: what each makes of the sources of its input space."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.http import HttpClient, Request
from pytest_mlops.core.errors import DeclarationError, ToolError
from pytest_mlops.core.messages import did_you_mean
from pytest_mlops.stages.contract.agreement import disagreements, ranges_of
from pytest_mlops.stages.contract.answers import read_json
from pytest_mlops.stages.contract.document import read_signature
from pytest_mlops.stages.contract.example_rows import space_of_example
from pytest_mlops.stages.contract.mlflow_protocol import mlflow_document, mlflow_forms, mlflow_signature
from pytest_mlops.stages.contract.open_inference import (
    Metadata,
    open_inference_document,
    open_inference_forms,
    open_inference_signature,
    open_inference_wire,
    read_metadata,
)
from pytest_mlops.stages.contract.sagemaker import sagemaker_document, sagemaker_forms
from pytest_mlops.stages.contract.served import ASK, document_of
from pytest_mlops.stages.contract.sources import Sources, Spoken, given_spaces
from pytest_mlops.stages.contract.space import Space, space_of_row

if TYPE_CHECKING:
    from pytest_mlops.core.plain import Json


def speak(sources: Sources, client: HttpClient, name: str) -> Spoken:
    """Return what a service speaks, from its sources, and what these disagree on.

    Raises
    ------
    DeclarationError
        When the protocol is unknown, or a source is missing or can't be used.
    ToolError
        When the service does not serve what describes it.
    """
    check_protocol(sources.protocol)
    example = None if sources.example is None else space_of_example(sources.example)
    own, made = _PROTOCOLS[sources.protocol](sources, example, client, name)
    others = [space for space in given_spaces(sources, example) if space.source != own.source]
    if sources.ranges and example is None:
        raise DeclarationError("ranges=True draws within the numbers of an example. Hint: give example=")
    return replace(
        made,
        disagreements=[one for other in others for one in _between(own, other)],
        ranges=ranges_of(example) if example is not None and sources.ranges else {},
        rows=[] if example is None else example.rows,
        shown=[] if example is None else _shown(example),
    )


def _between(own: Space, other: Space) -> Iterator[tuple[str, str]]:
    """Yield what two sources disagree on: a document promises more of a service than the signature of its model."""
    return disagreements(other, own) if other.source == "the document" else disagreements(own, other)


def _shown(example: Space) -> list[dict[str, Any]]:
    return [{name: value} for name, seen in (example.seen or {}).items() for value in seen.values]


def check_protocol(name: str) -> None:
    """Refuse a name that is no protocol's."""
    if name not in _PROTOCOLS:
        raise DeclarationError(f"{name!r} is no protocol of a service. {did_you_mean(name, _PROTOCOLS)}")


def _openapi(sources: Sources, example: Space | None, client: HttpClient, name: str) -> tuple[Space, Spoken]:  # noqa: ARG001 - nulls are the document's to say
    document = sources.document or served_document(client, name)
    signature = read_signature(document, path=sources.path)
    space = space_of_row(signature.row, source="the document")
    return space, Spoken(document=document, signature=signature)


def _mlflow(sources: Sources, example: Space | None, client: HttpClient, name: str) -> tuple[Space, Spoken]:  # noqa: ARG001 - one shape for all
    given = sorted(given_spaces(sources, example), key=lambda space: space.source != "the signature")
    space = _first(given, sources.protocol).with_nulls_of(example)
    document = mlflow_document(space)
    return space, Spoken(document=document, signature=mlflow_signature(document, space), forms=mlflow_forms(space))


def _sagemaker(sources: Sources, example: Space | None, client: HttpClient, name: str) -> tuple[Space, Spoken]:  # noqa: ARG001 - one shape for all
    space = _first(given_spaces(sources, example), sources.protocol).with_nulls_of(example)
    document = sagemaker_document(space)
    return space, Spoken(
        document=document,
        signature=read_signature(document),
        forms=sagemaker_forms(space),
        forms_are_free=True,
    )


def _first(spaces: Sequence[Space], protocol: str) -> Space:
    if not spaces:
        raise DeclarationError(
            f"protocol={protocol!r} tells no input space. Hint: signature= is an MLflow model's folder, "
            "example= a frame of rows"
        )
    return spaces[0]


def _open_inference(sources: Sources, example: Space | None, client: HttpClient, name: str) -> tuple[Space, Spoken]:
    model = sources.model or name
    metadata = _served_metadata(client, model)
    columns = next((space.names for space in given_spaces(sources, example)), [])
    stacked = metadata.stacked(columns)
    space = metadata.space() if stacked is None else stacked
    wire = open_inference_wire(metadata, model, () if stacked is None else columns)
    document = open_inference_document(metadata, model)
    return space, Spoken(
        document=document,
        signature=open_inference_signature(document, wire, space.row()),
        forms=open_inference_forms(wire),
    )


def _served_metadata(client: HttpClient, model: str) -> Metadata:
    exchange = client.send(Request(method="GET", path=f"/v2/models/{model}"))
    try:
        said = read_json(exchange.body) if exchange.status == 200 else None  # noqa: PLR2004 - HTTP's own number
        return read_metadata(said, exchange.url)
    except (ValueError, DeclarationError) as exc:
        raise ToolError(
            f"{model} must serve its metadata at {exchange.url}, got {exchange.status or exchange.problem}: {exc}. "
            "Hint: model= is its name in the paths"
        ) from exc


def served_document(client: HttpClient, name: str) -> Mapping[str, Json]:
    """Return the OpenAPI document that a service serves.

    Raises
    ------
    ToolError
        When it serves none.
    """
    exchange = client.send(ASK)
    document = document_of(exchange)
    if document is None:
        raise ToolError(
            f"{name} must serve its OpenAPI document at {exchange.url}, got {exchange.status or exchange.problem}. "
            "Hint: contract= names a file of it"
        )
    return document


_Speaker = Callable[[Sources, "Space | None", HttpClient, str], tuple[Space, Spoken]]
_PROTOCOLS: Mapping[str, _Speaker] = MappingProxyType({
    "openapi": _openapi,
    "mlflow": _mlflow,
    "open_inference": _open_inference,
    "sagemaker": _sagemaker,
})  # fmt: skip
