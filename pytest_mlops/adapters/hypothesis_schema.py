"""Hypothesis strategies for the part of JSON Schema that describes the rows of a model.

`type` (also several), `enum`, `const`, `anyOf`, `oneOf`, bounds, `multipleOf`, `pattern`, `format`, lengths,
arrays and objects. What it leaves out is said by an error, never drawn wrongly.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from pytest_mlops.adapters.jsonschema import compile_schema
from pytest_mlops.core.errors import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypothesis.strategies import SearchStrategy

_SAFE_INTEGER = 2**53 - 1  # above, JSON numbers are not exact everywhere (RFC 8259, section 6)
_SHORT = 20
_FEW = 5
_TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
_NOT_DRAWN = ("not", "allOf", "if", "$ref", "patternProperties", "contains", "dependentSchemas", "propertyNames",
              "prefixItems", "dependentRequired", "unevaluatedProperties")  # fmt: skip
_FORMATS = {
    "date-time": st.datetimes().map(lambda moment: f"{moment.isoformat(timespec='seconds')}Z"),
    "date": st.dates().map(lambda day: day.isoformat()),
    "uuid": st.uuids().map(str),
}


def strategy_for(schema: Mapping[str, Any]) -> SearchStrategy[Any]:
    """Return a strategy for a schema without references.

    Raises
    ------
    DeclarationError
        When the schema uses a keyword that is not drawn.
    """
    for keyword in _NOT_DRAWN:
        if keyword in schema:
            raise DeclarationError(f"values for the schema keyword {keyword!r} cannot be drawn. Hint: write it without")
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            return _one_of(schema, keyword)
    kinds = schema.get("type", _TYPES)
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    return st.one_of([_of_type(kind, schema) for kind in kinds])


def _one_of(schema: Mapping[str, Any], keyword: str) -> SearchStrategy[Any]:
    rest = {key: value for key, value in schema.items() if key != keyword}
    problem = compile_schema(schema)
    branches = [strategy_for({**rest, **branch}) for branch in schema[keyword]]
    return st.one_of(branches).filter(lambda value: not problem(value))


def _of_type(kind: str, schema: Mapping[str, Any]) -> SearchStrategy[Any]:
    if kind == "null":
        return st.none()
    if kind == "boolean":
        return st.booleans()
    if kind == "integer":
        return _integers(schema)
    if kind == "number":
        return _numbers(schema)
    if kind == "string":
        return _strings(schema)
    return _arrays(schema) if kind == "array" else _objects(schema)


def _integers(schema: Mapping[str, Any]) -> SearchStrategy[Any]:
    step = schema.get("multipleOf", 1)
    low = max(schema.get("minimum", -_SAFE_INTEGER), schema.get("exclusiveMinimum", -math.inf) + 1)
    high = min(schema.get("maximum", _SAFE_INTEGER), schema.get("exclusiveMaximum", math.inf) - 1)
    if step != int(step):
        return _numbers(schema).filter(float.is_integer).map(int)
    ends = math.ceil(Fraction(low) / int(step)), math.floor(Fraction(high) / int(step))  # floats round 64 bits up
    return st.integers(*ends).map(lambda count: count * int(step))


def _numbers(schema: Mapping[str, Any]) -> SearchStrategy[Any]:
    if "multipleOf" in schema:
        step = schema["multipleOf"]
        bounds = {key: schema[key] / step for key in ("minimum", "maximum") if key in schema}
        problem = compile_schema({**schema, "type": "number"})
        return _integers(bounds).map(lambda count: count * step).filter(lambda value: not problem(value))
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    return st.floats(
        min_value=above if above is not None else low,
        max_value=below if below is not None else high,
        exclude_min=above is not None,
        exclude_max=below is not None,
        allow_nan=False,
        allow_infinity=False,
    )


def _strings(schema: Mapping[str, Any]) -> SearchStrategy[Any]:
    letters = st.characters(codec="utf-8")
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength", max(schema.get("minLength", 0), _SHORT))
    if "pattern" in schema:
        # In JSON Schema `$` is the very end of the text; in Python it also stands before a last line feed.
        pattern = re.compile(re.sub(r"(?<!\\)\$$", r"\\Z", schema["pattern"]), re.ASCII)
        problem = compile_schema({**schema, "type": "string"})
        return st.from_regex(pattern, alphabet=letters).filter(lambda text: not problem(text))
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    return st.text(letters, min_size=shortest, max_size=longest)


def _arrays(schema: Mapping[str, Any]) -> SearchStrategy[Any]:
    shortest = schema.get("minItems", 0)
    longest = min(schema.get("maxItems", math.inf), shortest + _FEW)
    items = strategy_for(schema.get("items", {"type": list(_TYPES[:5])}))
    unique = repr if schema.get("uniqueItems") else None
    return st.lists(items, min_size=shortest, max_size=int(longest), unique_by=unique)


def _objects(schema: Mapping[str, Any]) -> SearchStrategy[Any]:
    """Return objects of the documented properties alone, each optional one in some of them."""
    required = set(schema.get("required", ()))
    known = {name: strategy_for(part) for name, part in schema.get("properties", {}).items()}
    if required - set(known):
        raise DeclarationError(f"the schema requires {sorted(required - set(known))!r} without describing it")
    optional = {name: part for name, part in known.items() if name not in required}
    return st.fixed_dictionaries({name: known[name] for name in known if name in required}, optional=optional)
