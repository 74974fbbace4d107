"""The table of docs/parity.md: every expectation on every engine. `python -m tests.parity.table` writes it."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from hypothesis import find, settings
from hypothesis import strategies as st

from pytest_mlops.stages.data import measure_entries
from pytest_mlops.stages.data.catalogue import REFUSED, RULES
from tests.parity.drawn import COLUMNS, EXPECTATIONS
from tests.parity.frames import ENGINES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

PAGE = Path(__file__).parents[2] / "docs/parity.md"
HEAD = """# Which expectation runs where

`equal`: compiled, and compared with Great Expectations on drawn data by `tests/parity`; on Spark by `tests/spark`.
`ours`: compiled, where Great Expectations itself has nothing for a pandas frame; tested by itself.
`refused`: an error with the reason below, never a verdict.
A column of a pandas frame whose values are of several types is left to Great Expectations, and the check says so.

`python -m tests.parity.table` writes this page from what the engines do.

"""
OWN: dict[str, dict[str, Any]] = {
    "expect_column_values_to_match_like_pattern": {"column": "text", "like_pattern": "%"},
    "expect_column_values_to_not_match_like_pattern": {"column": "text", "like_pattern": "z%"},
    "expect_column_values_to_match_like_pattern_list": {"column": "text", "like_pattern_list": ["%"]},
    "expect_column_values_to_not_match_like_pattern_list": {"column": "text", "like_pattern_list": ["z%"]},
    "expect_column_values_to_match_json_schema": {"column": "text", "json_schema": {}},
    "expect_multicolumn_values_to_be_unique": {"column_list": ["whole", "other"]},
    "expect_column_type_to_be": {"column": "big", "type_": "int64"},
}


def table() -> pa.Table:
    """Return two rows of every kind of column."""
    columns = {name: (values or [None])[:2] for name, (_, values) in COLUMNS.items()}
    columns["text"] = ["1", "2"]
    return pa.table({name: pa.array((values * 2)[:2], COLUMNS[name][0]) for name, values in columns.items()})


def parameters(kind: str) -> dict[str, Any]:
    """Return the simplest parameters of a type of expectation."""
    if kind in OWN:
        return OWN[kind]
    drawn: st.SearchStrategy[dict[str, Any]] = EXPECTATIONS[kind.removeprefix("expect_")]
    found: dict[str, Any] = find(drawn, lambda _: True, settings=settings(database=None, derandomize=True))
    return found


def rows(engines: Mapping[str, Callable[[pa.Table, Path], Any]]) -> Iterable[tuple[str, list[str], set[str]]]:
    """Yield each expectation, its word on each engine, and the reasons of those that are refused."""
    data = table()
    with tempfile.TemporaryDirectory() as folder:
        frames = [make(data, Path(folder)) for make in engines.values()]
        for kind in sorted(RULES):
            entry = {"type": kind, "kwargs": parameters(kind)}
            outcomes = [measure_entries(frame, [entry])[0] for frame in frames]
            good = "ours" if kind in OWN else "equal"
            yield kind, ["refused" if o.error else good for o in outcomes], {o.error for o in outcomes if o.error}
    for kind in sorted(REFUSED):
        yield kind, ["refused"] * len(engines), {REFUSED[kind]}


def page(engines: Mapping[str, Callable[[pa.Table, Path], Any]]) -> str:
    """Return the page."""
    lines = [f"| expectation | {' | '.join(engines)} |", f"| :-- |{' :-- |' * len(engines)}"]
    reasons = []
    for kind, words, why in rows(engines):
        lines.append(f"| `{kind}` | {' | '.join(words)} |")
        reasons += [f"- `{kind}`: {reason}" for reason in sorted(why)]
    return HEAD + "\n".join([*lines, "", "## Why some are refused", "", *reasons, ""])


if __name__ == "__main__":
    from tests.spark.session import frame_of, spark_session

    spark = spark_session()
    PAGE.write_text(page({**ENGINES, "Spark": lambda data, _: frame_of(spark, data)}), encoding="utf-8")
    sys.exit(0)
