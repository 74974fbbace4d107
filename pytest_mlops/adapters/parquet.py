"""PyArrow: Parquet files (or folders of them), and how the rows of two of them match; a column at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import DeclarationError, MissingExtra, ToolError
from pytest_mlops.core.messages import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_NUMBER = "__row_number"
_UNSORTABLE = ("list", "large_list", "fixed_size_list", "struct", "map", "dictionary", "extension", "null")


@dataclass(frozen=True)
class Matching:
    """How the rows of two files match: by key, or by number where there is none.

    `duplicate` is None without a key. `first_missing` is the number (from 0) of the first row without an answer.
    """

    missing: int
    extra: int
    duplicate: int | None
    first_missing: int | None = None


@dataclass(frozen=True)
class RowDifferences:
    """How the values of two files differ, row by row.

    `largest` is |a - b| / max(1, |a|, |b|) over the floats of rows that differ, at least 1 where anything
    else differs. `first` says where: column and row, without any value.
    """

    rows: int
    of: int
    largest: float
    first: str = ""


def count_rows(path: Path) -> int:
    """Return how many rows a file has.

    Raises
    ------
    ToolError
        When it is no readable Parquet.
    """
    return int(_guarded(path, lambda: _dataset(path).count_rows()))


def is_readable(path: Path) -> bool:
    """Say whether a file is whole: its footer is there, and its pages can be read."""
    try:
        _guarded(path, lambda: [batch.num_rows for batch in _dataset(path).to_batches()])
    except MissingExtra:
        raise
    except ToolError:
        return False
    return True


def column_types(path: Path) -> dict[str, str]:
    """Return the names of the columns and their types as texts."""
    schema = _guarded(path, lambda: _dataset(path).schema)
    return {field.name: str(field.type) for field in schema}


def check_key(path: Path, key: Sequence[str]) -> None:
    """Refuse a key that the input has not.

    Raises
    ------
    DeclarationError
        Naming the column, with the nearest one that is there.
    """
    have = column_types(path)
    for name in key:
        if name not in have:
            raise DeclarationError(f"key {name!r} must be a column of {path.name}. {did_you_mean(name, have)}")


def match_rows(asked: Path, answered: Path, key: Sequence[str]) -> Matching:
    """Say which rows of `asked` have no answer, one too many, and which answers nobody asked for.

    A null is a key like any other; a key that is asked for twice wants two answers.
    """
    if not key:
        surplus = count_rows(answered) - count_rows(asked)
        return Matching(max(-surplus, 0), max(surplus, 0), None)
    pc = _compute()
    counts = _counts_by_key(_read(asked, key), _keys(answered, key))
    n_asked, n_answered = counts["asked_sum"], counts["answered_sum"]
    missing = pc.max_element_wise(pc.subtract(n_asked, n_answered), 0)
    surplus = pc.max_element_wise(pc.subtract(n_answered, n_asked), 0)
    unknown = pc.equal(n_asked, 0)
    first = pc.min(counts[f"{_NUMBER}_min"].filter(pc.greater(missing, 0))).as_py()
    extra = _total(surplus.filter(unknown))
    return Matching(_total(missing), extra, _total(surplus) - extra, first)


def count_nulls(path: Path, columns: Sequence[str]) -> tuple[int, int]:
    """Return how many values of some columns are null or NaN, and how many values there are."""
    pc = _compute()
    nulls = values = 0
    for name in columns:
        column = _read(path, [name])[name]
        nulls += _total(pc.is_null(column, nan_is_null=True))
        values += len(column)
    return nulls, values


def compare_rows(one: Path, other: Path, key: Sequence[str]) -> RowDifferences:
    """Compare two files value by value: rows in the order of the key, or as they stand where there is none."""
    n = max(count_rows(one), count_rows(other))
    if column_types(one) != column_types(other):
        return RowDifferences(n, n, 1.0, "the columns or their types differ")
    orders = [_order(path, key) for path in (one, other)]
    unmatched = _unmatched(one, other, key, orders)
    if unmatched:
        return RowDifferences(unmatched, n, 1.0, "the rows differ" if key else "the number of rows differs")
    return _compare_columns(one, other, orders, n)


def _compare_columns(one: Path, other: Path, orders: Sequence[Any], n: int) -> RowDifferences:
    import numpy as np

    differ, largest, first = np.zeros(n, dtype=bool), 0.0, ""
    for name in column_types(one):
        rows, size = _gap(*(_ordered(path, name, order) for path, order in zip((one, other), orders, strict=True)))
        if rows.any() and not first:
            order = "as they stand" if orders[0] is None else "in the order of the key"
            first = f"first in column {name!r}, row {int(np.argmax(rows))} (from 0, {order})"
        differ |= rows
        largest = max(largest, size)
    return RowDifferences(int(differ.sum()), n, largest, first)


def _gap(a: Any, b: Any) -> tuple[Any, float]:
    """Return which rows of two columns differ, and the largest scaled difference."""
    import numpy as np
    import pyarrow as pa

    if not pa.types.is_floating(a.type):
        rows = _unequal(a, b)
        return rows, float(rows.any())
    nulls = np.asarray(a.is_null()) != np.asarray(b.is_null())
    x, y = (np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64) for column in (a, b))
    rows = (x != y) & ~(np.isnan(x) & np.isnan(y)) | nulls
    with np.errstate(all="ignore"):
        sizes = np.abs(x - y) / np.maximum(1, np.maximum(np.abs(x), np.abs(y)))
    sizes = np.where(np.isfinite(sizes) & ~nulls, sizes, 1.0)
    return rows, float(np.max(sizes, where=rows, initial=0.0))


def _unequal(a: Any, b: Any) -> Any:
    import numpy as np
    import pyarrow as pa

    pc = _compute()
    try:
        unequal = pc.fill_null(pc.not_equal(a, b), fill_value=False)
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):  # lists, structs and the like
        return np.array([repr(x) != repr(y) for x, y in zip(a.to_pylist(), b.to_pylist(), strict=True)], dtype=bool)
    return np.asarray(pc.or_(unequal, pc.xor(a.is_null(), b.is_null())))


def _unmatched(one: Path, other: Path, key: Sequence[str], orders: Sequence[Any]) -> int:
    """Return how many rows are in one of two files alone."""
    if not key:
        return abs(count_rows(one) - count_rows(other))
    columns = [[_ordered(path, name, order) for path, order in zip((one, other), orders, strict=True)] for name in key]
    if all(a.equals(b) for a, b in columns):
        return 0
    matching = match_rows(one, other, key)
    return max(matching.missing, matching.extra + (matching.duplicate or 0))


def _order(path: Path, key: Sequence[str]) -> Any:
    if not key:
        return None
    table = _read(path, key)
    if len(table.group_by(list(key)).aggregate([])) < len(table):  # equal keys: the other columns decide
        others = [name for name, kind in column_types(path).items() if name not in key and _is_sortable(kind)]
        table = _read(path, [*key, *others])
    return _compute().sort_indices(table, sort_keys=[(name, "ascending") for name in table.column_names])


def _is_sortable(kind: str) -> bool:
    return not kind.startswith(_UNSORTABLE)


def _ordered(path: Path, name: str, order: Any) -> Any:
    column = _read(path, [name])[name]
    return column.combine_chunks() if order is None else column.take(order).combine_chunks()


def _keys(path: Path, key: Sequence[str]) -> Any:
    have = column_types(path)
    for name in key:
        if name not in have:
            raise ToolError(f"the output must have the key {name!r}, got the columns {', '.join(map(repr, have))}")
    return _read(path, key)


def _counts_by_key(asked: Any, answered: Any) -> Any:
    """Return one row a key: how often it is asked for and answered, and the first row that asks."""
    import numpy as np
    import pyarrow as pa

    try:
        answered = answered.select(asked.column_names).cast(asked.schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError) as exc:
        raise ToolError(f"the output's key must be of the input's type, got {answered.schema.types}: {exc}") from exc
    both = pa.concat_tables([asked.replace_schema_metadata(None), answered.replace_schema_metadata(None)])
    is_asked = np.arange(len(both)) < len(asked)
    both = both.append_column("asked", pa.array(is_asked.astype("int64")))
    both = both.append_column("answered", pa.array((~is_asked).astype("int64")))
    both = both.append_column(_NUMBER, pa.array(np.arange(len(both))))
    return both.group_by(asked.column_names).aggregate([("asked", "sum"), ("answered", "sum"), (_NUMBER, "min")])


def _total(column: Any) -> int:
    return int(_compute().sum(column).as_py() or 0)


def _read(path: Path, columns: Sequence[str]) -> Any:
    return _guarded(path, lambda: _dataset(path).to_table(columns=list(columns)))


def _dataset(path: Path) -> Any:
    try:
        import pyarrow.dataset as ds
    except ImportError as exc:
        raise MissingExtra(needs=f"reading {path.name}", library="pyarrow", extra="batch") from exc
    return ds.dataset(path, format="parquet")


def _compute() -> Any:
    import pyarrow.compute

    return pyarrow.compute


def _guarded(path: Path, read: Any) -> Any:
    """Return what `read` returns; a foreign exception becomes ours."""
    try:
        return read()
    except MissingExtra:
        raise
    except Exception as exc:
        raise ToolError(f"{path.name} must be readable Parquet, got {type(exc).__name__}: {str(exc)[:300]}") from exc
