"""A small delay service that keeps its contract, and breaks it in one named way with `--fault NAME`.

python model_service.py --port 8000 [--fault NAME]
"""

from __future__ import annotations

import argparse
import functools
import json
import math
import random
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

CARRIERS = ("AA", "DL", "UA")
FIELDS = {
    "carrier": {"type": "string", "enum": list(CARRIERS)},
    "origin": {"type": "string", "pattern": "^[A-Z]{3}$"},
    "dep_delay": {"anyOf": [{"type": "number", "minimum": -60, "maximum": 1500}, {"type": "null"}]},
    "distance": {"type": "integer", "minimum": 1, "maximum": 5000},
    "hour": {"type": "integer", "minimum": 0, "maximum": 23},
}
MAX_ROWS, MAX_BODY = 1000, 2_000_000
Environ = Mapping[str, Any]


class Refused(Exception):
    """The request is wrong."""

    def __init__(self, status: int, code: str, field: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error = {"code": code, "field": field, "message": message}


def document() -> dict[str, Any]:
    """Return the OpenAPI document."""
    row = {"type": "object", "additionalProperties": False, "required": list(FIELDS), "properties": FIELDS}
    late = {"type": "object", "required": ["probability", "late"], "properties": {
        "probability": {"type": "number", "minimum": 0, "maximum": 1}, "late": {"type": "boolean"}}}  # fmt: skip
    text = {"type": "string"}
    error = {"type": "object", "required": ["error"], "properties": {"error": {
        "type": "object", "required": ["code", "field", "message"],
        "properties": {"code": text, "field": text, "message": text}}}}  # fmt: skip
    refused = {"description": "refused", "content": _json({"$ref": "#/components/schemas/Error"})}
    answer = {"type": "object", "required": ["predictions", "model_digest"], "properties": {
        "predictions": {"type": "array", "items": late}, "model_digest": text}}  # fmt: skip
    rows = {"type": "array", "minItems": 1, "maxItems": MAX_ROWS, "items": {"$ref": "#/components/schemas/Row"}}
    body = {"type": "object", "additionalProperties": False, "required": ["rows"], "properties": {"rows": rows}}
    status = {"type": "object", "required": ["status"], "properties": {"status": text}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "delay", "version": "1"},
        "paths": {
            "/ping": {"get": {"responses": {"200": {"description": "up", "content": _json(status)}}}},
            "/invocations": {
                "post": {
                    "requestBody": {"required": True, "content": _json(body)},
                    "responses": {"200": {"description": "answer", "content": _json(answer)}, "4XX": refused},
                }
            },
        },
        "components": {"schemas": {"Row": row, "Error": error}},
    }


def _json(schema: object) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def no_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object whose keys stand once."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise Refused(400, "twice", key[:50], f"{key[:50]} stands twice")
        found[key] = value
    return found


def integer(literal: str) -> float:
    """Return a number that no field takes for one that is too long: the field that holds it is named then."""
    return int(literal) if len(literal) <= 20 else math.inf


def read_rows(environ: Environ, fault: str) -> list[dict[str, Any]]:
    """Return the rows of a request, or refuse it."""
    if environ.get("CONTENT_TYPE", "").partition(";")[0].strip() != "application/json":
        raise Refused(415, "content_type", "", "the body must be application/json")
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length > MAX_BODY:
        raise Refused(413, "too_large", "", "the body is too large")
    raw = environ["wsgi.input"].read(length)
    try:
        if fault == "lenient_json":
            body: object = json.loads(raw.decode("utf-8", "replace"))
        else:
            body = json.loads(raw.decode("utf-8"), object_pairs_hook=no_twice, parse_int=integer)
    except (ValueError, RecursionError) as exc:
        raise Refused(400, "json", "", f"the body must be JSON: {exc!s:.100}") from exc
    return _check_rows(body, fault)


def _check_rows(body: Any, fault: str) -> list[dict[str, Any]]:
    if not isinstance(body, dict) or set(body) != {"rows"} or not isinstance(body["rows"], list):
        raise Refused(400, "shape", "rows", "the body must be an object with the list 'rows'")
    if not 1 <= len(body["rows"]) <= MAX_ROWS:
        raise Refused(400, "length", "rows", f"there must be 1 to {MAX_ROWS} rows")
    return [_check_row(row, fault) for row in body["rows"]]


def _check_row(row: Any, fault: str) -> Any:
    if fault == "crash_on_bad_row":
        return {name: row[name] + type(row[name])() if row[name] is not None else None for name in FIELDS}
    if not isinstance(row, dict):
        raise Refused(400, "row", "rows", "a row must be an object")
    if fault == "coerce":
        row = {name: _coerced(name, row.get(name)) for name in FIELDS}
    if set(row) != set(FIELDS):
        raise Refused(400, "fields", min(set(row) ^ set(FIELDS))[:50], "a row must have exactly the documented fields")
    for name, value in row.items():
        if not _fits(name, value):
            raise Refused(422 if fault == "quiet_422" else 400, "value", name, f"{name} is not allowed")
    return row


def _coerced(name: str, value: Any) -> Any:
    try:
        return value if isinstance(value, str) and name in {"carrier", "origin"} else int(float(value))
    except (TypeError, ValueError, OverflowError):
        return 0


def _fits(name: str, value: Any) -> bool:
    if name == "carrier":
        return value in CARRIERS if isinstance(value, str) else False
    if name == "origin":
        return isinstance(value, str) and len(value) == 3 and all("A" <= letter <= "Z" for letter in value)
    if name == "dep_delay" and value is None:
        return True
    if isinstance(value, bool) or not isinstance(value, int if name != "dep_delay" else (int, float)):
        return False
    low, high = {"dep_delay": (-60, 1500), "distance": (1, 5000), "hour": (0, 23)}[name]
    return low <= value <= high


def score(row: Mapping[str, Any]) -> float:
    """Return the probability of a late arrival."""
    delay = -5.0 if row["dep_delay"] is None else row["dep_delay"]
    raw = delay / 20 + row["hour"] / 24 - row["distance"] / 4000 + CARRIERS.index(row["carrier"]) / 10 - 1.2
    return 1 / (1 + math.exp(-max(min(raw, 30), -30)))


def predict(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the predictions, as the batch job would."""
    return [{"probability": p, "late": p >= 0.5} for p in map(score, rows)]


class Service:
    """The WSGI application."""

    def __init__(self, fault: str) -> None:
        self.fault, self.seen, self.lock = fault, 0, threading.Lock()
        self.jitter = random.Random(1)  # noqa: S311 - no secret

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        status, answer = self.route(environ)
        text = json.dumps(answer, sort_keys=self.fault == "quiet_key_order", indent=self._indent())
        if self.fault == "nan_answer" and status == 200:
            text = text.replace('"probability": 0.0', '"probability": NaN, "was": 0.0')
        start_response(f"{status} X", [("Content-Type", "application/json"), ("Content-Length", str(len(text)))])
        return [text.encode()]

    def _indent(self) -> int | None:
        return 1 if self.fault == "quiet_key_order" else None

    def route(self, environ: Environ) -> tuple[int, Any]:
        """Return the status and the body of an answer."""
        table: dict[str, tuple[str, Callable[[], Any]]] = {
            "/ping": ("GET", lambda: {"status": "ok"}),
            "/openapi.json": ("GET", self.document),
            "/invocations": ("POST", functools.partial(self.invoke, environ)),
        }
        method, answer = table.get(environ["PATH_INFO"], ("", dict))
        if not method:
            return (200, {}) if self.fault == "answers_everything" else _error(404, "path", "", "no such path")
        if environ["REQUEST_METHOD"] != method:
            return _error(405, "method", "", f"use {method}")
        try:
            return 200, answer()
        except Refused as refused:
            if self.fault == "echo":
                refused.error["message"] += str(environ["wsgi.input"].seek(0) or environ["wsgi.input"].read())
            if self.fault == "traceback":
                refused.error["message"] = 'Traceback (most recent call last):\n  File "/srv/app.py", line 1'
            return refused.status, {"error": refused.error}

    def document(self) -> dict[str, Any]:
        """Return the document, or a lying one."""
        served = document()
        if self.fault == "lying_document":
            served["components"]["schemas"]["Row"]["properties"]["distance"] = {"type": "integer", "minimum": 0}
        return served

    def invoke(self, environ: Environ) -> dict[str, Any]:
        """Return the predictions for a request."""
        time.sleep({"slow": 0.08, "quiet_jitter": self.jitter.uniform(0, 0.002)}.get(self.fault, 0))
        rows = read_rows(environ, self.fault)
        answers = predict(rows)
        with self.lock:
            self.seen += 1
            seen = self.seen
        _spoil(answers, rows, self.fault, seen)
        return {"predictions": answers, "model_digest": "sha256:0"}


def _spoil(answers: list[dict[str, Any]], rows: list[dict[str, Any]], fault: str, seen: int) -> None:
    for place, answer in enumerate(answers):
        if fault == "neighbours":
            answer["probability"] *= 1 - 0.01 * (rows[0]["hour"] < rows[place]["hour"])
        if fault == "order":
            answer["probability"] *= 1 - 0.001 * place
        if fault == "state":
            answer["probability"] *= 1 - 0.001 * (seen % 7)
        if fault == "half_precision":
            answer["probability"] = round(answer["probability"], 3)
            answer["late"] = answer["probability"] >= 0.5
        if fault == "undocumented_field":
            answer["debug"] = place
    if fault == "drops_a_row" and len(answers) > 1:
        answers.pop()
    if fault == "crash_on_null" and any(row["dep_delay"] is None for row in rows):
        raise ZeroDivisionError("no delay")
    if fault == "fails_sometimes" and seen % 5 == 0:
        raise ZeroDivisionError("now and then")


def _error(status: int, code: str, field: str, message: str) -> tuple[int, Any]:
    return status, {"error": {"code": code, "field": field, "message": message}}


def slow_service() -> Service:
    """Return a right service that takes its time, for a server that is started otherwise."""
    return Service("slow")


def serve(application: Callable[..., Any], *, port: int, threads: int) -> None:
    """Serve until told to end, and answer what is in flight then."""
    import waitress

    sys.path.insert(0, str(Path(__file__).parents[2]))
    from examples.flight_delay.drain import drain_on_sigterm

    server = waitress.create_server(application, host="127.0.0.1", port=port, threads=threads)
    drain_on_sigterm(server)
    server.run()


def main(make: Callable[[str], Service] = Service) -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--fault", default="")
    options = parser.parse_args()
    serve(make(options.fault), port=options.port, threads=4)


if __name__ == "__main__":
    main()
