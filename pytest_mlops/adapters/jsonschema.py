"""JSON Schema (draft 2020-12) through jsonschema: says what is wrong with a value, in our words."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import DeclarationError, MissingExtra

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_mlops.core.plain import Json


def compile_schema(schema: Mapping[str, Json]) -> Callable[[object], str]:
    """Return a function that says what is wrong with a value: `''`, or where and what, on one line.

    Parameters
    ----------
    schema
        With no reference left in it.

    Raises
    ------
    DeclarationError
        When it is no schema.
    """
    return _compiled(json.dumps(schema))


@functools.lru_cache(maxsize=256)  # checking a schema takes 5 ms, and every answer is checked
def _compiled(text: str) -> Callable[[object], str]:
    library, schema = _jsonschema(), json.loads(text)
    try:
        library.Draft202012Validator.check_schema(schema)
    except library.SchemaError as exc:
        raise DeclarationError(
            f"the schema at {exc.json_path} must be JSON Schema 2020-12: {exc.message:.200}"
        ) from exc
    validator = library.Draft202012Validator(schema, format_checker=library.Draft202012Validator.FORMAT_CHECKER)

    def problem(value: object) -> str:
        error = library.exceptions.best_match(validator.iter_errors(value))
        return "" if error is None else f"{error.json_path}: {error.message:.200}"

    return problem


def validator_of(schema: Mapping[str, Json]) -> Callable[[object], bool]:
    """Return a function that says whether a value is of a schema, in the draft that the schema names.

    Raises
    ------
    DeclarationError
        When it is no schema.
    """
    library = _jsonschema()
    kind = library.validators.validator_for(schema)
    try:
        kind.check_schema(schema)
    except library.SchemaError as exc:
        raise DeclarationError(f"the schema at {exc.json_path} can't be used: {exc.message:.200}") from exc
    validator = kind(schema)
    return lambda value: bool(validator.is_valid(value))


def _jsonschema() -> Any:
    try:
        import jsonschema
    except ImportError as exc:
        raise MissingExtra(needs="a contract", library="jsonschema", extra="serving") from exc
    return jsonschema
