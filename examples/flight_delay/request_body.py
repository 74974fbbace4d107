"""Reading a request: strict JSON, then the contract; what is wrong is said with the field."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

from examples.flight_delay.contract import build_document

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jsonschema import ValidationError

_SHOWN = 60
_DIGITS = 400  # of an integer; every float has fewer before its point


class BadRequest(Exception):
    """A request that is refused, with its status, code and field."""

    def __init__(self, status: int, code: str, message: str, field: str | None = None) -> None:
        self.status, self.code, self.message, self.field = status, code, message, field
        super().__init__(message)


_DOCUMENT = build_document()
_VALIDATOR = Draft202012Validator({"$ref": "#/components/schemas/Request", "components": _DOCUMENT["components"]})


def read_rows(body: bytes) -> list[dict[str, Any]]:
    """Return the rows of a request body.

    Raises
    ------
    BadRequest
        400 for what is not strict JSON in UTF-8 (a key twice, a number that no float holds), 422 for what breaks the
        contract.
    """
    value = _parse(body)
    error = next(iter(_VALIDATOR.iter_errors(value)), None)
    if error is not None:
        raise BadRequest(422, f"invalid_{error.validator}", _message(error), _field(error))
    rows: list[dict[str, Any]] = value["rows"]
    return rows


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8"), parse_int=_integer, object_pairs_hook=_object)
    except UnicodeDecodeError as exc:
        raise BadRequest(400, "not_utf8", f"the body must be UTF-8, byte {exc.start} is not") from exc
    except RecursionError as exc:
        raise BadRequest(400, "too_deep", "the body is nested too deep") from exc
    except json.JSONDecodeError as exc:
        raise BadRequest(
            400, "not_json", f"the body must be one JSON document, it is none from character {exc.pos} on"
        ) from exc


def _integer(digits: str) -> float:
    return int(digits) if len(digits) <= _DIGITS else math.inf


def _object(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; a key twice, and a number that is none or too large for a float, are refused by name."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise BadRequest(400, "duplicate_key", f"the key {_short(key)} is given twice", _short(key))
        if isinstance(value, float) and not math.isfinite(value):
            raise BadRequest(400, "not_finite", f"{_short(key)} must be a finite number", _short(key))
        found[key] = value
    return found


def _field(error: ValidationError) -> str:
    """Return the place as `rows[0].distance`; a missing or unknown field is named itself."""
    steps = list(error.absolute_path)
    rule: Any = error.validator_value
    given: Any = error.instance
    schema: Any = error.schema
    if error.validator == "required":
        steps.append(next(name for name in rule if name not in given))
    elif error.validator == "additionalProperties":
        steps.append(next(_short(name) for name in sorted(given) if name not in schema["properties"]))
    words = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return words.lstrip(".") or "body"


def _message(error: ValidationError) -> str:
    """Return what the field must be; the value itself is not sent back."""
    must = {
        "required": "is missing",
        "additionalProperties": "is not a field of the contract",
        "type": f"must be of type {error.validator_value}",
        "minItems": f"must have at least {error.validator_value} items",
        "maxItems": f"must have at most {error.validator_value} items",
        "enum": f"must be one of {error.validator_value}",
    }
    rule = must.get(str(error.validator), f"must have {error.validator} {error.validator_value}")
    return f"{_field(error)} {rule}"


def _short(text: str) -> str:
    """Return a name from outside as ASCII and short, so that an answer stays small and valid."""
    safe = text.encode("ascii", "backslashreplace").decode()
    return safe if len(safe) <= _SHOWN else f"{safe[:_SHOWN]}..."
