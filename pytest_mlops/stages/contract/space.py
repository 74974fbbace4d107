"""The input space of a service: the fields of a row, as one source tells them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Schema = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of a row.

    Attributes
    ----------
    schema
        Of its values, null left out.
    said
        The source's own word for its type.
    nullable
        Whether it may be null; None where the source does not say.
    """

    name: str
    schema: Schema
    said: str
    required: bool = True
    nullable: bool | None = None

    @property
    def written(self) -> Schema:
        """Its schema with null, where it may be null."""
        if not self.nullable:
            return self.schema
        if isinstance(self.schema.get("type"), str) and "enum" not in self.schema:
            return {**self.schema, "type": [self.schema["type"], "null"]}
        return {"anyOf": [self.schema, {"type": "null"}]} if self.schema else {}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What an example shows of a field: its least and greatest value, or its texts; empty where it has none."""

    values: Sequence[Any] = ()
    nulls: bool = False


@dataclass(frozen=True, kw_only=True)
class Space:
    """The fields of a row, as one source tells them.

    Attributes
    ----------
    source
        What the source is called in a sentence: `the signature`.
    prediction
        Schema of one prediction; empty where the source does not say.
    closed
        Whether a row may hold no other field.
    rows
        Rows of an example.
    seen
        What an example shows of each field.
    """

    source: str
    fields: tuple[Field, ...]
    prediction: Schema
    closed: bool = False
    rows: Sequence[Mapping[str, Any]] = ()
    seen: Mapping[str, Seen] | None = None

    @property
    def names(self) -> list[str]:
        """The names of the fields, in order."""
        return [field.name for field in self.fields]

    def row(self) -> Schema:
        """Return the schema of one row."""
        closed = {"additionalProperties": False} if self.closed else {}
        required = [field.name for field in self.fields if field.required]
        properties = {field.name: field.written for field in self.fields}
        return {"type": "object", "properties": properties, "required": required, **closed}

    def with_nulls_of(self, example: Space | None) -> Space:
        """Return it with null allowed where the example has nulls and this source does not speak of them."""
        seen = {} if example is None or example.seen is None else example.seen
        nulls = {name for name, one in seen.items() if one.nulls}
        fields = [
            replace(field, nullable=True) if field.nullable is None and field.name in nulls else field
            for field in self.fields
        ]
        return replace(self, fields=tuple(fields))


def space_of_row(row: Mapping[str, Any], *, source: str) -> Space:
    """Return the input space that the schema of a row describes."""
    required = set(row.get("required", ()))
    fields = tuple(_field(name, schema, name in required) for name, schema in row.get("properties", {}).items())
    return Space(source=source, fields=fields, prediction={}, closed=row.get("additionalProperties") is False)


def _field(name: str, schema: Schema, required: bool) -> Field:  # noqa: FBT001 - one of its fields
    kinds = kinds_of(schema)
    words = " or ".join(sorted(kinds - {"null"})) or "anything"
    return Field(name=name, schema=schema, said=words, required=required, nullable=not kinds or "null" in kinds)


def within(row: Schema, ranges: Mapping[str, tuple[Any, Any]]) -> Schema:
    """Return the schema of a row whose numbers lie within ranges, as far as it allows these."""
    properties = {
        name: _bounded(schema, *ranges[name]) if name in ranges else schema
        for name, schema in row.get("properties", {}).items()
    }
    return {**row, "properties": properties}


def _bounded(schema: Schema, low: Any, high: Any) -> Schema:
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return {**schema, key: [_bounded(part, low, high) for part in schema[key]]}
    if "enum" in schema or not kinds_of(schema) & {"integer", "number"}:
        return schema
    low, high = max(low, schema.get("minimum", low)), min(high, schema.get("maximum", high))
    return {**schema, "minimum": low, "maximum": high} if low <= high else schema


def kinds_of(schema: Mapping[str, Any]) -> set[str]:
    """Return the JSON types that a schema names; empty where it names none."""
    kinds = schema.get("type", [])
    found = {kinds} if isinstance(kinds, str) else set(kinds)
    for part in _parts(schema):
        found |= kinds_of(part)
    return found | {_kind(value) for value in schema.get("enum", ())}


def _parts(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from [*schema.get("anyOf", ()), *schema.get("oneOf", ())]


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    kinds = ((int, "integer"), (float, "number"), (str, "string"), (list, "array"), (dict, "object"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "null")
