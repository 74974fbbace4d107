"""What is wrong with an answer: pure functions from an exchange to a sentence, empty where nothing is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.jsonschema import compile_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_mlops.adapters.http import Exchange
    from pytest_mlops.stages.contract.document import Signature


def read_json(body: bytes) -> Any:
    """Return the value of a JSON text in UTF-8.

    Raises
    ------
    ValueError
        When it is none; NaN and infinities, which Python would read, are none.
    """
    return json.loads(body.decode("utf-8"), parse_constant=no_constant)


def no_constant(literal: str) -> float:
    """Refuse a literal that Python reads and JSON does not know."""
    raise ValueError(f"{literal} is not JSON")


def wrong_with_json(exchange: Exchange, schema: Mapping[str, Any] | None) -> str:
    """Say what is wrong with the body of an answer by its schema."""
    if exchange.content_type.partition(";")[0].strip().lower() not in {"application/json", "application/problem+json"}:
        return f"the answer must be application/json, got {exchange.content_type or 'no content type'!r}"
    try:
        value = read_json(exchange.body)
    except (ValueError, RecursionError) as exc:
        return f"the answer is not JSON: {exc!s:.120}"
    problem = "" if schema is None else compile_schema(schema)(value)
    return f"the answer is not as documented at {problem}" if problem else ""


def wrong_with_answer(exchange: Exchange, signature: Signature, rows: int) -> str:
    """Say what is wrong with the answer to a valid request with so many rows."""
    if exchange.status != 200:  # noqa: PLR2004 - HTTP's own number
        return f"a valid request must be answered 200, got {exchange.status or exchange.problem}"
    problem = wrong_with_json(exchange, signature.answer_for(200))
    if problem:
        return problem
    try:
        answered = len(signature.wire.decode(exchange.body))
    except ValueError as exc:
        return str(exc)
    return "" if answered == rows else f"{rows} rows must get as many predictions, got {answered}"
