"""Files that are wrong: a clear error with file and place, never a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_mlops import DeclarationError
from pytest_mlops.adapters.frames import digest_data, files_of, open_lazily
from pytest_mlops.stages.data import measure_entries

if TYPE_CHECKING:
    from pathlib import Path

COUNT = [{"type": "expect_table_row_count_to_equal", "kwargs": {"value": 2}}]


def test_a_glob_is_one_data_set(tmp_path: Path) -> None:
    for name in ("b", "a"):
        pq.write_table(pa.table({"x": [1]}), tmp_path / f"{name}.parquet")
    (outcome,) = measure_entries(str(tmp_path / "*.parquet"), COUNT)
    assert outcome.success
    assert [path.name for path in files_of(str(tmp_path / "*.parquet"))] == ["a.parquet", "b.parquet"]
    assert digest_data(str(tmp_path / "*.parquet")) != digest_data(tmp_path / "a.parquet")


def _wrong(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("cut.parquet", b"PAR1 and no more", r"cut\.parquet can't be read"),
        ("empty.csv", b"", r"empty\.csv holds nothing, not even a header"),
        ("head.csv", b"a,b\n", r"head\.csv holds a header, and no rows"),
        ("broken.csv", b"a,b\n1,2\n3\n4,5,6\n", r"broken\.csv can't be read: line 3 has 1 fields, the header 2"),
        (
            "latin.csv",
            "a,b\n1,caf\xe9\n".encode("latin-1"),
            r"latin\.csv can't be read: CSV Error on Line: 2; Invalid unicode",
        ),
        ("twice.csv", b"a,b,a\n1,2,3\n", r"twice\.csv has the column 'a' twice"),
        ("rows.xlsx", b"", r"data must be \.parquet or \.csv, got \.xlsx"),
    ],
)
def test_a_file_that_is_wrong_is_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = _wrong(tmp_path, name, content)
    with pytest.raises(DeclarationError, match=f"(?i){message}"):
        measure_entries(path, COUNT)


def test_a_parquet_file_with_a_column_twice_is_refused(tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    pq.write_table(table, tmp_path / "twice.parquet")
    with pytest.raises(DeclarationError, match=r"twice\.parquet has the column 'a' twice"):
        measure_entries(tmp_path / "twice.parquet", COUNT)


def test_a_nested_column_does_not_count_as_twice(tmp_path: Path) -> None:
    """`a` and `b.a` are two columns."""
    pq.write_table(pa.table({"a": [1, 2], "b": [{"a": 1}, {"a": 2}]}), tmp_path / "nested.parquet")
    assert measure_entries(tmp_path / "nested.parquet", COUNT)[0].success


def test_a_frame_with_a_column_twice_is_refused() -> None:
    with pytest.raises(DeclarationError, match="the frame can't be read"):
        open_lazily(pd.DataFrame([[1, 2]], columns=["a", "a"]))


def test_a_missing_file_names_itself(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"nothing\.parquet', which does not exist"):
        measure_entries(tmp_path / "nothing.parquet", COUNT)
    with pytest.raises(DeclarationError, match="no file is like it"):
        measure_entries(str(tmp_path / "*.parquet"), COUNT)


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(DeclarationError, match="data must be a frame or a path, got list"):
        measure_entries([1, 2], COUNT)


def test_a_line_that_is_broken_far_below_is_an_error(tmp_path: Path) -> None:
    """The first lines are looked at when the file is opened, this one when it is read."""
    path = _wrong(tmp_path, "far.csv", b"a,b\n" + b"1,2\n" * 100_000 + b"canary\n")
    (outcome,) = measure_entries(path, COUNT)
    assert (
        outcome.error
        == "the engine stopped with duckdb's CSV Error on Line: 100002; Expected Number of Columns: 2 Found: 1"
    )


def test_an_engine_that_stops_is_an_error_without_its_values() -> None:
    """The engine's own message would quote what it stumbled over."""
    frame = pl.DataFrame({"a": ["canary"]}).lazy().with_columns(pl.col("a").str.to_integer())
    rules: list[dict[str, Any]] = [
        *COUNT,
        {"type": "expect_column_values_to_be_between", "kwargs": {"column": "a", "min_value": 0}},
    ]
    _, outcome = measure_entries(frame, rules)
    assert outcome.error == "the engine stopped with narwhals's ComputeError"
    assert "canary" not in str(outcome)
