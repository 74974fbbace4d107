"""Data in batches of rows, in order, in memory that does not grow with them: frames, files, relations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_mlops.adapters.frames import open_lazily

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import narwhals as nw

    from pytest_mlops.adapters.frames import Data

_ROWS = 524_288
T = TypeVar("T")


def schema_of(data: Data) -> Mapping[str, nw.dtypes.DType]:
    """Return the names and types of the columns."""
    return dict(_opened(data).collect_schema())


def count_rows(data: Data) -> int:
    """Return how many rows there are."""
    import narwhals as nw

    frame = _opened(data)
    if isinstance(frame, nw.DataFrame):
        return len(frame)
    return int(frame.select(nw.len()).collect().item())


def count_distinct(data: Data, column: str) -> int:
    """Return how many different values a column has, a missing one among them."""
    import narwhals as nw

    found = _opened(data).select(nw.col(column).n_unique())
    return int((found.collect() if isinstance(found, nw.LazyFrame) else found).item())


def count_values(data: Data, column: str) -> int:
    """Return how many rows have a value in a column."""
    import narwhals as nw

    found = _opened(data).select(nw.col(column).count())
    return int((found.collect() if isinstance(found, nw.LazyFrame) else found).item())


def extremes_of(data: Data, column: str) -> tuple[Any, Any]:
    """Return the least and the greatest value of a column, None where it has none."""
    import narwhals as nw

    low, high = nw.col(column).min().alias("low"), nw.col(column).max().alias("high")
    found = _opened(data).select(low, high)
    row = (found.collect() if isinstance(found, nw.LazyFrame) else found).row(0)
    return row[0], row[1]


def batches_of(data: Data, columns: Sequence[str], rows: int = _ROWS) -> Iterator[nw.DataFrame[Any]]:
    """Yield at least some columns, in batches of at most `rows` rows, none of them empty."""
    import narwhals as nw

    frame = _opened(data)
    if isinstance(frame, nw.DataFrame):  # whose columns are views as long as none are left out
        for start in range(0, len(frame), rows):
            yield frame[start : start + rows]
        return
    frame = frame.select(list(columns))
    if frame.implementation.is_duckdb():
        native = frame.to_native()
        read = native.to_arrow_reader if hasattr(native, "to_arrow_reader") else native.fetch_record_batch
        for batch in read(rows):
            if len(batch):
                yield nw.from_native(_table(batch), eager_only=True)
        return
    collected = frame.collect()
    for start in range(0, len(collected), rows):
        yield collected[start : start + rows]


def fold_batches(
    data: Data,
    columns: Sequence[str],
    fold: Callable[[Iterator[nw.DataFrame[Any]], int], T],
    merge: Callable[[T, T], None],
) -> T:
    """Return what a function makes of all batches; on Spark, of those of each partition where they are.

    Parameters
    ----------
    fold
        Takes batches, and the number of the rows that come before them.
    merge
        Adds what `fold` made of other batches, the second, to the first.
    """
    import narwhals as nw

    frame = _opened(data)
    if not isinstance(frame, nw.LazyFrame) or not frame.implementation.is_pyspark():
        return fold(batches_of(frame, columns), 0)
    from pytest_mlops.adapters.spark import fold_partitions

    first, *others = fold_partitions(frame.select(list(columns)).to_native(), fold) or [fold(iter(()), 0)]
    for other in others:
        merge(first, other)
    return first


def joined(tables: Sequence[Any]) -> nw.DataFrame[Any]:
    """Return Arrow tables of the same columns as one frame."""
    import narwhals as nw
    import pyarrow as pa

    return nw.from_native(pa.concat_tables(tables, promote_options="permissive"), eager_only=True)


def _table(batch: Any) -> Any:
    import pyarrow as pa

    return pa.Table.from_batches([batch])


def _opened(data: Data) -> nw.DataFrame[Any] | nw.LazyFrame[Any]:
    return data if _is_open(data) else open_lazily(data)[0]


def _is_open(data: Data) -> bool:
    import narwhals as nw

    return not isinstance(data, str | Path) and isinstance(data, nw.DataFrame | nw.LazyFrame)
