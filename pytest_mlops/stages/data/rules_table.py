"""Rules about a table as a whole: its rows, its columns and their types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlops.core.messages import did_you_mean
from pytest_mlops.stages.data.asks import rows_in
from pytest_mlops.stages.data.outcome import Outcome
from pytest_mlops.stages.data.rule import Call, number_between

if TYPE_CHECKING:
    from pytest_mlops.stages.data.engine import Measuring


def row_count_to_be_between(call: Call) -> Measuring:
    """Hold the number of rows between bounds."""
    (count,) = yield (rows_in(call.rows),)
    return number_between(call, count, seen=count)


def row_count_to_equal(call: Call) -> Measuring:
    """Hold the number of rows at a number."""
    (count,) = yield (rows_in(call.rows),)
    return Outcome(success=count == call["value"], observed=float(count), seen=count)


def column_count_to_be_between(call: Call) -> Measuring:
    """Hold the number of columns between bounds."""
    return _of_columns(number_between(call, len(call.table.columns), seen=1))


def column_count_to_equal(call: Call) -> Measuring:
    """Hold the number of columns at a number."""
    count = len(call.table.columns)
    return _of_columns(Outcome(success=count == call["value"], observed=float(count)))


def columns_to_match_ordered_list(call: Call) -> Measuring:
    """Hold the columns, in order, equal to a list."""
    wanted, found = call["column_list"], list(call.table.columns)
    if wanted is None or list(wanted) == found:
        return _of_columns(Outcome(success=True))
    pairs = enumerate(zip(wanted, found, strict=False))
    first = next((f"column {n} is {have!r}, not {want!r}" for n, (want, have) in pairs if want != have), "")
    return _of_columns(Outcome(note=first or f"{len(found)} columns, not {len(wanted)}"))


def columns_to_match_set(call: Call) -> Measuring:
    """Hold the columns, in any order, equal to a set, or without `exact_match` to hold it."""
    wanted, found = set(call["column_set"] or ()), set(call.table.columns)
    lacking, extra = sorted(wanted - found), sorted(found - wanted)
    exact = call["exact_match"] is None or call["exact_match"]
    success = not lacking and (not exact or not extra)
    said = [f"lacking {', '.join(lacking)}"] * bool(lacking) + [f"not expected {', '.join(extra)}"] * bool(
        extra and exact
    )
    return _of_columns(Outcome(success=success, note="; ".join(said)))


def column_to_exist(call: Call) -> Measuring:
    """Hold a column to be there, and at a position where one is given."""
    columns, index = call.table.columns, call["column_index"]
    if index:
        success = -len(columns) <= index < len(columns) and columns[int(index)] == call.column
    else:
        success = call.column in columns
    note = "" if success or call.column in columns else did_you_mean(call.column, columns)
    return _of_columns(Outcome(success=success, note=note))


def _of_columns(outcome: Outcome) -> Measuring:
    """Return the rule's outcome: columns without rows are no evidence, so the rows are counted all the same."""
    (count,) = yield (rows_in(),)
    from dataclasses import replace

    return replace(outcome, seen=count)
