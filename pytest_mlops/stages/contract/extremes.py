"""Rows at the ends of what a document allows: every bound, every listed value, the shortest and the longest text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.jsonschema import compile_schema
from pytest_mlops.stages.contract.space import kinds_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_mlops.stages.contract.faults import Rows

_LETTERS = "aA0é"
_LONGEST = 10_000


def extreme_rows(schema: Mapping[str, Any], row: Mapping[str, Any]) -> Rows:
    """Return a valid row with each field at each of its ends and null, then with all at their first and last ends."""
    fields: Mapping[str, Any] = schema.get("properties", {})
    ends = {name: ends_of(part) for name, part in fields.items()}
    singly = [{**row, name: value} for name, values in ends.items() for value in [*values, None]]
    known = {name: values for name, values in ends.items() if values}
    together = [{**row, **{name: values[place] for name, values in known.items()}} for place in (0, -1)]
    problem = compile_schema(schema)
    return [extreme for extreme in [*singly, *together] if not problem(extreme)]


def ends_of(schema: Mapping[str, Any]) -> list[Any]:
    """Return the values of a field at its ends, those that its own schema allows; none where it has no end."""
    problem, parts = compile_schema(schema), [schema, *schema.get("anyOf", ()), *schema.get("oneOf", ())]
    found = [
        value for part in parts for value in [*part.get("enum", ()), *_truths(part), *_numbers(part), *_texts(part)]
    ]
    return [value for value in found if not problem(value)]


def _truths(schema: Mapping[str, Any]) -> tuple[bool, ...]:
    return (False, True) if "boolean" in schema.get("type", ()) else ()


def _numbers(schema: Mapping[str, Any]) -> Iterator[float]:
    whole = "number" not in kinds_of(schema)
    for end, beyond, step, towards in (
        ("minimum", "exclusiveMinimum", 1, math.inf),
        ("maximum", "exclusiveMaximum", -1, -math.inf),
    ):
        if end in schema:
            yield schema[end]
        elif beyond in schema:
            yield schema[beyond] + step if whole else math.nextafter(schema[beyond], towards)


def _texts(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield texts of one letter each, the shortest and the longest; a pattern may refuse them."""
    if "string" not in kinds_of(schema) or "enum" in schema:
        return
    lengths = [length for key in ("minLength", "maxLength") if (length := schema.get(key, _LONGEST + 1)) <= _LONGEST]
    yield from (letter * length for length in lengths for letter in _LETTERS)
