"""Tensors of the Open Inference Protocol, version 2: what metadata say of them, and rows as tensors and back."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.http import Request
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.stages.contract.answers import read_json
from pytest_mlops.stages.contract.tensor_faults import tensor_faults

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_mlops.stages.contract.space import Schema
    from pytest_mlops.stages.contract.wire import Rows

_WIDTH = 1_000  # numbers of one row that are still drawn
_HALF, _SINGLE = 65504.0, 3.4028234663852886e38


def _whole(low: int, high: int) -> Schema:
    return {"type": "integer", "minimum": low, "maximum": high}


DATATYPES: Mapping[str, Schema] = MappingProxyType({
    "BOOL": {"type": "boolean"},
    **{f"INT{bits}": _whole(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)},
    **{f"UINT{bits}": _whole(0, 2**bits - 1) for bits in (8, 16, 32, 64)},
    "FP16": {"type": "number", "minimum": -_HALF, "maximum": _HALF},
    "FP32": {"type": "number", "minimum": -_SINGLE, "maximum": _SINGLE},
    "FP64": {"type": "number"},
    "BYTES": {"type": "string"},
})  # fmt: skip


@dataclass(frozen=True)
class Tensor:
    """What the metadata say of a tensor; the first of its shape counts rows, -1 is any number."""

    name: str
    datatype: str
    shape: tuple[int, ...]

    @property
    def inner(self) -> tuple[int, ...]:
        """The shape of one row's part; none for a single value, also where the tensor is a column of width 1."""
        return () if self.shape[1:] == (1,) else self.shape[1:]

    @property
    def schema(self) -> Schema:
        """The schema of one row's part."""
        schema = dict(DATATYPES[self.datatype])
        for size in reversed(self.inner):
            schema = {"type": "array", "items": schema, "minItems": size, "maxItems": size}
        return schema


def read_tensor(said: Any, where: str) -> Tensor:
    """Return a tensor of a model's metadata.

    Raises
    ------
    DeclarationError
        When it is none, of a datatype that rows can't be made of, or one whose first dimension can't count rows.
    """
    fits = isinstance(said, dict) and isinstance(said.get("name"), str) and said.get("datatype") in DATATYPES
    shape = said.get("shape") if fits else None
    if not (isinstance(shape, list) and shape and all(type(size) is int for size in shape)):
        raise DeclarationError(
            f"{where} must hold a name, one of the datatypes {', '.join(DATATYPES)} and a shape, got {str(said)[:100]}"
        )
    sizes = tuple(shape)
    if sizes[0] not in {-1, 1} or any(size < 1 for size in sizes[1:]) or math.prod(sizes[1:]) > _WIDTH:
        raise DeclarationError(
            f"{where}: the shape of {said['name']!r} must count rows first, -1 or 1, and hold at most {_WIDTH:,} "
            f"numbers a row, got {shape}"
        )
    return Tensor(said["name"], said["datatype"], sizes)


@dataclass(frozen=True, kw_only=True)
class TensorWire:
    """Rows as tensors, a field each; or as one tensor, where its columns are `stacked` from fields.

    Attributes
    ----------
    nested
        Whether data are written as lists in lists, and not flat.
    backwards
        Whether tensors come in the other order.
    named
        Whether the request names the outputs that it wants.
    """

    path: str
    inputs: Sequence[Tensor]
    outputs: Sequence[Tensor]
    stacked: Sequence[str] = ()
    nested: bool = False
    backwards: bool = False
    named: bool = False

    def encode(self, rows: Rows) -> Request:
        """Return the request for rows; what a row leaves out is missing in its tensor."""
        rows = [self._stack(row) for row in rows] if self.stacked else rows
        known = {tensor.name: tensor for tensor in self.inputs}
        names = list(dict.fromkeys([*known, *(name for row in rows for name in row)]))
        made = [
            self._tensor(known.get(name, Tensor(name, "INT64", (-1,))), rows)
            for name in names
            if any(name in row for row in rows)
        ]
        wanted = {"outputs": [{"name": tensor.name} for tensor in self.outputs]} if self.named else {}
        return self.request({"inputs": made[::-1] if self.backwards else made, **wanted})

    def request(self, body: object) -> Request:
        """Return the request with this body."""
        return Request(method="POST", path=self.path, body=json.dumps(body, allow_nan=False).encode())

    def _stack(self, row: Mapping[str, Any]) -> dict[str, Any]:
        stacked = [row[name] for name in self.stacked if name in row]
        return {self.inputs[0].name: stacked, **{name: row[name] for name in row if name not in self.stacked}}

    def _tensor(self, tensor: Tensor, rows: Rows) -> dict[str, Any]:
        parts = [row[tensor.name] for row in rows if tensor.name in row]
        shape = [len(rows), *tensor.shape[1:]]
        return {"name": tensor.name, "shape": shape, "datatype": tensor.datatype, "data": self._data(tensor, parts)}

    def _data(self, tensor: Tensor, parts: list[Any]) -> list[Any]:
        """Return data, flat or nested; a list too much is nested one deeper, where nobody can take it for a row."""
        flat = [value for part in parts for value in _flat(part, len(tensor.inner))]
        if any(isinstance(value, list) for value in flat):
            return [parts]
        if not self.nested or len(tensor.shape) == 1:
            return flat
        return parts if tensor.inner else [[value] for value in flat]

    def decode(self, body: bytes) -> list[Any]:
        """Return the predictions: of one output its part of each row, of several an object with a key an output."""
        said = read_json(body)
        listed = said.get("outputs") if isinstance(said, dict) else None
        if not isinstance(listed, list):
            raise ValueError(f"the answer must hold the list 'outputs', got {str(said)[:60]!r}")  # noqa: TRY004 - JSON of a wrong shape
        parts = {tensor.name: _parts(tensor, listed) for tensor in self.outputs}
        counts = {name: len(part) for name, part in parts.items()}
        if len(set(counts.values())) > 1:
            raise ValueError(f"all outputs must have as many rows, got {counts}")
        if len(parts) == 1:
            return next(iter(parts.values()))
        return [dict(zip(parts, row, strict=True)) for row in zip(*parts.values(), strict=True)]

    def faults(self) -> Mapping[str, Callable[[Rows], Request | None]]:
        """Return the ways to spoil tensors."""
        return tensor_faults(self)

    def called(self, field: str) -> str:
        """Return the tensor that a field is in."""
        return self.inputs[0].name if field in self.stacked else field


def _flat(value: Any, depth: int) -> list[Any]:
    if depth == 0 or not isinstance(value, list):
        return [value]
    return [inner for part in value for inner in _flat(part, depth - 1)]


def _parts(tensor: Tensor, listed: list[Any]) -> list[Any]:
    """Return an output's part of each row, from data that are flat or nested."""
    said = next((one for one in listed if isinstance(one, dict) and one.get("name") == tensor.name), None)
    if said is None:
        raise ValueError(f"the answer must hold the output {tensor.name!r}")
    if said.get("datatype") != tensor.datatype:
        raise ValueError(f"the output {tensor.name!r} must be {tensor.datatype}, got {said.get('datatype')!r}")
    shape, data = said.get("shape"), said.get("data")
    if not isinstance(shape, list) or not all(type(size) is int for size in shape) or not isinstance(data, list):
        raise ValueError(f"the output {tensor.name!r} must have a shape and data, got shape {shape!r}")
    _check_shape(tensor, shape)
    flat = _flat(data, len(shape))
    if math.prod(shape) != len(flat):
        raise ValueError(
            f"the output {tensor.name!r} of shape {shape} must have {math.prod(shape)} values, got {len(flat)}"
        )
    return _folded(flat, shape if tensor.inner else shape[:1])


def _check_shape(tensor: Tensor, shape: list[int]) -> None:
    wanted = tensor.shape
    if len(shape) != len(wanted) or any(want not in {-1, size} for want, size in zip(wanted, shape, strict=True)):
        raise ValueError(f"the output {tensor.name!r} must have the shape {list(wanted)}, got {shape}")


def _folded(flat: list[Any], shape: Sequence[int]) -> list[Any]:
    """Return values in lists in lists, row by row."""
    if len(shape) == 1:
        return flat
    width = math.prod(shape[1:])
    return [_folded(flat[start : start + width], shape[1:]) for start in range(0, len(flat), width)]
