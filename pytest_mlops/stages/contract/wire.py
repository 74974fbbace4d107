"""How rows become a request, and an answer predictions: a wire. The plain one is a JSON object with a list of rows."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from pytest_mlops.adapters.http import Request
from pytest_mlops.stages.contract.answers import read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_mlops.core.plain import Json

Rows = list[dict[str, Any]]
Spoil = "Callable[[Rows], Request | None]"


class Wire(Protocol):
    """How rows become a request, and the body of an answer predictions."""

    def encode(self, rows: Rows) -> Request:
        """Return the request for rows, also for rows with a fault: it is then in the request."""

    def decode(self, body: bytes) -> list[Any]:
        """Return the predictions of an answer; ValueError says what is wrong with it."""

    def faults(self) -> Mapping[str, Callable[[Rows], Request | None]]:
        """Return the ways to spoil its shape, by name; empty where they are those of an object with a list of rows."""

    def called(self, field: str) -> str:
        """Return what the service calls a field."""


@dataclass(frozen=True, kw_only=True)
class JsonWire:
    """A JSON text; `shape` makes its value of rows."""

    path: str
    predictions: str
    shape: Callable[[Rows], Json]

    def encode(self, rows: Rows) -> Request:
        """Return the request for rows."""
        return Request(method="POST", path=self.path, body=json.dumps(self.shape(rows), allow_nan=False).encode())

    def decode(self, body: bytes) -> list[Any]:
        """Return the predictions of an answer."""
        return read_predictions(body, self.predictions)

    def faults(self) -> Mapping[str, Callable[[Rows], Request | None]]:
        """Return nothing: they are those of an object with a list of rows."""
        return {}

    def called(self, field: str) -> str:
        """Return the name of a field, which is its own."""
        return field


def plain_json(*, path: str, rows: str, predictions: str) -> JsonWire:
    """Return the wire of an object with the list of rows, answered by an object with the list of predictions."""
    return JsonWire(path=path, predictions=predictions, shape=partial(_under, rows))


def _under(name: str, rows: Rows) -> Json:
    return {name: rows}


@dataclass(frozen=True, kw_only=True)
class LinesWire:
    """A row a line: as JSON where there are no `columns`, else as CSV, with their names first where `header` is set."""

    path: str
    predictions: str
    content_type: str
    columns: Sequence[str] = ()
    header: bool = False

    def encode(self, rows: Rows) -> Request:
        """Return the request for rows."""
        text = _csv(rows, self.columns, header=self.header) if self.columns else _json_lines(rows)
        return Request(method="POST", path=self.path, body=text.encode(), content_type=self.content_type)

    def decode(self, body: bytes) -> list[Any]:
        """Return the predictions of an answer, which is JSON too, or a JSON value a line."""
        try:
            return read_predictions(body, self.predictions)
        except ValueError:
            return [read_json(line) for line in body.splitlines() if line.strip()]

    def faults(self) -> Mapping[str, Callable[[Rows], Request | None]]:
        """Return nothing: only valid rows are sent in it."""
        return {}

    def called(self, field: str) -> str:
        """Return the name of a field, which is its own."""
        return field


def read_predictions(body: bytes, name: str) -> list[Any]:
    """Return the list `name` of a JSON object.

    Raises
    ------
    ValueError
        When the answer is no such object.
    """
    said = read_json(body)
    predictions = said.get(name) if isinstance(said, dict) else None
    if not isinstance(predictions, list):
        raise ValueError(f"the answer must be an object with the list {name!r}, got {str(said)[:60]!r}")  # noqa: TRY004 - JSON of a wrong shape
    return predictions


def _json_lines(rows: Rows) -> str:
    return "".join(f"{json.dumps(row, allow_nan=False)}\n" for row in rows)


def _csv(rows: Rows, columns: Sequence[str], *, header: bool) -> str:
    """Return rows as CSV: texts in quotes, nothing for null and for what a row leaves out."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    if header:
        writer.writerow(columns)
    lines = [",".join(_cell(row.get(name)) for name in columns) for row in rows]
    return out.getvalue() + "".join(f"{line}\n" for line in lines)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return repr(value)
    return '"{}"'.format(str(value).replace('"', '""'))
