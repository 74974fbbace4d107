"""Frames of one content in every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _parquet(table: pa.Table, folder: Path) -> str:
    path = folder / "rows.parquet"
    pq.write_table(table, path)
    return str(path)


def _relation(table: pa.Table, _: Path) -> Any:
    connection = duckdb.connect()
    connection.execute("SET TimeZone='UTC'")
    return connection.from_arrow(table)


ENGINES: dict[str, Callable[[pa.Table, Path], Any]] = {
    "pandas": lambda table, _: table.to_pandas(),
    "polars": lambda table, _: pl.from_arrow(table),
    "polars lazy": lambda table, _: pl.DataFrame(pl.from_arrow(table)).lazy(),
    "pyarrow": lambda table, _: table,
    "duckdb": _relation,
    "parquet": _parquet,
}
