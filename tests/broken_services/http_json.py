"""What the services of protocols share: a strict JSON reader, refusals, and a server for routes."""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

MAX_BODY = 2_000_000
Environ = Mapping[str, Any]
Answer = Callable[[Environ], tuple[int, str, bytes]]


class Refused(Exception):
    """The request is wrong."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def read_body(environ: Environ) -> tuple[str, bytes]:
    """Return the content type and the body of a request."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length > MAX_BODY:
        raise Refused(413, "the body is too large")
    return environ.get("CONTENT_TYPE", "").partition(";")[0].strip(), environ["wsgi.input"].read(length)


def read_json(raw: bytes) -> Any:
    """Return the value of a JSON text, no key twice; a number that is too long is infinite, for a field to refuse."""
    try:
        return json.loads(raw.decode("utf-8"), object_pairs_hook=_no_twice, parse_int=_integer)
    except (ValueError, RecursionError) as exc:
        raise Refused(400, f"the body must be JSON: {exc!s:.100}") from exc


def _no_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    twice = [name for name, times in Counter(key for key, _ in pairs).items() if times > 1]
    if twice:
        raise ValueError(f"{twice[0]:.40} stands twice")
    return dict(pairs)


def _integer(literal: str) -> float:
    return int(literal) if len(literal) < 30 else math.inf


def is_value(value: object, kinds: tuple[type, ...]) -> bool:
    """Say whether a value is of some types: a boolean is no number, a number is finite, a text has whole letters."""
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        return False
    if isinstance(value, str):
        return not any("\ud800" <= letter <= "\udfff" for letter in value)
    return not isinstance(value, float) or math.isfinite(value)


def as_json(value: object, status: int = 200) -> tuple[int, str, bytes]:
    """Return an answer in JSON."""
    return status, "application/json", json.dumps(value).encode()


def serve(routes: Callable[[str], Mapping[tuple[str, str], Answer]], error: Callable[[str], object]) -> None:
    """Serve routes (method and path) of a `--fault` at a `--port` until ended; `error` makes the body of a refusal."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--fault", default="")
    options = parser.parse_args()
    table = routes(options.fault)

    def application(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        status, content_type, body = _route(table, environ, error)
        start_response(f"{status} X", [("Content-Type", content_type), ("Content-Length", str(len(body)))])
        return [body]

    from waitress import serve as run

    run(application, host="127.0.0.1", port=options.port, threads=4)


def _route(
    table: Mapping[tuple[str, str], Answer], environ: Environ, error: Callable[[str], object]
) -> tuple[int, str, bytes]:
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    answer = table.get((method, path))
    if answer is None:
        known = any(path == one for _, one in table)
        return as_json(error(f"use another {'method' if known else 'path'}"), 405 if known else 404)
    try:
        return answer(environ)
    except Refused as refused:
        return as_json(error(str(refused)), refused.status)
