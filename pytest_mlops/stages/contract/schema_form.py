"""One form for a JSON schema: the values that it allows, by JSON type, however it is written."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

Schema = Mapping[str, Any]
KINDS = ("null", "boolean", "number", "string", "array", "object")

_ANYTHING: tuple[Any, ...] = (True, {}, None)
LEAST = ("minimum", "minLength", "minItems", "minProperties")
MOST = ("maximum", "maxLength", "maxItems", "maxProperties")
_EXACT = ("pattern", "format", "multipleOf", "uniqueItems")  # of which only being there or not can be ordered
_OF: Mapping[str, Sequence[str]] = MappingProxyType({
    "number": ("minimum", "maximum", "multipleOf"),
    "string": ("minLength", "maxLength", "pattern", "format"),
    "array": ("minItems", "maxItems", "uniqueItems"),
    "object": ("minProperties", "maxProperties"),
})  # fmt: skip
_OF_FEW = MappingProxyType({"null": frozenset({"null"}), "boolean": frozenset({"false", "true"})})
_SHAPE = {"type", "nullable", "enum", "const", "anyOf", "oneOf", "allOf", "items", "properties", "required",
          "additionalProperties", "exclusiveMinimum", "exclusiveMaximum", *LEAST, *MOST, *_EXACT}  # fmt: skip
_WORDS = {"title", "description", "default", "example", "examples", "deprecated", "readOnly", "writeOnly", "xml",
          "externalDocs", "discriminator", "contentMediaType", "contentEncoding"}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The values of one JSON type that a schema allows.

    Attributes
    ----------
    kind
        One of `KINDS`; a whole number is a number with `whole`.
    values
        The JSON texts of all values, where they are listed.
    rules
        Bounds (the number, and whether it is left out itself), pattern, format and the like.
    parts
        Of an object the schemas of its properties, of an array `items`.
    further
        The schema of properties that are not listed; True for any, False for none.
    other
        What is said beside, in keys that can't be ordered, as JSON text.
    """

    kind: str
    values: frozenset[str] | None = None
    whole: bool = False
    rules: Mapping[str, Any] = field(default_factory=dict)
    parts: Mapping[str, Schema | bool] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    further: Schema | bool = True
    other: str = ""


def shapes_of(schema: Schema | bool) -> list[Shape]:  # noqa: FBT001 - JSON Schema's own notion
    """Return the shapes of a schema without references; those of listed values are one a type.

    >>> [(shape.kind, shape.whole) for shape in shapes_of({"type": ["integer", "null"]})]
    [('null', False), ('number', True)]
    >>> shapes_of({"anyOf": [{"type": "null"}, {"type": "integer"}]}) == shapes_of({"type": ["integer", "null"]})
    True
    """
    found: dict[tuple[str, bool], list[Shape]] = {}
    for one in _branches(schema):
        for shape in _shapes_of_branch(one):
            same = found.setdefault((shape.kind, shape.values is None), [])
            if shape.values is not None and same:
                same[0] = replace(same[0], values=(same[0].values or frozenset()) | shape.values)
            elif shape not in same:
                same.append(shape)
    return sorted((shape for same in found.values() for shape in same), key=lambda shape: KINDS.index(shape.kind))


def _branches(schema: Schema | bool) -> list[dict[str, Any]]:  # noqa: FBT001 - JSON Schema's own notion
    """Return schemas without `allOf`, `anyOf` and `oneOf`, whose values together are those of the schema."""
    if isinstance(schema, bool):
        return [{}] if schema else []
    outer = {key: value for key, value in schema.items() if key not in {"allOf", "anyOf", "oneOf", "nullable"}}
    found = [outer]
    for part in schema.get("allOf", ()):
        found = [_both(one, other) for one in found for other in _branches(part)]
    for key in ("anyOf", "oneOf"):
        if key in schema:
            others = [branch for part in schema[key] for branch in _branches(part)]
            found = [_both(one, other) for one in found for other in others]
    return [*found, {"type": "null"}] if schema.get("nullable") is True else found


def _both(one: Schema, other: Schema) -> dict[str, Any]:
    """Return the schema of the values that both allow."""
    merged = {**one, **other}
    for key in set(one) & set(other):
        merged[key] = _joined(key, one[key], other[key])
    return merged


def _joined(key: str, one: Any, other: Any) -> Any:
    if key == "properties":
        return {**one, **other, **{name: {"allOf": [one[name], other[name]]} for name in set(one) & set(other)}}
    if key == "type":
        return [kind for kind in ("integer", *KINDS) if _has(one, kind) and _has(other, kind)]
    if key in {"required", "enum"}:
        return sorted({*one, *other}) if key == "required" else [value for value in one if value in other]
    if key in {*LEAST, *MOST, "exclusiveMinimum", "exclusiveMaximum"}:
        return max(one, other) if key in {*LEAST, "exclusiveMinimum"} else min(one, other)
    if key in {"items", "additionalProperties"}:
        return {"allOf": [one, other]}
    return other if key in _WORDS or one == other else [one, other]


def _has(said: str | Sequence[str], kind: str) -> bool:
    kinds = [said] if isinstance(said, str) else said
    return kind in kinds or (kind == "integer" and "number" in kinds)


def _shapes_of_branch(schema: Schema) -> list[Shape]:
    listed = schema.get("enum", [schema["const"]] if "const" in schema else None)
    kinds = _kinds_of(schema, listed)
    known = sorted((key, json.dumps(value, sort_keys=True)) for key, value in schema.items() if not _is_known(key))
    other = ", ".join(f"{key} {text}" for key, text in known)
    shapes = []
    for kind in KINDS:
        if kind in kinds or (kind == "number" and "integer" in kinds):
            shape = _shape(kind, schema, whole=kind == "number" and "number" not in kinds, other=other)
            values = _values(kind, listed)
            if values is None or values:
                shapes.append(Shape(kind=kind, values=values, other=other) if values else shape)
    return shapes


def _is_known(key: str) -> bool:
    return key in _SHAPE or key in _WORDS or key.startswith(("x-", "$"))


def _kinds_of(schema: Schema, listed: Sequence[Any] | None) -> set[str]:
    """Return the types that are said; where none is, those of the listed values, or what the other keys are about."""
    if "type" in schema:
        return {schema["type"]} if isinstance(schema["type"], str) else set(schema["type"])
    if listed is not None:
        return {kind_of(value) for value in listed}
    if {"properties", "additionalProperties", "required"} & set(schema):
        return {"object"}
    return {"array"} if "items" in schema else set(KINDS)


def kind_of(value: object) -> str:
    """Return the JSON type of a value."""
    kinds = ((bool, "boolean"), (int | float, "number"), (str, "string"), (list, "array"), (dict, "object"))
    return next((kind for python, kind in kinds if isinstance(value, python)), "null")


def _values(kind: str, listed: Sequence[Any] | None) -> frozenset[str] | None:
    if listed is None:
        return _OF_FEW.get(kind)
    return frozenset(json.dumps(value, sort_keys=True) for value in listed if kind_of(value) == kind)


def _shape(kind: str, schema: Schema, *, whole: bool, other: str) -> Shape:
    rules = {key: schema[key] for key in _OF.get(kind, ()) if key in schema and (schema[key] or key in MOST)}
    if kind == "number":
        rules |= {key: _bound(key, schema, whole=whole) for key in ("minimum", "maximum")}
        rules = {key: value for key, value in rules.items() if value is not None}
    return Shape(
        kind=kind,
        whole=whole,
        rules=rules,
        parts=schema.get("properties", {}) if kind == "object" else _items(kind, schema),
        required=frozenset(schema.get("required", ())) if kind == "object" else frozenset(),
        further=schema.get("additionalProperties", True) if kind == "object" else True,
        other=other,
    )


def _items(kind: str, schema: Schema) -> Mapping[str, Schema | bool]:
    return {"[]": schema["items"]} if kind == "array" and schema.get("items") not in _ANYTHING else {}


def _bound(key: str, schema: Schema, *, whole: bool) -> tuple[float, bool] | None:
    """Return the tightest bound: the number, and whether it is left out; of whole numbers it never is.

    `exclusiveMinimum` is a number of its own, and in OpenAPI 3.0 says of `minimum` that it is left out.
    """
    beside = schema.get(f"exclusive{key.capitalize()}")
    bounds = [(schema[key], beside is True)] if key in schema else []
    if beside is not None and not isinstance(beside, bool):
        bounds.append((beside, True))
    sign = 1 if key == "minimum" else -1
    if whole:
        bounds = [(_next_whole(number, sign, strict=strict), False) for number, strict in bounds]
    return max(bounds, key=lambda bound: (sign * bound[0], bound[1]), default=None)


def _next_whole(number: float, sign: int, *, strict: bool) -> float:
    inside = math.ceil(number) if sign > 0 else math.floor(number)
    return inside + sign if strict and inside == number else inside
