"""What an OpenAPI document says of a model service: where rows go in, where predictions come out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.stages.contract.wire import plain_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_mlops.core.plain import Json
    from pytest_mlops.stages.contract.wire import Wire

METHODS = ("get", "post", "put", "patch", "delete")
_JSON = "application/json"
_DEPTH = 40

Schema = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Signature:
    """The one operation of a service that takes rows and answers predictions.

    Attributes
    ----------
    body
        Schema of the request body, an object with the array of objects `rows`.
    rows, predictions
        The names of these two properties.
    answers
        Schemas of the answers by status as documented: `200`, `4XX`, `default`.
    wire
        How rows become a request, and an answer predictions.
    """

    path: str
    body: Schema
    rows: str
    predictions: str
    answers: Mapping[str, Schema]
    wire: Wire

    @property
    def row(self) -> Schema:
        """Schema of one row."""
        return dict(self.body["properties"][self.rows]["items"])

    @property
    def max_rows(self) -> int:
        """How many rows one request may hold."""
        return int(self.body["properties"][self.rows].get("maxItems", 1_000_000))

    def answer_for(self, status: int) -> Schema | None:
        """Return the documented schema for a status; None where there is none."""
        for key in (str(status), f"{status // 100}XX", f"{status // 100}xx", "default"):
            if key in self.answers:
                return self.answers[key]
        return None

    def error_for(self, status: int) -> Schema | None:
        """Return the documented error for a status, or else that of any other 4xx."""
        others = (schema for key, schema in sorted(self.answers.items()) if key.startswith("4"))
        return self.answer_for(status) or next(others, None)


def read_signature(document: Mapping[str, Json], *, path: str | None = None) -> Signature:
    """Find the operation of a document that takes rows; `path` chooses where several do.

    Raises
    ------
    DeclarationError
        When no operation, or more than one, takes exactly one array of objects and answers one array.
    """
    resolved = inline(document)
    found = [signature for signature in _signatures(resolved) if path in {None, signature.path}]
    if len(found) == 1:
        return found[0]
    hint = "choose one by path=" if found else "describe requestBody and the 200 answer as application/json"
    where = f"at {path!r}" if path else "in one place"
    raise DeclarationError(
        f"the OpenAPI document must describe, {where}, a POST of a JSON object with exactly one array of objects "
        f"(the rows) that is answered by a JSON object with exactly one array (the predictions), "
        f"got {', '.join(one.path for one in found) or 'none'}. Hint: {hint}"
    )


def _signatures(document: Mapping[str, Any]) -> Iterator[Signature]:
    for path, item in document.get("paths", {}).items():
        operation = item.get("post", {})
        body = _schema(operation.get("requestBody", {}))
        answers = {str(status): _schema(answer) for status, answer in operation.get("responses", {}).items()}
        answer = answers.get("200") or answers.get("2XX") or {}
        rows = [name for name, part in _arrays(body) if part.get("items", {}).get("type") == "object"]
        predictions = [name for name, _ in _arrays(answer)]
        if len(rows) == 1 and len(predictions) == 1:
            documented = {status: strict(schema) for status, schema in answers.items() if schema}
            yield Signature(
                path=path, body=body, rows=rows[0], predictions=predictions[0], answers=documented,
                wire=plain_json(path=path, rows=rows[0], predictions=predictions[0]),
            )  # fmt: skip


def _schema(content: Mapping[str, Any]) -> Schema:
    return dict(content.get("content", {}).get(_JSON, {}).get("schema", {}))


def _arrays(schema: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return [(name, part) for name, part in schema.get("properties", {}).items() if part.get("type") == "array"]


def read_gets(document: Mapping[str, Json]) -> dict[str, Schema | None]:
    """Return the paths that can be fetched without parameters, with the schema of their answer where there is one."""
    gets: dict[str, Schema | None] = {}
    for path, item in inline(document).get("paths", {}).items():
        operation = item.get("get")
        if operation is None or "{" in path or item.get("parameters") or operation.get("parameters"):
            continue
        schema = _schema(operation.get("responses", {}).get("200", {}))
        gets[path] = strict(schema) if schema else None
    return gets


def read_methods(document: Mapping[str, Json]) -> dict[str, set[str]]:
    """Return the documented methods of every path without parameters."""
    paths = inline(document).get("paths", {})
    return {path: {key for key in item if key in METHODS} for path, item in paths.items() if "{" not in path}


def inline(document: Mapping[str, Json]) -> dict[str, Any]:
    """Return a document with every local reference replaced by what it refers to, in the words of OpenAPI 3.1.

    Raises
    ------
    DeclarationError
        When a reference leads nowhere, out of the document, or to itself.
    """
    return dict(_inline(document, document, 0))


def _inline(part: Any, document: Mapping[str, Any], depth: int) -> Any:
    if depth > _DEPTH:
        raise DeclarationError("the OpenAPI document refers to itself, or is nested too deeply to draw requests from")
    if isinstance(part, list):
        return [_inline(item, document, depth + 1) for item in part]
    if not isinstance(part, dict):
        return part
    if isinstance(part.get("$ref"), str):
        return _inline(_referred(part["$ref"], document), document, depth + 1)
    return _without_nullable({key: _inline(value, document, depth + 1) for key, value in part.items()})


def _referred(reference: str, document: Mapping[str, Any]) -> Any:
    place: Any = document
    if not reference.startswith("#/"):
        raise DeclarationError(f"the OpenAPI document must hold what it refers to, got {reference!r}")
    for step in reference[2:].split("/"):
        try:
            place = place[step.replace("~1", "/").replace("~0", "~")]
        except (KeyError, TypeError) as exc:
            raise DeclarationError(f"the OpenAPI document has nothing at {reference!r}") from exc
    return place


def _without_nullable(schema: Schema) -> Schema:
    """Write OpenAPI 3.0's `nullable` as a type of its own."""
    if schema.get("nullable") is True and isinstance(schema.get("type"), str):
        enum = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
        kept = {key: value for key, value in schema.items() if key != "nullable"}
        return {**kept, "type": [schema["type"], "null"], **enum}
    return schema


def strict(schema: Schema) -> Schema:
    """Return a schema of answers that refuses what it does not describe."""
    if "properties" in schema and not {"additionalProperties", "allOf", "anyOf", "oneOf"} & set(schema):
        schema = {**schema, "additionalProperties": False}
    return {key: _strict_part(key, part) for key, part in schema.items()}


def _strict_part(key: str, part: Any) -> Any:
    if key == "properties":
        return {name: strict(inner) for name, inner in part.items()}
    if key in {"anyOf", "oneOf"}:
        return [strict(inner) for inner in part]
    return strict(part) if key == "items" and isinstance(part, dict) else part
