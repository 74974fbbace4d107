"""What is wrong with the answer to a request that must be refused: pure functions from an exchange to a sentence."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from pytest_mlops.stages.contract.answers import no_constant, wrong_with_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_mlops.adapters.http import Exchange
    from pytest_mlops.stages.contract.document import Signature

REFUSAL_BYTES = 4 * 1024
REFUSAL_S = 2.0
_INSIDES = re.compile(r'Traceback \(most recent|File \\?"[^"]+", line \d+|/[\w.-]+/[\w./-]*\.py\b|site-packages')
# What would be known again: a text that is a value (not a key), of its first 40 letters; a number of 30 digits.
_DISTINCTIVE = re.compile(r'[:\[]\s*"([ !#-\[\]-~]{8,40})|(\d{30,40})')
_LOOKED_AT = 100_000
_LONG_WORD = 16
_START = 40  # letters of a body by which it is known again
_KEYS = re.compile(r'"([^"\\]+)"\s*:')
_TENSORS = re.compile(r'"name"\s*:\s*"([^"\\]+)"')  # where fields are tensors, each with its name
_TOO_LARGE = 413  # refused before it was read
_FEW_FIELDS = 2  # of which each may be named


def wrong_with_refusal(exchange: Exchange, signature: Signature, *, field: str = "") -> str:
    """Say what is wrong with the answer to a request that must be refused, because of `field` where it is one."""
    status = exchange.status
    if status is None or not 400 <= status < 500:  # noqa: PLR2004 - HTTP's own numbers
        return f"must be refused with 4xx, got {status or exchange.problem}"
    return (
        wrong_with_manner(exchange)
        or _wrong_with_error(exchange, signature.error_for(status))
        or _sent_back(exchange, signature)
        or _not_named(exchange, signature, field)
    )


def wrong_with_manner(exchange: Exchange) -> str:
    """Say what is wrong with how long a refusal took and what it tells."""
    if exchange.elapsed_s > REFUSAL_S:
        return f"must be refused within {REFUSAL_S:g} s, took {exchange.elapsed_s:.1f} s"
    if len(exchange.body) > REFUSAL_BYTES:
        return f"a refusal must have at most {REFUSAL_BYTES:,} bytes, got {len(exchange.body):,}"
    told = _INSIDES.search(_text(exchange.body))
    return f"a refusal must not show the server's insides, got {told[0]!r}" if told else ""


def _wrong_with_error(exchange: Exchange, schema: Mapping[str, Any] | None) -> str:
    if schema is None:
        return f"the document describes no 4xx answer, got {exchange.status}"
    return wrong_with_json(exchange, schema)


def _sent_back(exchange: Exchange, signature: Signature) -> str:
    """Say what was sent back: the body, or a value; a word of the document is none, and neither is a number alone."""
    told, documented = _text(exchange.body).replace("\\", ""), json.dumps(signature.body)
    sent = _text(exchange.request.body[:_LOOKED_AT])
    if len(sent) >= _START and sent[:_START] in told:
        return "a refusal must not send back the body that was sent"
    for text, digits in _DISTINCTIVE.findall(sent):
        value = text or digits
        if value in told and value not in documented and _is_distinctive(value):
            return f"a refusal must not send back the values that were sent, got {value[:20]!r}"
    return ""


def _is_distinctive(value: str) -> bool:
    """Say whether a text is more than a word, which a message may use for itself."""
    return not value.isalpha() or len(value) >= _LONG_WORD


def _not_named(exchange: Exchange, signature: Signature, field: str) -> str:
    """Say that the field which is wrong is not named; to name all fields is to name none."""
    if not field or exchange.status == _TOO_LARGE:
        return ""
    told, called = _text(exchange.body), signature.wire.called
    field, fields = called(field), {called(name) for name in signature.row["properties"]}
    named = [name for name in fields if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", told)]
    if field in named and (len(named) < len(fields) or len(named) <= _FEW_FIELDS):
        return ""
    if _points_at(told, _text(exchange.request.body), field):
        return ""
    got = "all of them" if field in named else ", ".join(map(repr, named)) or "no field"
    return f"a refusal must name the field that is wrong, {field!r}, got {got}"


def _points_at(told: str, sent: str, field: str) -> bool:
    """Say whether a number in the error is a place in that field's value, in a text that is no JSON.

    A reader that stops in the middle of a text can't always say in which field that is.
    """
    if _is_json(sent):
        return False
    places = {int(number) for number in re.findall(r"\d{1,9}", told)}
    before = [sent[: place + 3] for place in places if place <= len(sent)]
    return any(names.findall(text)[-1:] == [field] for text in before for names in (_KEYS, _TENSORS))


def _is_json(text: str) -> bool:
    try:
        json.loads(text, parse_constant=no_constant, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return False
    return True


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")
