"""DuckDB: files of Parquet and CSV, scanned in bounded memory."""

from __future__ import annotations

import csv
import gzip
import itertools
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import DeclarationError, MissingExtra
from pytest_mlops.core.source import place_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_MEMORY = "1GB"  # what does not fit is written to a temporary file


def connect() -> Any:
    """Return a connection of its own, with a limit on its memory."""
    connection = _duckdb().connect()
    connection.execute(f"SET memory_limit='{_MEMORY}'; SET enable_progress_bar=false; SET TimeZone='UTC'")
    return connection


def scan(files: Sequence[Path], connection: Any = None) -> Any:
    """Return a relation over files of one kind; on a connection that is given, it can be joined with its others.

    Raises
    ------
    DeclarationError
        For files that can't be read, or of several kinds; for a column that stands there twice.
    """
    duckdb = _duckdb()
    endings = sorted({"".join(file.suffixes[-2:]) if file.suffix == ".gz" else file.suffix for file in files})
    if endings not in (*[[ending] for ending in _READERS],):
        raise DeclarationError(f"data must be .parquet or .csv, got {', '.join(endings)} ({place_of(files[0])})")
    try:
        return _READERS[endings[0]](connection or connect(), [str(file) for file in files])
    except duckdb.Error as exc:
        raise DeclarationError(f"{place_of(files[0])} can't be read: {reason(exc)}") from exc


def _parquet(connection: Any, files: list[str]) -> Any:
    rows = connection.execute("SELECT name, num_children FROM parquet_schema(?)", [files[0]]).fetchall()
    _check_once(list(_top(rows)), files[0])
    return connection.read_parquet(files)


def _top(rows: Sequence[tuple[str, int | None]]) -> Iterator[str]:
    """Yield the names of the columns; those inside a nested one follow it, as many as it says."""
    inside = 0
    for name, children in rows[1:]:
        if not inside:
            yield name
        inside += (children or 0) - (inside > 0)


def _csv(connection: Any, files: list[str]) -> Any:
    opened = gzip.open if files[0].endswith(".gz") else open
    with opened(files[0], "rt", encoding="utf-8", errors="replace") as file:
        header, *sample = [*itertools.islice(file, _SAMPLE)] or [""]
    if not header.strip() or (not sample and len(files) == 1):
        lacks = "a header, and no rows" if header.strip() else "nothing, not even a header"
        raise DeclarationError(f"{place_of(files[0])} holds {lacks}")
    delimiter = max(",;\t|", key=header.count)
    names = next(csv.reader([header], delimiter=delimiter), [])
    _check_once(names, files[0])
    for number, fields in enumerate(csv.reader(sample, delimiter=delimiter), start=2):
        if fields and len(fields) != len(names):
            raise DeclarationError(
                f"{place_of(files[0])} can't be read: line {number} has {len(fields)} fields, the header {len(names)}"
            )
    # All that is not left to guess is given: else a line that is broken makes the lines above it no rows at all.
    return connection.read_csv(files, delimiter=delimiter, quotechar='"', escapechar='"', header=True, skiprows=0)


_SAMPLE = 1000  # lines


_READERS = {".parquet": _parquet, ".csv": _csv, ".csv.gz": _csv}


def _check_once(names: Sequence[str], file: str) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DeclarationError(f"{place_of(file)} has the column {twice[0]!r} twice")


def reason(exc: Exception) -> str:
    """Return what a message of DuckDB says about the file, and nothing of what it quotes of the data."""
    return "; ".join(_TELLING.findall(str(exc))) or type(exc).__name__


_TELLING = re.compile(
    r"CSV Error on Line: \d+|Expected Number of Columns: \d+ Found: \d+|Invalid unicode|not utf-8 encoded"
    r"|Could not convert string|Value with unterminated quote|No magic bytes found|too small to be a Parquet file"
    r"|don't have \w+|schema mismatch"
)


def _duckdb() -> Any:
    try:
        import duckdb
    except ImportError as exc:
        raise MissingExtra(needs="scanning a file", library="duckdb", extra="data") from exc
    return duckdb
