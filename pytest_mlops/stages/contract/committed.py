"""The contract that is committed: an OpenAPI document in JSON, and the laws that it brings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.source import place_of, written_at
from pytest_mlops.stages.contract.laws import LAWS, Law, check_law, law, laws_for

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path


def read_contract(path: Path) -> Mapping[str, Any]:
    """Read a committed OpenAPI document.

    Raises
    ------
    DeclarationError
        When it is missing, no JSON, or no OpenAPI document.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise DeclarationError(f"{path} must be an OpenAPI document: {exc.strerror}") from exc
    except ValueError as exc:
        raise DeclarationError(f"{path} must be JSON: {exc}") from exc
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        raise DeclarationError(f"{path} must be an OpenAPI document with 'paths', got {str(document)[:60]!r}")
    return document


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
    path: Path, *, also: Sequence[str] = (), without: Sequence[str] = (), declared: Collection[str] = ()
) -> Sequence[Law]:
    """Return the laws that a service with this contract is held to.

    Parameters
    ----------
    also
        Laws that need a declaration, which the call gives; without it they are left out.
    without
        Laws that are left out.
    declared
        The names of the options that the marker gives: `directions`.

    Raises
    ------
    DeclarationError
        When a name is no law's, or the contract can't be read.
    """
    read_contract(path)
    for name in (*also, *without):
        check_law(name)
    asked = {*laws_for(declared), *also} - {*without}
    with written_at(place_of(path)):
        return [law(name) for name in LAWS if name in asked]
