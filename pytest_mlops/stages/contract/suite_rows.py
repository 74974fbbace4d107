"""Rows of requests as a suite of expectations describes them, completed by what the document says."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.hypothesis import strategy_of
from pytest_mlops.stages.data.specs import Spec, specs_of
from pytest_mlops.stages.data.strategies import rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypothesis.strategies import SearchStrategy

    from pytest_mlops.stages.data.suite import Suite

_KINDS = {"integer": "whole", "number": "float", "string": "text", "boolean": "boolean"}
_UNDERSTOOD = {
    "type", "enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "pattern",
    "title", "description", "default", "example", "examples",
}  # fmt: skip


def rows_of_suite(suite: Suite, row: Mapping[str, Any]) -> SearchStrategy[dict[str, Any]]:
    """Return the strategy of rows with the document's fields, whose values a suite allows.

    Types, and whether a value may be null, are the document's; so is every bound on which the suite is silent. Where
    the suite allows more than the document, such values are drawn: then the two disagree, and that is a finding.
    Columns of which the document knows nothing are left out; so is what the suite says of a field with a schema of
    another kind (an object, a choice of schemas), which is drawn from the document.
    """
    fields = row["properties"]
    specs = specs_of(suite.entries)
    known = {
        name: _completed(spec, fields[name])
        for name, spec in specs.columns.items()
        if name in fields and set(fields[name]) <= _UNDERSTOOD and _kind(fields[name]) is not None
    }
    others = {name: strategy_of(schema) for name, schema in fields.items() if name not in known}
    return rows_of(specs.only(known), others).map(_as_json)


def _kind(schema: Mapping[str, Any]) -> str | None:
    kinds = [name for name in _types(schema) if name != "null"]
    return _KINDS.get(kinds[0]) if len(kinds) == 1 else None


def _types(schema: Mapping[str, Any]) -> list[str]:
    said = schema.get("type", [])
    return [said] if isinstance(said, str) else list(said)


def _completed(spec: Spec, schema: Mapping[str, Any]) -> Spec:
    low = _end(schema, "minimum", "exclusiveMinimum") if spec.low is None else spec.low
    high = _end(schema, "maximum", "exclusiveMaximum") if spec.high is None else spec.high
    kind = spec.kind if spec.kind in {"time", "date"} else _kind(schema) or spec.kind
    listed = tuple(value for value in schema["enum"] if value is not None) if "enum" in schema else None
    lengths = (int(schema.get("minLength", 0)), int(schema.get("maxLength", 40))) if kind == "text" else None
    return replace(
        spec,
        kind=kind,
        low=low,
        high=high,
        among=listed if spec.among is None else spec.among,
        pattern=spec.pattern or schema.get("pattern", ""),
        lengths=spec.lengths or lengths,
        filled=spec.filled or "null" not in _types(schema),
        unique=False,
    )


def _end(schema: Mapping[str, Any], at_most: str, less_than: str) -> tuple[Any, bool] | None:
    if less_than in schema:
        return schema[less_than], True
    return (schema[at_most], False) if at_most in schema else None


def _as_json(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, dt.date) else value for name, value in row.items()}
