"""narwhals: frames of any kind, and files of Parquet and CSV, as one kind of frame."""

from __future__ import annotations

import glob
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.digest import Digest, digest_file, digest_json
from pytest_mlops.core.errors import DeclarationError, MissingExtra

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import narwhals as nw

Data = Any  # a frame of pandas, polars, PyArrow, DuckDB, Spark or narwhals, or a path, also with * in it


def open_frame(data: Data, columns: Sequence[str] | None = None) -> nw.DataFrame[Any]:
    """Return an eager narwhals frame of a frame or of a file (`.parquet`, `.csv`).

    Raises
    ------
    DeclarationError
        For a file that is missing or can't be read, another ending, or an object that is no frame.
    """
    import narwhals as nw

    frame = _frame_of(_read(Path(data), columns) if isinstance(data, str | Path) else data)
    eager = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    return eager.select(list(columns)) if columns is not None else eager


def open_lazily(data: Data) -> tuple[nw.DataFrame[Any] | nw.LazyFrame[Any], bool]:
    """Return a narwhals frame that reads no more than what is asked of it, and whether its rows have an order.

    A file, or a glob of files, is scanned by DuckDB, in memory that does not grow with it.

    Raises
    ------
    DeclarationError
        As `open_frame`; also for a file that has a column twice.
    """
    import narwhals as nw

    if isinstance(data, str | Path):
        from pytest_mlops.adapters.duckdb import scan

        return nw.from_native(scan(files_of(data))), True
    frame = _frame_of(data)
    if isinstance(frame, nw.LazyFrame):
        return frame, frame.implementation.is_polars()
    if frame.implementation.is_polars():
        return frame.lazy(), True
    return (_typed(frame) if frame.implementation.is_pandas() else frame), True


def _frame_of(native: Any) -> nw.DataFrame[Any] | nw.LazyFrame[Any]:
    import narwhals as nw

    try:
        frame: nw.DataFrame[Any] | nw.LazyFrame[Any] = nw.from_native(native)
        names = frame.collect_schema().names()
    except TypeError as exc:
        raise DeclarationError(f"data must be a frame or a path, got {type(native).__name__}") from exc
    except (ValueError, nw.exceptions.DuplicateError) as exc:
        raise DeclarationError(f"the frame can't be read: {' '.join(str(exc).split())}") from exc
    for name in names:
        if not isinstance(name, str):
            hint = "frame.rename(columns=str); the levels of a MultiIndex must be one"
            raise DeclarationError(f"columns must be named by texts, got {name!r}. Hint: {hint}")
    return frame


def open_together(tables: Mapping[str, Data]) -> dict[str, nw.DataFrame[Any] | nw.LazyFrame[Any]]:
    """Return frames that can be joined with each other: of one engine, files as relations of one connection."""
    import narwhals as nw

    paths = {name: files_of(data) for name, data in tables.items() if isinstance(data, str | Path)}
    if len(paths) == len(tables):
        from pytest_mlops.adapters.duckdb import connect, scan

        connection = connect()
        return {name: nw.from_native(scan(files, connection)) for name, files in paths.items()}
    frames = {name: open_lazily(data)[0] for name, data in tables.items()}
    if len({frame.implementation for frame in frames.values()}) == 1:
        return frames
    return {name: nw.from_native(open_frame(data).to_arrow()) for name, data in tables.items()}


def _typed(frame: nw.DataFrame[Any]) -> nw.DataFrame[Any]:
    """Return a pandas frame whose columns of Python objects have a type, where all of their values are of one.

    Its index counts the rows: what comes from NumPy is put beside what comes from the frame by position.
    """
    import narwhals as nw

    native = frame.to_native()
    if type(native.index).__name__ != "RangeIndex" or native.index.start or native.index.step != 1:
        native = native.reset_index(drop=True)
        frame = nw.from_native(native)
    names = [name for name, dtype in native.dtypes.items() if str(dtype) == "object"]
    if not names:
        return frame
    from pytest_mlops.adapters.arrow import typed

    found = {name: typed(native[name]) for name in names}
    typed_frame: nw.DataFrame[Any] = nw.from_native(
        native.assign(**{name: series for name, series in found.items() if series is not None})
    )
    return typed_frame


def files_of(data: str | Path) -> list[Path]:
    """Return the files of a path or a glob, sorted.

    Raises
    ------
    DeclarationError
        When there is none.
    """
    path = Path(data)
    if path.is_file():
        return [path]
    found = sorted(map(Path, glob.iglob(str(data), recursive=True))) if glob.has_magic(str(data)) else []  # noqa: PTH207 - of any folder
    files = [file for file in found if file.is_file()]
    if not files:
        what = "no file is like it" if glob.has_magic(str(data)) else "which does not exist"
        raise DeclarationError(f"data must be a file, got {str(data)!r}, {what}")
    return files


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
        raise DeclarationError(f"{path} can't be read: {_without_values(str(exc))}") from exc


def _without_values(message: str) -> str:
    """Return the first line of a message of PyArrow without what it quotes of the data."""
    return re.sub(r"(got \d+|invalid value):? .*", r"\1", message.splitlines()[0])


def to_pandas(data: Data) -> Any:
    """Return a pandas frame, for a library that knows no other."""
    try:
        import pandas as pd
    except ImportError as exc:
        raise MissingExtra(needs="a pandas frame", library="pandas", extra="data") from exc
    return data if isinstance(data, pd.DataFrame) else open_frame(data).to_pandas()


def is_lazy(data: Data) -> bool:
    """Say whether data are a frame whose rows are not in memory, and whose digest does not tell them."""
    import narwhals as nw

    return not isinstance(data, str | Path) and isinstance(_frame_of(data), nw.LazyFrame)


def digest_data(data: Data) -> str:
    """Return the digest of a file's bytes, or of a frame's columns, types and values (rows in order).

    A frame that is not in memory (DuckDB, Spark, a lazy one) has a digest of its columns and types alone.
    """
    if isinstance(data, str | Path):
        files = files_of(data)
        return digest_file(files[0]) if len(files) == 1 else digest_json([digest_file(file) for file in files])
    import narwhals as nw

    frame = _frame_of(data)
    if isinstance(frame, nw.LazyFrame):
        return digest_json([[name, str(dtype)] for name, dtype in frame.collect_schema().items()])
    try:
        import pyarrow as pa
    except ImportError as exc:
        raise MissingExtra(needs="the digest of a frame", library="pyarrow", extra="data") from exc
    digest = Digest()
    sink = pa.PythonFile(digest, mode="w")
    for series in open_frame(data).iter_columns():  # a copy of one column at a time, and none of the frame
        try:
            array = series.to_arrow()
        except (pa.ArrowInvalid, pa.ArrowTypeError):  # objects of several types
            array = pa.array([repr(value) for value in series.to_list()])
        table = pa.table({series.name: array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array})
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
    return digest.text()
