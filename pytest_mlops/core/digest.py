"""Digests: what a run is about, as `sha256:...`."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.plain import plain

if TYPE_CHECKING:
    from pathlib import Path

    from _typeshed import ReadableBuffer


class Digest:
    """A file to write to, of which the digest alone is kept."""

    closed = False

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def write(self, data: ReadableBuffer) -> int:
        """Take bytes."""
        self._hash.update(data)
        return memoryview(data).nbytes

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is to be closed."""

    def text(self) -> str:
        """Return the digest of what was written."""
        return f"sha256:{self._hash.hexdigest()}"


def digest_bytes(data: bytes) -> str:
    """Return the digest of bytes."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def short_digest(text: str) -> str:
    """Return ten letters that stand for a text, and do not show it."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()


def digest_json(value: object) -> str:
    """Return the digest of a value in plain JSON types, whatever the order of its keys."""
    return digest_bytes(json.dumps(plain(value), sort_keys=True, ensure_ascii=True).encode())


def digest_file(path: Path) -> str:
    """Return the digest of a file's bytes, read in blocks."""
    try:
        with path.open("rb") as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError as exc:
        raise DeclarationError(f"{path} can't be read: {exc.strerror}") from exc


def digest_tree(path: Path) -> str:
    """Return the digest of a file, or of all files below a folder with their names."""
    if path.is_file():
        return digest_file(path)
    files = sorted(file for file in path.rglob("*") if file.is_file())
    return digest_json([[file.relative_to(path).as_posix(), digest_file(file)] for file in files])
