"""narwhals: frames of any kind, and files of Parquet and CSV, as one kind of frame."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.digest import digest_bytes, digest_file
from pytest_mlops.core.errors import DeclarationError, MissingExtra

if TYPE_CHECKING:
    from collections.abc import Sequence

    import narwhals as nw

Data = Any  # a frame of pandas, polars, PyArrow or narwhals, or a path


def open_frame(data: Data, columns: Sequence[str] | None = None) -> nw.DataFrame[Any]:
    """Return an eager narwhals frame of a frame or of a file (`.parquet`, `.csv`).

    Raises
    ------
    DeclarationError
        For a file that is missing or can't be read, another ending, or an object that is no frame.
    """
    import narwhals as nw

    native = _read(Path(data), columns) if isinstance(data, str | Path) else data
    try:
        frame = nw.from_native(native)
    except TypeError as exc:
        raise DeclarationError(f"data must be a frame or a path, got {type(data).__name__}: {data!r:.80}") from exc
    eager = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    return eager.select(list(columns)) if columns is not None else eager


def _read(path: Path, columns: Sequence[str] | None) -> Any:
    if not path.is_file():
        raise DeclarationError(f"data must be a file, got {str(path)!r}, which does not exist")
    try:
        import pyarrow as pa
        import pyarrow.csv
        import pyarrow.parquet
    except ImportError as exc:
        raise MissingExtra(needs=f"reading {path.name}", library="pyarrow", extra="data") from exc
    readers = {
        ".parquet": lambda: pa.parquet.read_table(path, columns=None if columns is None else list(columns)),
        ".csv": lambda: pa.csv.read_csv(path),
    }
    if path.suffix not in readers:
        raise DeclarationError(f"data must be .parquet or .csv, got {path.name!r}")
    try:
        return readers[path.suffix]()
    except (pa.ArrowInvalid, pa.ArrowException, OSError) as exc:
        raise DeclarationError(f"{path} can't be read: {str(exc).splitlines()[0]}") from exc


def to_pandas(data: Data) -> Any:
    """Return a pandas frame, for a library that knows no other."""
    try:
        import pandas as pd
    except ImportError as exc:
        raise MissingExtra(needs="a pandas frame", library="pandas", extra="data") from exc
    return data if isinstance(data, pd.DataFrame) else open_frame(data).to_pandas()


def digest_data(data: Data) -> str:
    """Return the digest of a file's bytes, or of a frame's columns, types and values (rows in order)."""
    if isinstance(data, str | Path):
        return digest_file(Path(data))
    try:
        import pyarrow as pa
    except ImportError as exc:
        raise MissingExtra(needs="the digest of a frame", library="pyarrow", extra="data") from exc
    table = open_frame(data).to_arrow().combine_chunks().replace_schema_metadata(None)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return digest_bytes(sink.getvalue().to_pybytes())
