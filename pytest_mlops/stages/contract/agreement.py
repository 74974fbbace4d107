"""Where two sources of an input space disagree: a field in one only, another type, values that one does not allow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.jsonschema import compile_schema
from pytest_mlops.stages.contract.space import kinds_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_mlops.stages.contract.space import Field, Seen, Space

_WIDTHS = {"FP16": 16, "FP32": 32, "FP64": 64, "float": 32, "double": 64}  # of numbers, where a source tells it


def disagreements(own: Space, other: Space) -> Iterator[tuple[str, str]]:
    """Yield the fields on which two sources disagree, and both sides in words; `own` is the nearer to the service.

    Types agree where the other allows all that the own does: a service of integers may have a model of numbers.
    """
    ours = {field.name: field for field in own.fields}
    theirs = {field.name: field for field in other.fields}
    for name in ours:
        if name not in theirs:
            yield name, f"{own.source} has the field {name!r}, {other.source} has none of that name"
    for name, field in theirs.items():
        if name not in ours:
            yield name, f"{other.source} has the field {name!r}, {own.source} has none of that name"
        elif other.seen is None:
            yield from _of_types(own, ours[name], other, field)
        else:
            yield from _of_values(own, ours[name], other, field, other.seen[name])


def _of_types(own: Space, ours: Field, other: Space, theirs: Field) -> Iterator[tuple[str, str]]:
    """Compare what two sources say of a field."""
    name = ours.name
    (kinds, length), (others, other_length) = (_innermost(field.schema) for field in (ours, theirs))
    widths = [_WIDTHS.get(field.said) for field in (ours, theirs)]
    sides = f"{own.source} says {ours.said}, {other.source} says {theirs.said}"
    if (kinds and others and not _holds(kinds, others)) or length != other_length:
        yield name, f"{name}: {sides}{'' if length == other_length else f', of {length} and {other_length} values'}"
    elif None not in widths and widths[0] != widths[1]:
        yield name, f"{name}: {sides}, which has other digits"
    elif ours.nullable and theirs.nullable is False:
        yield name, f"{name}: {own.source} allows null, {other.source} has no missing value of {theirs.said}"
    elif theirs.required and not ours.required:
        yield name, f"{name}: {own.source} lets a row leave it out, {other.source} requires it"


def _innermost(schema: Mapping[str, Any], length: int = 1) -> tuple[set[str], int]:
    """Return the types of a field's values, in lists too, and how many there are in a list of a fixed length."""
    kinds = kinds_of(schema) - {"null"}
    if kinds == {"array"} and "items" in schema:
        return _innermost(schema["items"], length * schema.get("maxItems", 1))
    return kinds, length


def _holds(kinds: set[str], others: set[str]) -> bool:
    """Say whether all of some types are of other types; every integer is a number."""
    return kinds <= (others | {"integer"} if "number" in others else others)


def _of_values(own: Space, ours: Field, other: Space, theirs: Field, seen: Seen) -> Iterator[tuple[str, str]]:
    """Compare what a source says of a field with what an example shows of it."""
    name = ours.name
    kinds = [kinds_of(field.schema) - {"null"} for field in (theirs, ours)]
    if all(kinds) and not _holds(*kinds):
        yield name, f"{name}: {own.source} says {ours.said}, {other.source} has {theirs.said}"
        return
    if seen.nulls and ours.nullable is False:
        yield name, f"{name}: {own.source} does not allow null, {other.source} has missing values"
    problem = compile_schema(ours.written)
    wrong = next((value for value in seen.values if problem(value)), None)
    if wrong is not None:
        yield name, f"{name}: {own.source} does not allow what {other.source} has: {_words(problem(wrong))}"


def _words(problem: str) -> str:
    return problem.removeprefix("$: ")


def ranges_of(example: Space) -> dict[str, tuple[Any, Any]]:
    """Return the least and the greatest number of each field of numbers in an example."""
    seen = example.seen or {}
    found: dict[str, tuple[Any, Any]] = {}
    for field in example.fields:
        values = seen[field.name].values
        if kinds_of(field.schema) & {"integer", "number"} and values:
            found[field.name] = min(values), max(values)
    return found
