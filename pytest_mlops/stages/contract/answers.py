"""What is wrong with an answer: pure functions from an exchange to a sentence, empty where nothing is."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.jsonschema import compile_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_mlops.adapters.http import Exchange
    from pytest_mlops.stages.contract.document import Signature

REFUSAL_BYTES = 4 * 1024
REFUSAL_S = 2.0
_INSIDES = re.compile(r'Traceback \(most recent|File \\?"[^"]+", line \d+|/[\w.-]+/[\w./-]*\.py\b|site-packages')


def read_json(body: bytes) -> Any:
    """Return the value of a JSON text in UTF-8.

    Raises
    ------
    ValueError
        When it is none; NaN and infinities, which Python would read, are none.
    """
    return json.loads(body.decode("utf-8"), parse_constant=_no_constant)


def _no_constant(literal: str) -> float:
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


def wrong_with_refusal(exchange: Exchange, signature: Signature) -> str:
    """Say what is wrong with the answer to a request that must be refused."""
    status = exchange.status
    if status is None or not 400 <= status < 500:  # noqa: PLR2004 - HTTP's own numbers
        return f"must be refused with 4xx, got {status or exchange.problem}"
    return _wrong_with_manner(exchange) or _wrong_with_error(exchange, signature.error_for(status))


def _wrong_with_manner(exchange: Exchange) -> str:
    """Say what is wrong with how long a refusal took and what it tells."""
    if exchange.elapsed_s > REFUSAL_S:
        return f"must be refused within {REFUSAL_S:g} s, took {exchange.elapsed_s:.1f} s"
    if len(exchange.body) > REFUSAL_BYTES:
        return f"a refusal must have at most {REFUSAL_BYTES:,} bytes, got {len(exchange.body):,}"
    told = _INSIDES.search(exchange.body.decode("utf-8", "replace"))
    return f"a refusal must not show the server's insides, got {told[0]!r}" if told else ""


def _wrong_with_error(exchange: Exchange, schema: Mapping[str, Any] | None) -> str:
    if schema is None:
        return f"the document describes no 4xx answer, got {exchange.status}"
    return wrong_with_json(exchange, schema)
