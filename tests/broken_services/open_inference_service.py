"""A service of the Open Inference Protocol, version 2, that keeps it, and breaks it in one way with `--fault NAME`.

python -m tests.broken_services.open_inference_service --port 8000 [--fault NAME]

It has the tensors `carrier` (BYTES) and `numbers` (FP64, three a row). With the fault `quiet_stacked` it has `input-0`
alone, of four columns.
"""

from __future__ import annotations

import math
import struct
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.broken_services.http_json import Answer, Environ, Refused, as_json, is_value, read_body, read_json, serve

if TYPE_CHECKING:
    from collections.abc import Mapping

HOME = "/v2/models/delay"
_KINDS: Mapping[str, tuple[type, ...]] = {"BYTES": (str,), "FP64": (int, float)}
Tensors = dict[str, tuple[str, tuple[int, ...]]]
TENSORS: Tensors = {"carrier": ("BYTES", ()), "numbers": ("FP64", (3,))}
STACKED: Tensors = {"input-0": ("FP64", (4,))}


def predict(carrier: str, numbers: list[float]) -> float:
    """Return a probability that depends on every number and on their order."""
    raw = sum(number * weight for number, weight in zip(numbers, (0.05, -0.0004, 0.02, 0.3), strict=False))
    return 1 / (1 + math.exp(-max(min(raw + len(carrier) / 10, 30), -30)))


def tensors(fault: str) -> Tensors:
    """Return its inputs: datatype and what of the shape comes after the rows."""
    return STACKED if fault == "quiet_stacked" else TENSORS


def routes(fault: str) -> Mapping[tuple[str, str], Answer]:
    """Return what it answers."""
    up: Answer = lambda _: as_json({"live": True})  # noqa: E731 - one of a table
    inputs = [
        {
            "name": name,
            "datatype": "INT64" if fault == "lying_metadata" and name == "numbers" else kind,
            "shape": [-1, *inner],
        }
        for name, (kind, inner) in tensors(fault).items()
    ]
    outputs = [
        {"name": "probability", "datatype": "FP64", "shape": [-1]},
        {"name": "late", "datatype": "BOOL", "shape": [-1]},
    ]
    metadata = {"name": "delay", "versions": ["1"], "platform": "python", "inputs": inputs, "outputs": outputs}
    got = {("GET", path): up for path in ("/v2/health/live", "/v2/health/ready", f"{HOME}/ready")}
    return {**got, ("GET", HOME): lambda _: as_json(metadata), ("POST", f"{HOME}/infer"): partial(infer, fault)}


def infer(fault: str, environ: Environ) -> tuple[int, str, bytes]:
    """Return the answer to a request of tensors."""
    content_type, raw = read_body(environ)
    if content_type != "application/json":
        raise Refused(415, "the body must be application/json")
    body = read_json(raw)
    columns = read_tensors(body, fault)
    carriers = columns.get("carrier") or [""] * len(columns["input-0"])
    probabilities = [predict(*row) for row in zip(carriers, columns.get("numbers") or columns["input-0"], strict=True)]
    if fault == "single_precision":
        probabilities = [struct.unpack("f", struct.pack("f", one))[0] for one in probabilities]
    count = len(probabilities)
    shape = [count, 1] if fault == "wrong_output_shape" else [count]
    late = {"name": "late", "datatype": "BOOL", "shape": [count], "data": [one >= 0.5 for one in probabilities]}
    probability = {"name": "probability", "datatype": "FP64", "shape": shape, "data": probabilities}
    return as_json({"model_name": "delay", "outputs": _named(body, [probability, late])})


def _named(body: dict[str, Any], outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the outputs that the request names, or all."""
    wanted = body.get("outputs", [{"name": one["name"]} for one in outputs])
    if not isinstance(wanted, list) or not all(isinstance(one, dict) for one in wanted):
        raise Refused(400, "outputs must be a list of objects")
    names = [one.get("name") for one in wanted]
    if set(names) - {one["name"] for one in outputs}:
        raise Refused(400, "there is no such output")
    return [one for one in outputs if one["name"] in names]


def read_tensors(body: Any, fault: str) -> dict[str, list[Any]]:
    """Return the rows of each tensor, or refuse the request."""
    listed = body.get("inputs") if isinstance(body, dict) else None
    if not isinstance(listed, list) or not all(
        isinstance(one, dict) and isinstance(one.get("name"), str) for one in listed
    ):
        raise Refused(400, "the body must have the list 'inputs' of named tensors")
    if sorted(one["name"] for one in listed) != sorted(tensors(fault)):
        raise Refused(400, f"the tensors must be {sorted(tensors(fault))}")
    order = tensors(fault) if fault == "tensors_by_place" else [one["name"] for one in listed]
    read = {name: _read_tensor(name, one, fault) for name, one in zip(order, listed, strict=True)}
    if len({len(rows) for rows in read.values()}) > 1:
        raise Refused(400, "the tensors must have as many rows")
    return read


def _read_tensor(name: str, said: dict[str, Any], fault: str) -> list[Any]:
    datatype, inner = tensors(fault)[name]
    if set(said) - {"parameters"} != {"name", "shape", "datatype", "data"}:
        raise Refused(400, f"{name} must have name, shape, datatype and data")
    shape, data = said["shape"], said["data"]
    if said["datatype"] != datatype and fault != "any_datatype":
        raise Refused(400, f"{name} must be {datatype}")
    if not isinstance(shape, list) or not all(type(size) is int for size in shape) or not isinstance(data, list):
        raise Refused(400, f"{name} must have a shape of numbers and a list of data")
    if tuple(shape[1:]) != inner or not shape or shape[0] < 1:
        raise Refused(400, f"{name} must have the shape {[-1, *inner]}")
    nested = bool(inner) and isinstance(data[:1] and data[0], list)
    flat = [value for part in data for value in _part(name, part, inner)] if nested else data
    if len(flat) != math.prod(shape) and fault != "any_shape":
        raise Refused(400, f"{name} has {len(flat)} values for its shape")
    if not all(is_value(one, _KINDS[datatype]) for one in flat):
        raise Refused(400, f"{name} has a value of another type")
    by_column = fault == "column_major" or (fault == "nested_column_major" and nested)
    return _rows(flat, inner, "by column" if by_column else "by row")


def _part(name: str, part: Any, inner: tuple[int, ...]) -> list[Any]:
    if not isinstance(part, list) or len(part) != inner[0]:
        raise Refused(400, f"{name} must have {inner[0]} values a row")
    return part


def _rows(flat: list[Any], inner: tuple[int, ...], order: str) -> list[Any]:
    if not inner:
        return flat
    count = len(flat) // inner[0]
    if order == "by column":
        return [flat[place::count] for place in range(count)]
    return [flat[place * inner[0] : (place + 1) * inner[0]] for place in range(count)]


def error(message: str) -> object:
    """Return the body of a refusal."""
    return {"error": message}


if __name__ == "__main__":
    serve(routes, error)
