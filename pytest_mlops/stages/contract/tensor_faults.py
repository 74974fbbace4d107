"""Requests of tensors with exactly one fault in their shape, each with a name: what a service must refuse."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_mlops.adapters.http import Request
    from pytest_mlops.stages.contract.tensors import TensorWire
    from pytest_mlops.stages.contract.wire import Rows

Body = dict[str, Any]
_FAR = 10**12

# What the first tensor is given in place of what it has.
_REPLACED: Mapping[str, Mapping[str, Any]] = MappingProxyType({
    "unknown_datatype": {"datatype": "FLOAT99"},
    "null_datatype": {"datatype": None},
    "unknown_tensor": {"name": "no_such_tensor"},
    "number_for_name": {"name": 1},
    "null_shape": {"shape": None},
    "text_for_shape": {"shape": "1"},
    "empty_shape": {"shape": []},
    "negative_shape": {"shape": [-1]},
    "fraction_in_shape": {"shape": [1.5]},
    "null_data": {"data": None},
    "empty_data": {"data": []},
    "object_for_data": {"data": {}},
    "text_for_data": {"data": "1"},
})  # fmt: skip
_BODIES: Mapping[str, Any] = MappingProxyType({
    "array_at_root": [],
    "null_at_root": None,
    "empty_object": {},
    "no_tensors": {"inputs": []},
    "null_for_tensors": {"inputs": None},
    "object_for_tensors": {"inputs": {}},
    "null_for_a_tensor": {"inputs": [None]},
    "text_for_a_tensor": {"inputs": ["x"]},
})  # fmt: skip


def tensor_faults(wire: TensorWire) -> Mapping[str, Callable[[Rows], Request | None]]:
    """Return the ways to spoil a request of tensors, by name."""
    fixed = {name: _fixed(wire, body) for name, body in _BODIES.items()}
    replaced = {name: _edited(wire, _replacing(change)) for name, change in _REPLACED.items()}
    left_out = {f"tensor_without_{key}": _edited(wire, _dropping(key)) for key in ("name", "shape", "datatype", "data")}
    edits: dict[str, Callable[[Body], None]] = {
        "another_datatype": _another_datatype,
        "shape_of_more_rows": lambda body: _resize(body, 1),
        "shape_of_far_more_rows": lambda body: _resize(body, _FAR),
        "shape_of_another_rank": lambda body: body["inputs"][0]["shape"].append(1),
        "extra_value": lambda body: body["inputs"][0]["data"].append(body["inputs"][0]["data"][0]),
        "missing_tensor": lambda body: body["inputs"].pop(),
        "extra_tensor": lambda body: body["inputs"].append({**body["inputs"][0], "name": "no_such_tensor"}),
        "tensor_twice": lambda body: body["inputs"].append(body["inputs"][0]),
        "unknown_output": lambda body: body.update(outputs=[{"name": "no_such_output"}]),
    }
    return {**fixed, **replaced, **left_out, **{name: _edited(wire, edit) for name, edit in edits.items()}}


def _fixed(wire: TensorWire, body: object) -> Callable[[Rows], Request | None]:
    return lambda _: wire.request(body)


def _edited(wire: TensorWire, edit: Callable[[Body], object]) -> Callable[[Rows], Request | None]:
    def spoil(rows: Rows) -> Request:
        body = json.loads(wire.encode(rows).body)
        edit(body)
        return wire.request(body)

    return spoil


def _replacing(change: Mapping[str, Any]) -> Callable[[Body], object]:
    return lambda body: body["inputs"][0].update(change)


def _dropping(key: str) -> Callable[[Body], object]:
    return lambda body: body["inputs"][0].pop(key)


def _resize(body: Body, more: int) -> None:
    body["inputs"][0]["shape"][0] += more


def _another_datatype(body: Body) -> None:
    tensor = body["inputs"][0]
    tensor["datatype"] = "BOOL" if tensor["datatype"] != "BOOL" else "FP64"
