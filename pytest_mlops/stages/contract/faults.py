"""Requests with exactly one fault, each with a name: what a service must refuse."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.http import Request
from pytest_mlops.adapters.jsonschema import compile_schema
from pytest_mlops.stages.contract.malformed import MALFORMED, NO_NUMBERS
from pytest_mlops.stages.contract.space import kinds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytest_mlops.stages.contract.document import Signature

Rows = list[dict[str, Any]]
_MARK = "\ue000raw\ue000"  # stands for a literal that json.dumps cannot write
_DEPTH = 2_000
_DIGITS = 5_000
_LETTERS = 5_000_000
_KEY_LETTERS = 20_000
_MOST_ROWS = 20_000  # beyond, one row too many is a request too large to be worth sending

# Literals that are no number (RFC 8259 knows no NaN), or none that any machine can hold.
_LITERALS = MappingProxyType({
    "nan": "NaN",
    "infinity": "Infinity",
    "minus_infinity": "-Infinity",
    "overflowing_number": "1e999",
    "integer_of_5000_digits": "9" * _DIGITS,
})  # fmt: skip
_VALUES: Mapping[str, Any] = MappingProxyType({
    "null": None,
    "boolean": True,
    "text_for_number": "12",
    "padded_number": " 12 ",
    "fraction": 12.5,
    "number_for_text": 12,
    "other_word": "quizzical-otter",
    "empty_text": "",
    "list": [],
    "object": {},
})  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """A named way to spoil a request: `spoil` gets rows that are valid, and returns None where it does not apply.

    Some readers let a tolerable one pass; then the answer must be right.
    """

    name: str
    spoil: Callable[[Rows], Request | None]
    tolerable: bool = False

    @property
    def field(self) -> str:
        """The field that is wrong, where it is one."""
        return self.name.partition(":")[2]


def faults_of(signature: Signature) -> dict[str, Fault]:
    """Return every fault that the document of a service makes one, by name."""
    every = [*_of_text(signature), *_of_shape(signature), *_of_fields(signature)]
    return {fault.name: fault for fault in every}


def request(signature: Signature, rows: Rows) -> Request:
    """Return the request for rows, without any fault."""
    return signature.wire.encode(rows)


def _raw(signature: Signature, text: str | bytes) -> Request:
    body = text if isinstance(text, bytes) else text.encode()
    return Request(method="POST", path=signature.path, body=body)


def _text(signature: Signature, rows: Rows) -> str:
    return signature.wire.encode(rows).body.decode()


def _of_text(signature: Signature) -> Iterator[Fault]:
    """Yield faults of the text itself, whatever the schema says."""

    def edited(name: str, edit: Callable[[str], str | bytes]) -> Fault:
        return Fault(name, lambda rows: _raw(signature, edit(_text(signature, rows))))

    for name, edit in MALFORMED.items():
        yield edited(name, edit)
    yield edited("deep_nesting", lambda _: f'{{"{signature.rows}": {"[" * _DEPTH}{"]" * _DEPTH}}}')
    yield edited("duplicate_key_at_root", lambda text: f'{text[:-1]}, "{signature.rows}": []}}')
    yield replace(edited("byte_order_mark", lambda text: f"\ufeff{text}"), tolerable=True)
    yield _of_type(signature, "wrong_content_type", "application/x-www-form-urlencoded")
    yield _of_type(signature, "text_content_type", "text/plain")
    yield replace(_of_type(signature, "empty_content_type", ""), tolerable=True)


def _of_type(signature: Signature, name: str, content_type: str) -> Fault:
    return Fault(name, lambda rows: replace(_raw(signature, _text(signature, rows)), content_type=content_type))


def _of_shape(signature: Signature) -> Iterator[Fault]:
    """Yield faults of the body and of its list of rows, as far as the schema refuses them."""
    if own := signature.wire.faults():
        yield from (Fault(*named) for named in own.items())
        return
    problem = compile_schema(signature.body)
    name = signature.rows

    def shaped(fault: str, shape: Callable[[Rows], object]) -> Fault:
        def spoil(rows: Rows) -> Request | None:
            body = shape(rows)
            return _raw(signature, json.dumps(body)) if problem(body) else None

        return Fault(fault, spoil)

    yield shaped("array_at_root", lambda rows: rows)
    yield shaped("null_at_root", lambda _: None)
    yield shaped("number_at_root", lambda _: 12)
    yield shaped("encoded_twice", lambda rows: _text(signature, rows))
    yield shaped("empty_object", lambda _: {})
    yield shaped("empty_list", lambda _: {name: []})
    yield shaped("null_for_rows", lambda _: {name: None})
    yield shaped("object_for_rows", lambda rows: {name: rows[0]})
    yield shaped("text_for_rows", lambda rows: {name: json.dumps(rows)})
    yield shaped("null_for_a_row", lambda rows: {name: [*rows, None]})
    yield shaped("list_for_a_row", lambda rows: {name: [*rows, list(rows[0].values())]})
    yield shaped("extra_key_at_root", lambda rows: {name: rows, "no_such_key": 1})
    if signature.max_rows <= _MOST_ROWS:
        yield shaped("too_many_rows", lambda rows: {name: rows[:1] * (signature.max_rows + 1)})


def _of_fields(signature: Signature) -> Iterator[Fault]:
    """Yield faults of one field of one row, as far as the schema refuses them."""
    problem = compile_schema(signature.row)

    def changed(fault: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Fault:
        def spoil(rows: Rows) -> Request | None:
            row = change(rows[-1])
            return _raw(signature, _text(signature, [*rows[:-1], row])) if problem(row) else None

        return Fault(fault, spoil)

    yield changed("extra_field", lambda row: {**row, "no_such_field": 1})
    yield changed("huge_key", lambda row: {**row, "A" * _KEY_LETTERS: 1})
    for field, schema in signature.row.get("properties", {}).items():
        yield changed(f"missing:{field}", lambda row, field=field: _without(row, field))  # type: ignore[misc]
        huge = {"huge_text": "A" * _LETTERS} if "string" in kinds_of(schema) else {}
        for kind, value in {**_VALUES, **huge, **_beyond(schema)}.items():
            yield changed(f"{kind}:{field}", lambda row, field=field, value=value: {**row, field: value})  # type: ignore[misc]
        yield changed(f"list_of_one:{field}", lambda row, field=field: {**row, field: [row.get(field)]})  # type: ignore[misc]
        yield from _of_literals(signature, field, schema)
    yield from _of_number(signature)


def _of_literals(signature: Signature, field: str, schema: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield faults that only the text of a value can show."""
    kinds = kinds_of(schema)
    if kinds & {"number", "integer"}:
        for name, literal in _LITERALS.items():
            yield _written(signature, field, name, literal)
    if "string" in kinds:
        yield _written(signature, field, "lone_surrogate", '"\\ud800"')
    yield Fault(f"duplicate_key:{field}", lambda rows: _twice(signature, rows, field))


def _of_number(signature: Signature) -> Iterator[Fault]:
    """Yield the faults of how a number is written, in the first field that takes one: there is one reader for all."""
    fields = signature.row.get("properties", {})
    field = next((name for name, schema in fields.items() if kinds_of(schema) & {"number", "integer"}), None)
    if field is not None:
        yield from (_written(signature, field, name, literal) for name, literal in NO_NUMBERS.items())


def _written(signature: Signature, field: str, fault: str, literal: str) -> Fault:
    def spoil(rows: Rows) -> Request | None:
        if field not in rows[-1]:
            return None
        text = _text(signature, [*rows[:-1], {**rows[-1], field: _MARK}])
        return _raw(signature, text.replace(json.dumps(_MARK), literal))

    return Fault(f"{fault}:{field}", spoil)


def _twice(signature: Signature, rows: Rows, field: str) -> Request | None:
    if field not in rows[-1]:
        return None
    text = _text(signature, [*rows[:-1], {**rows[-1], _MARK: rows[-1][field]}])
    return _raw(signature, text.replace(json.dumps(_MARK), json.dumps(field)))


def _without(row: Mapping[str, Any], field: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != field}


def _beyond(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values just outside the bounds of a field; the schema itself says whether they are faults."""
    bounds = [schema, *schema.get("anyOf", ()), *schema.get("oneOf", ())]
    values: dict[str, Any] = {}
    for part in bounds:
        for name, key, step in (("below", "minimum", -1), ("above", "maximum", 1)):
            if key in part:
                values[name] = part[key] + step
        if "maxLength" in part:
            values["too_long"] = "A" * (part["maxLength"] + 1)
    return values
