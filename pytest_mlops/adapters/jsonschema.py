"""JSON Schema (draft 2020-12) through jsonschema: says what is wrong with a value, in our words."""

from __future__ import annotations

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
    library = _jsonschema()
    try:
        library.Draft202012Validator.check_schema(schema)
    except library.SchemaError as exc:
        raise DeclarationError(f"the schema at {exc.json_path} must be JSON Schema 2020-12: {exc.message:.200}") from exc
    validator = library.Draft202012Validator(schema, format_checker=library.Draft202012Validator.FORMAT_CHECKER)

    def problem(value: object) -> str:
        error = library.exceptions.best_match(validator.iter_errors(value))
        return "" if error is None else f"{error.json_path}: {error.message:.200}"

    return problem


def _jsonschema() -> Any:  # noqa: ANN401 - the module
    try:
        import jsonschema  # noqa: PLC0415 - only where a contract is checked
    except ImportError as exc:
        raise MissingExtra(needs="a contract", library="jsonschema", extra="serving") from exc
    return jsonschema
