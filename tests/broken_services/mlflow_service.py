"""A service of MLflow's scoring protocol that is stricter than MLflow's own, and broken in one way with `--fault NAME`.

python -m tests.broken_services.mlflow_service --port 8000 [--fault NAME]
"""

from __future__ import annotations

import csv
import io
import json
import struct
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.broken_services.http_json import Answer, Environ, Refused, as_json, is_value, read_body, read_json, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

FIELDS: dict[str, tuple[type, ...]] = {
    "carrier": (str,),
    "dep_delay": (int, float),
    "distance": (int,),
    "late": (bool,),
}
Rows = list[dict[str, Any]]


def save_signature(folder: Path) -> Path:
    """Write the `MLmodel` file of its model."""
    types = {"carrier": "string", "dep_delay": "double", "distance": "long", "late": "boolean"}
    inputs = [{"type": kind, "name": name, "required": True} for name, kind in types.items()]
    folder.mkdir(exist_ok=True)
    outputs = json.dumps([{"type": "double", "required": True}])
    (folder / "MLmodel").write_text(
        f"flavors: {{}}\nsignature:\n  inputs: '{json.dumps(inputs)}'\n  outputs: '{outputs}'\n  params: null\n",
        encoding="utf-8",
    )
    return folder


def predict(rows: Rows) -> list[float]:
    """Return a number a row that depends on every field."""
    return [
        len(row["carrier"]) + min(max(row["dep_delay"], -1e6), 1e6) / 7 + (row["distance"] % 97) * 3 + 100 * row["late"]
        for row in rows
    ]


def routes(fault: str) -> Mapping[tuple[str, str], Answer]:
    """Return what it answers."""
    up = {("GET", path): lambda _: (200, "application/json", b"\n") for path in ("/ping", "/health")}
    version: Answer = lambda _: (200, "application/json", b"3.17.2")  # noqa: E731 - one of a table
    return {**up, ("GET", "/version"): version, ("POST", "/invocations"): partial(invoke, fault)}


def invoke(fault: str, environ: Environ) -> tuple[int, str, bytes]:
    """Return the predictions for a request in any form."""
    content_type, raw = read_body(environ)
    if content_type == "text/csv":
        form, rows = "csv", from_csv(raw, fault)
    elif content_type == "application/json":
        form, rows = from_json(read_json(raw))
    else:
        raise Refused(415, "the body must be JSON or CSV")
    predictions = predict([check(row) for row in rows])
    if fault == f"{form}_differs":
        predictions[-1] += 0.5
    if fault == "csv_single_precision" and form == "csv":
        predictions = [struct.unpack("f", struct.pack("f", one))[0] for one in predictions]
    return as_json({"predictions": predictions})


def from_csv(raw: bytes, fault: str) -> Rows:
    """Return the rows of a CSV text."""
    header, *lines = csv.reader(io.StringIO(raw.decode(), newline=""))
    names = list(FIELDS) if fault == "csv_header_ignored" else header
    read: Mapping[str, Callable[[str], Any]] = {
        "carrier": str, "dep_delay": float, "distance": int, "late": lambda text: text.lower() == "true",
    }  # fmt: skip
    try:
        return [{name: read[name](cell) for name, cell in zip(names, line, strict=True)} for line in lines]
    except (ValueError, KeyError) as exc:
        raise Refused(400, f"the CSV can't be read: {exc!s:.100}") from exc


def from_json(body: Any) -> tuple[str, Rows]:
    """Return the form and the rows of a JSON body."""
    forms: dict[str, Callable[[Any], Rows]] = {
        "dataframe_records": list, "instances": list, "dataframe_split": _from_split, "inputs": _from_columns,
    }  # fmt: skip
    form, said = next(iter(body.items())) if isinstance(body, dict) and len(body) == 1 else ("", None)
    if form not in forms or not said or not isinstance(said, dict if form in {"dataframe_split", "inputs"} else list):
        raise Refused(400, f"the body must have one of {sorted(forms)}")
    return form, forms[form](said)


def _from_split(said: Any) -> Rows:
    return [dict(zip(said["columns"], row, strict=True)) for row in said["data"]]


def _from_columns(said: Any) -> Rows:
    return [dict(zip(said, row, strict=True)) for row in zip(*said.values(), strict=True)]


def check(row: Any) -> dict[str, Any]:
    """Return a row, or refuse it; other fields are left out, as MLflow does."""
    if not isinstance(row, dict):
        raise Refused(400, "a row must be an object")
    if missing := set(FIELDS) - set(row):
        raise Refused(400, f"a row must have {min(missing)}")
    for name, kinds in FIELDS.items():
        value: Any = row[name]
        if not is_value(value, kinds):
            raise Refused(400, f"{name} has another type")
        if name == "distance" and not -(2**63) <= int(row[name]) < 2**63:
            raise Refused(400, f"{name} is out of range")
    return {name: row[name] for name in FIELDS}


def error(message: str) -> object:
    """Return the body of a refusal."""
    return {"error_code": "BAD_REQUEST", "message": message}


if __name__ == "__main__":
    serve(routes, error)
