"""A service of SageMaker's two paths that keeps its contract, and breaks it in one named way with `--fault NAME`.

python -m tests.broken_services.sagemaker_service --port 8000 [--fault NAME]
"""

from __future__ import annotations

import csv
import io
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.broken_services.http_json import Answer, Environ, Refused, as_json, read_body, read_json, serve
from tests.broken_services.mlflow_service import FIELDS, Rows, check, error, predict

if TYPE_CHECKING:
    from collections.abc import Mapping


def routes(fault: str) -> Mapping[tuple[str, str], Answer]:
    """Return what it answers."""
    return {("GET", "/ping"): lambda _: (200, "text/plain", b""), ("POST", "/invocations"): partial(invoke, fault)}


def invoke(fault: str, environ: Environ) -> tuple[int, str, bytes]:
    """Return the predictions for a request in one of three forms."""
    content_type, raw = read_body(environ)
    if content_type not in _READ or (fault == "quiet_no_csv" and content_type == "text/csv"):
        raise Refused(415, f"the body must be one of {sorted(_READ)}")
    rows = _READ[content_type](raw, fault)
    predictions = predict([row if fault == "accepts_all" else check(row) for row in rows])
    if fault == "lines_off_by_one" and content_type == "application/jsonlines":
        predictions = [*predictions[1:], *predictions[:1]]
    if fault == "quiet_lines_answered" and content_type == "application/jsonlines":
        return 200, content_type, "\n".join(map(repr, predictions)).encode()
    return as_json({"predictions": predictions})


def _instances(raw: bytes, fault: str) -> Rows:
    body = read_json(raw)
    listed = body.get("instances") if isinstance(body, dict) and len(body) == 1 else None
    if not isinstance(listed, list) or not listed:
        raise Refused(400, "the body must have the list 'instances'")
    if fault == "silent_default":
        return [{"distance": 0, **row} if isinstance(row, dict) else row for row in listed]
    return listed


def _lines(raw: bytes, fault: str) -> Rows:  # noqa: ARG001 - one shape for all
    return [read_json(line) for line in raw.splitlines() if line.strip()]


def _csv(raw: bytes, fault: str) -> Rows:
    lines = list(csv.reader(io.StringIO(raw.decode(), newline="")))
    if fault == "csv_header_expected":
        lines = lines[1:]
    return [_row(line) for line in lines]


def _row(line: list[str]) -> dict[str, Any]:
    carrier, delay, distance, late = line
    return dict(zip(FIELDS, (carrier, float(delay), int(distance), late == "True"), strict=True))


_READ = {"application/json": _instances, "application/jsonlines": _lines, "text/csv": _csv}


if __name__ == "__main__":
    serve(routes, error)
