"""OpenAPI documents made from an input space: exact ones, for services that have none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_mlops.stages.contract.space import Schema

_JSON = "application/json"


def document_of(
    *, title: str, path: str, body: Schema, answer: Schema, error: Schema, gets: Mapping[str, Schema | None]
) -> dict[str, Any]:
    """Return the document of a service: one POST of a body, and paths that can be fetched."""
    post = {
        "requestBody": {"required": True, "content": _content(body)},
        "responses": {"200": _answer("the predictions", answer), "4XX": _answer("the request is refused", error)},
    }
    fetched = {path: {"get": {"responses": {"200": _answer("it is up", schema)}}} for path, schema in gets.items()}
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "paths": {**fetched, path: {"post": post}},
    }


def _answer(description: str, schema: Schema | None) -> dict[str, Any]:
    return {"description": description, **({} if schema is None else {"content": _content(schema)})}


def _content(schema: Schema) -> dict[str, Any]:
    return {_JSON: {"schema": schema}}


def closed(properties: Mapping[str, Schema], *, optional: Iterable[str] = ()) -> Schema:
    """Return the schema of an object with these properties and no others."""
    required = [name for name in properties if name not in set(optional)]
    return {"type": "object", "additionalProperties": False, "required": required, "properties": dict(properties)}


def listed(items: Schema) -> Schema:
    """Return the schema of a list with something in it."""
    return {"type": "array", "minItems": 1, "items": items}
