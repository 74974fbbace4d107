"""Scans frames and texts for personal data; counts and positions leave it, values never do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlops.stages.data.matching import matches
from pytest_mlops.stages.privacy.finders import Finder, kind_of_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_mlops.stages.data.table import Table

_CHECKED = 2_000  # different values of a column that are validated
_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Find:
    """Personal data of one kind in one place: a column, or a file."""

    place: str
    kind: str
    count: int
    n: int
    where: str = ""


def scan_table(table: Table, finders: Sequence[Finder]) -> Iterator[Find]:
    """Yield what is found: by the names of columns, then by their values, narrowed in the engine."""
    rows = table.count_rows()
    for column in table.columns:
        said = kind_of_name(column)
        if said:
            yield Find(place=column, kind=f"column_name[{said}]", count=1, n=1, where="the column's name says so")
    text = [column for column in table.columns if table.kind(column) in {"text", "whole"}]
    for column, finder, candidates in _narrowed(table, text, finders):
        yield from _validated(table, column, finder, candidates, rows)


def _narrowed(table: Table, columns: Sequence[str], finders: Sequence[Finder]) -> Iterator[tuple[str, Finder, int]]:
    """Yield the columns and finders whose pattern fits at all, and in how many rows: one pass for all of them."""
    asked = [(column, finder) for column in columns for finder in finders]
    if not asked:
        return
    built = [
        table.count_true(matches(table, written(table, column), [finder.pattern], every=False)).alias(f"ask_{number}")
        for number, (column, finder) in enumerate(asked)
    ]
    counts = table.fetch(table.frame.select(*built))
    for number, (column, finder) in enumerate(asked):
        count = int(counts[f"ask_{number}"][0] or 0)
        if count:
            yield column, finder, count


def written(table: Table, column: str) -> Any:
    """Return a column as text."""
    import narwhals as nw

    value = table.value(column)
    return value if table.kind(column) == "text" else value.cast(nw.String())


def _validated(table: Table, column: str, finder: Finder, candidates: int, rows: int) -> Iterator[Find]:
    import narwhals as nw

    frame = table.frame.select(written(table, column).alias("value"))
    fits = matches(table, nw.col("value"), [finder.pattern], every=False)
    fitting = frame.with_columns(fits.alias("fits")).filter(nw.col("fits")).select("value").unique().head(_CHECKED)
    values = [str(value) for value in table.fetch(fitting)["value"]]
    valid = {value for value in values if any(True for _ in finder.found_in(value))}
    share = len(valid) / len(values) if values else 0.0
    if valid and share >= finder.least_share:
        count = max(round(candidates * share), 1)
        where = f"{len(valid):,} of {len(values):,} different values that look like it are valid"
        positions = _positions(table, column, valid)
        yield Find(place=column, kind=finder.kind, count=count, n=rows, where=f"{where}{positions}")


def _positions(table: Table, column: str, valid: set[str]) -> str:
    """Return the first rows that hold one of some values, where rows have an order and are in memory."""
    import narwhals as nw

    if not isinstance(table.frame, nw.DataFrame):
        return ""
    values = table.frame.select(written(table, column).alias("value"))["value"].to_list()
    rows = (str(number) for number, value in enumerate(values) if value in valid)
    first = [row for row, _ in zip(rows, range(_SHOWN), strict=False)]
    return f"; rows {', '.join(first)}" if first else ""


def scan_texts_of(sources: Iterable[tuple[str, Iterable[str]]], finders: Sequence[Finder]) -> Iterator[Find]:
    """Yield what is found in named texts, line by line."""
    for name, text in sources:
        counts: Counter[str] = Counter()
        first: dict[str, int] = {}
        lines = 0
        for number, line in enumerate(text, start=1):
            lines = number
            for finder in finders:
                found = sum(1 for _ in finder.found_in(line))
                if found:
                    counts[finder.kind] += found
                    first.setdefault(finder.kind, number)
        for kind, count in counts.items():
            yield Find(place=name, kind=kind, count=count, n=lines, where=f"first in line {first[kind]}")
