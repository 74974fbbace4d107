"""A starter suite: what a person would write down after a look, wide enough for the next sample of the same."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.frames import Data, open_lazily
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.stages.data.asks import Number, Values, different, least, most, present, quantile, rows_in
from pytest_mlops.stages.data.engine import answer_all
from pytest_mlops.stages.data.kinds import NUMBERS, TIMES, Kind
from pytest_mlops.stages.data.matching import matches
from pytest_mlops.stages.data.rules_types import name_of_type
from pytest_mlops.stages.data.table import Table, read_table
from pytest_mlops.stages.privacy.finders import kind_of_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FEWEST_ROWS = 30
_MOST_CATEGORIES = 50
_KEY_ROWS = 100
_OUTER, _INNER = (0.005, 0.995), (0.25, 0.75)
_NOTHING = 0.02  # of the highest values
_SHAPES = (r"^[A-Z]+$", r"^[a-z]+$", r"^[0-9]+$", r"^[A-Z0-9]+$", r"^[A-Za-z]+$", r"^[A-Za-z0-9_-]+$")

Entry = dict[str, Any]


@dataclass(frozen=True)
class _Column:
    """What was seen of a column."""

    name: str
    kind: Kind
    rows: int
    seen: int
    kinds: int
    at: Mapping[float, float]
    lowest: Any
    highest: Any

    @property
    def is_key(self) -> bool:
        return self.kinds == self.seen == self.rows >= _KEY_ROWS and self.kind in {"whole", "text"}

    @property
    def is_category(self) -> bool:
        few = self.kinds <= min(_MOST_CATEGORIES, self.seen / 20)
        return few and self.kind in {"text", "boolean"} and not kind_of_name(self.name)


def write_suite(data: Data, *, name: str) -> dict[str, Any]:
    """Return a suite, in the form that Great Expectations 1.x saves.

    Ranges are padded quantiles and hold for most values, not the extremes that were seen: these would be broken by
    the next sample. Shares of missing values have room for a bad day. Values of columns whose name says that they
    are personal are not written down.

    Raises
    ------
    DeclarationError
        For data of fewer than 30 rows.
    """
    frame, ordered = open_lazily(data)
    table = read_table(frame, ordered=ordered)
    columns = _look(table)
    entries = [*_of_the_table(table, columns)]
    for column in columns:
        entries += _of_a_column(table, column)
    return {"name": name, "expectations": entries, "meta": {"written_by": "pytest-mlops profile"}, "notes": None}


def _look(table: Table) -> list[_Column]:
    asks: dict[str, list[Number]] = {}
    for name in table.columns:
        kind = table.kind(name)
        if kind in {"other", "duration"}:
            continue
        asks[name] = [present(name), different(name)]
        if kind in NUMBERS | TIMES:
            asks[name] += [least(name), most(name)]
        if kind in {"whole", "float", "decimal"}:
            asks[name] += [quantile(name, share) for share in (*_OUTER, *_INNER, 0.5)]
    answers = answer_all(table, [rows_in(), *(ask for asked in asks.values() for ask in asked)])
    rows = answers[rows_in()]
    if rows < _FEWEST_ROWS:
        raise DeclarationError(f"a starter suite needs at least {_FEWEST_ROWS} rows, got {rows}")
    return [_column(table, name, asked, answers, rows) for name, asked in asks.items()]


def _column(table: Table, name: str, asked: list[Number], answers: Mapping[Any, Any], rows: int) -> _Column:
    seen, kinds, *rest = (answers[ask] for ask in asked)
    ends, shares = rest[:2] or [None, None], (*_OUTER, *_INNER, 0.5)
    at = {share: float(value) for share, value in zip(shares, rest[2:], strict=False) if value is not None}
    return _Column(name, table.kind(name), rows, seen, kinds, at, *ends)


def _of_the_table(table: Table, columns: list[_Column]) -> Iterator[Entry]:
    rows = columns[0].rows if columns else 0
    yield _entry("table_row_count_to_be_between", min_value=rows // 2, max_value=rows * 2, severity="warning")
    yield _entry("table_columns_to_match_set", column_set=list(table.columns), exact_match=True)


def _of_a_column(table: Table, column: _Column) -> Iterator[Entry]:
    type_ = name_of_type(table, column.name)
    if type_:
        yield _entry("column_values_to_be_of_type", column=column.name, type_=type_)
    if not column.seen:
        return
    yield _filled(column)
    if column.is_key:
        yield _entry("column_values_to_be_unique", column=column.name)
    elif column.kinds == 1 and column.kind in {"whole", "boolean"}:
        yield _entry("column_values_to_be_in_set", column=column.name, value_set=[_plain(column.lowest)])
    elif column.kind in {"whole", "float", "decimal"} and column.at:
        yield from _of_numbers(column)
    elif column.kind in TIMES:
        yield from _of_times(column)
    elif column.is_category:
        yield _of_categories(table, column)
    if column.kind == "text" and not column.is_category:
        yield from _of_text(table, column)


def _filled(column: _Column) -> Entry:
    """Allow three times the share of missing values that was seen, and a bad day; a key has none."""
    missing = 1 - column.seen / column.rows
    if column.is_key:
        return _entry("column_values_to_not_be_null", column=column.name)
    mostly = math.floor(100 * max(1 - 3 * missing - 0.05, 0)) / 100
    return _entry("column_values_to_not_be_null", column=column.name, mostly=mostly)


def _of_numbers(column: _Column) -> Iterator[Entry]:
    """Hold nearly all values within the outer quantiles, widened; the median near the quartiles."""
    low, high = column.at[_OUTER[0]], column.at[_OUTER[1]]
    middle, first, third = column.at[0.5], column.at[_INNER[0]], column.at[_INNER[1]]
    low, high = low - 1.5 * (middle - low), high + 1.5 * (high - middle)
    floor = 0.0 if _is_never_negative(column, high) else -math.inf
    bounds: dict[str, Any] = {
        "min_value": _rounded(max(low, floor), math.floor),
        "max_value": _rounded(high, math.ceil),
    }
    if high > low:
        yield _entry("column_values_to_be_between", column=column.name, **bounds, mostly=0.95)
    if third > first:
        spread = third - first
        low, high = max(first - spread, floor), third + spread
        inner: dict[str, Any] = {"min_value": _rounded(low, math.floor), "max_value": _rounded(high, math.ceil)}
        yield _entry("column_median_to_be_between", column=column.name, **inner, severity="warning")


def _is_never_negative(column: _Column, high: float) -> bool:
    """Say whether a column looks like a count, or comes down to nothing and not below; a temperature does not."""
    if column.lowest < 0:
        return False
    counts = column.kind == "whole" or all(value.is_integer() for value in column.at.values())
    return counts or column.lowest <= _NOTHING * high


def _of_times(column: _Column) -> Iterator[Entry]:
    """Hold the newest row at least as new as the middle of those seen: what comes next is newer still."""
    middle = column.lowest + (column.highest - column.lowest) / 2
    text = middle.isoformat()
    yield _entry("column_max_to_be_between", column=column.name, min_value=text, severity="warning")


def _of_categories(table: Table, column: _Column) -> Entry:
    values = answer_all(table, [Values(column.name)])[Values(column.name)]
    known: list[Any] = sorted((_plain(value) for value, _ in values), key=str)
    if column.kind == "boolean":
        known = [False, True]
    return _entry("column_values_to_be_in_set", column=column.name, value_set=known, mostly=0.95)


def _of_text(table: Table, column: _Column) -> Iterator[Entry]:
    value = table.value(column.name)
    length = value.str.len_chars()
    shapes = [
        table.count_true(matches(table, value, [shape], every=False)).alias(f"s{n}") for n, shape in enumerate(_SHAPES)
    ]
    found = table.fetch(table.frame.select(length.min().alias("low"), length.max().alias("high"), *shapes))
    low, high = int(found["low"][0]), int(found["high"][0])
    if low == high:
        yield _entry("column_value_lengths_to_equal", column=column.name, value=low, mostly=0.95)
    else:
        yield _entry(
            "column_value_lengths_to_be_between", column=column.name, min_value=0, max_value=2 * high, mostly=0.95
        )
    shape = next((shape for n, shape in enumerate(_SHAPES) if int(found[f"s{n}"][0] or 0) == column.seen), None)
    if shape:
        yield _entry("column_values_to_match_regex", column=column.name, regex=shape, mostly=0.95)


def _rounded(value: float, towards: Any) -> float:
    """Return a bound with two digits that matter, rounded outwards: a number that a person would write."""
    if value == 0 or not math.isfinite(value):
        return 0.0
    step = 10 ** (math.floor(math.log10(abs(value))) - 1)
    rounded = towards(value / step) * step
    return float(f"{rounded:.12g}")


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _entry(kind: str, *, severity: str = "critical", **kwargs: Any) -> Entry:
    return {"type": f"expect_{kind}", "kwargs": kwargs, "meta": {}, "severity": severity}
