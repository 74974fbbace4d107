"""The contract that is committed: an OpenAPI document in JSON or an MLflow model, and the laws that it brings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.source import place_of, written_at
from pytest_mlops.stages.contract.document import read_signature
from pytest_mlops.stages.contract.laws import LAWS, Law, check_law, law, laws_for
from pytest_mlops.stages.contract.mlflow_protocol import mlflow_document
from pytest_mlops.stages.contract.mlflow_signature import is_mlmodel, read_mlmodel
from pytest_mlops.stages.contract.open_inference import (
    open_inference_document,
    read_metadata_file,
    signature_of_metadata,
)
from pytest_mlops.stages.contract.protocols import check_protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from pytest_mlops.stages.contract.document import Signature


def read_contract(path: Path) -> Mapping[str, Any]:
    """Read a committed OpenAPI document, or make the one of an MLflow model, or of a model's metadata.

    Raises
    ------
    DeclarationError
        When it is missing, no JSON, or no OpenAPI document.
    """
    of = protocol_of(path)
    if of == "mlflow":
        return mlflow_document(read_mlmodel(path))
    if of == "open_inference":
        metadata = read_metadata_file(path)
        return open_inference_document(metadata, metadata.name)
    document = _read_json(path)
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        raise DeclarationError(f"{path} must be an OpenAPI document with 'paths', got {str(document)[:60]!r}")
    return document


def read_committed_signature(path: Path) -> Signature:
    """Return where a committed contract takes rows and answers predictions.

    Raises
    ------
    DeclarationError
        When it can't be read, or describes no such place.
    """
    if protocol_of(path) == "open_inference":
        return signature_of_metadata(read_metadata_file(path))
    return read_signature(read_contract(path))


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise DeclarationError(f"{path} must be an OpenAPI document: {exc.strerror}") from exc
    except ValueError as exc:
        raise DeclarationError(f"{path} must be JSON: {exc}") from exc


def read_rows(path: Path) -> Sequence[Mapping[str, Any]]:
    """Read real rows: JSON, an object a line.

    Raises
    ------
    DeclarationError
        When the file is missing, holds no row, or a line is no JSON object.
    """
    try:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as exc:
        raise DeclarationError(f"{path} must hold rows in JSON, an object a line: {exc}") from exc
    rows = [_row(path, number, line) for number, line in enumerate(lines, start=1)]
    if not rows:
        raise DeclarationError(f"{path} must hold rows in JSON, an object a line: it is empty")
    return rows


def _row(path: Path, number: int, line: str) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as exc:
        raise DeclarationError(f"{path}, row {number} must be a JSON object: {exc}") from exc
    if not isinstance(row, dict):
        raise DeclarationError(f"{path}, row {number} must be a JSON object, got {line[:60]!r}")
    return row


def laws_of(
    path: Path,
    *,
    protocol: str | None = None,
    laws: Sequence[str] | None = None,
    also: Sequence[str] = (),
    without: Sequence[str] = (),
    declared: Collection[str] = (),
) -> Sequence[Law]:
    """Return the laws that a service with this contract is held to.

    Parameters
    ----------
    protocol
        By default the one that the contract is of.
    laws
        The names of all of them; by default those that need no declaration beside the contract and `declared`.
    also
        Laws that need a declaration, which the call gives; without it they are left out.
    without
        Laws that are left out.
    declared
        The names of the options that the marker gives: `directions`.

    Raises
    ------
    DeclarationError
        When a name is no law's or no protocol's, or the contract can't be read.
    """
    read_committed_signature(path)
    for name in (*(laws or ()), *also, *without):
        check_law(name)
    of = protocol_of(path) if protocol is None else protocol
    check_protocol(of)
    asked = {*(laws_for(declared, protocol=of) if laws is None else laws), *also} - {*without}
    with written_at(place_of(path)):
        return [law(name) for name in LAWS if name in asked]


def protocol_of(path: Path) -> str:
    """Return the protocol that a contract is of: an MLflow model's, that of a model's metadata, or a document's own."""
    if is_mlmodel(path):
        return "mlflow"
    said = _read_json(path)
    return "open_inference" if isinstance(said, dict) and "inputs" in said and "paths" not in said else "openapi"
