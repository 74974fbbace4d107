"""Matching patterns in time linear in the text: in the engine where it can, else with a limit on the time."""

from __future__ import annotations

import operator
from functools import reduce
from typing import TYPE_CHECKING

from pytest_mlops.stages.data.pattern import Dialect, linear

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import narwhals as nw

    from pytest_mlops.stages.data.table import Table


def matches(table: Table, value: nw.Expr, patterns: Sequence[str], *, every: bool) -> nw.Expr:
    """Return whether text contains any (or every one) of some patterns, null where there is no text.

    polars has Rust's engine, PyArrow and DuckDB have RE2. pandas would take Python's, and Spark Java's, which can both
    run for ever on `(a+)+$`: PyArrow's RE2 is given their values.
    """
    import narwhals as nw

    if table.engine == "pandas":
        from pytest_mlops.adapters.arrow import contains

        written = [linear(pattern, "re2") for pattern in patterns]
        return value.map_batches(lambda series: contains(series, written, every=every), return_dtype=nw.Boolean())
    dialect: Dialect = "rust" if table.engine == "polars" else "re2"
    found = [value.str.contains(linear(pattern, dialect)) for pattern in patterns]
    return reduce(operator.and_ if every else operator.or_, found)


def python_matcher(patterns: Sequence[str], *, every: bool) -> Callable[[str], bool]:
    """Return a function that matches one text, and gives up on a pattern that takes too long."""
    from pytest_mlops.adapters.regex import search

    joined = all if every else any
    return lambda text: joined(search(pattern, text) for pattern in patterns)
