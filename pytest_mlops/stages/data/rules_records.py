"""Rules about several columns of one row."""

from __future__ import annotations

import itertools
import operator
from functools import reduce
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.stages.data.asks import GroupSizes, fulfilling, rows_in
from pytest_mlops.stages.data.condition import Compare, Every, Missing, Not, Some, every
from pytest_mlops.stages.data.kinds import NUMBERS, TIMES, members
from pytest_mlops.stages.data.rule import Call, counted, known
from pytest_mlops.stages.data.rules_values import ordered_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import narwhals as nw

    from pytest_mlops.stages.data.asks import Ask
    from pytest_mlops.stages.data.engine import Measuring
    from pytest_mlops.stages.data.table import Table

_PAIR = ("both_values_are_missing", "either_value_is_missing", "neither")
_LIST = ("all_values_are_missing", "any_value_is_missing", "never")


def pair_values_to_be_equal(call: Call) -> Measuring:
    """Hold two columns equal; what is missing equals nothing."""
    return _pair(call, "equal", lambda left, right: left == right)


def pair_values_a_to_be_greater_than_b(call: Call) -> Measuring:
    """Hold one column above another."""
    if call["or_equal"]:
        return _pair(call, "at least", lambda left, right: left >= right)
    return _pair(call, "greater", lambda left, right: left > right)


def _pair(call: Call, word: str, compare: Callable[[nw.Expr, nw.Expr], nw.Expr]) -> Measuring:
    left, right = call["column_A"], call["column_B"]
    _check_alike(call.table, (left, right))
    rows = _looked_at(call, (left, right), _PAIR)
    key = ("pair", word, left, right, rows)
    good = fulfilling(key, lambda table: compare(table.value(left, rows), table.value(right, rows)))
    return _each_row(call, rows, good)


def pair_values_to_be_in_set(call: Call) -> Measuring:
    """Hold two columns within a set of pairs; a missing value is None there."""
    left, right = call["column_A"], call["column_B"]
    rows = _looked_at(call, (left, right), _PAIR)
    pairs = [tuple(pair) for pair in call["value_pairs_set"] or ()]
    if any(len(pair) != 2 for pair in pairs):  # noqa: PLR2004 - a pair
        raise DeclarationError(f"value_pairs_set must hold pairs, got {pairs!r:.80}")
    wanted = Some(tuple(Every((_is(call.table, left, a), _is(call.table, right, b))) for a, b in pairs))
    among = every([rows, wanted]) if pairs else None
    return _each_row(call, rows, rows_in(among) if pairs else rows_in(Every((Missing(left), Not(Missing(left))))))


def _is(table: Table, column: str, value: Any) -> Any:
    if value is None:
        return Missing(column)
    possible = members(ordered_kind(table, column), [value])
    return Compare(column, "in", tuple(possible))


def multicolumn_sum_to_equal(call: Call) -> Measuring:
    """Hold the sum of some columns equal to a number; a missing value makes the sum unknown."""
    columns = _columns(call)
    for column in columns:
        call.table.needs(column, NUMBERS, "sum")
    rows = _looked_at(call, columns, _LIST)
    whole = all(call.table.kind(column) in {"whole", "boolean"} for column in columns)
    wanted = members("whole" if whole else "float", [call["sum_total"]])  # whole numbers are not compared as floats

    def adds_up(table: Table) -> nw.Expr:
        total = reduce(operator.add, (table.value(column, rows) for column in columns))
        return total == wanted[0] if wanted else total != total  # noqa: PLR0124 - no sum of whole numbers is a fraction

    return _each_row(call, rows, fulfilling(("sum", tuple(columns), rows, tuple(wanted)), adds_up))


def multicolumn_values_to_be_equal(call: Call) -> Measuring:
    """Hold some columns equal to each other; missing values equal each other."""
    columns = _columns(call)
    _check_alike(call.table, columns)
    rows = _looked_at(call, columns, _LIST)
    first, *others = columns
    alike = every(_same(first, other) for other in others)
    return _each_row(call, rows, rows_in(every([rows, alike])))


def select_column_values_to_be_unique_within_record(call: Call) -> Measuring:
    """Hold the values of some columns different from each other within a row; missing values equal each other."""
    columns = _columns(call)
    rows = _looked_at(call, columns, _LIST)
    pairs = [(a, b) for a, b in itertools.combinations(columns, 2) if _comparable(call.table, a, b)]
    clash = Some(tuple(_same(left, right) for left, right in pairs))
    missing = Some(tuple(Every((Missing(a), Missing(b))) for a, b in itertools.combinations(columns, 2)))
    apart = Not(Some((clash, missing)) if pairs else missing)
    return _each_row(call, rows, rows_in(every([rows, apart])))


def _same(left: str, right: str) -> Any:
    from pytest_mlops.stages.data.condition import Column

    return Some((Compare(left, "==", Column(right)), Every((Missing(left), Missing(right)))))


def compound_columns_to_be_unique(call: Call) -> Measuring:
    """Hold the combinations of some columns different from each other; missing values equal each other."""
    columns = _columns(call)
    rows = _looked_at(call, columns, _LIST)
    elements, looked_at, sizes = yield rows_in(call.rows), rows_in(rows), GroupSizes(tuple(columns), rows)
    return counted(call, elements=elements, seen=looked_at, unexpected=sizes["repeated"])


def _each_row(call: Call, rows: Any, good: Ask) -> Measuring:
    elements, looked_at, count = yield rows_in(call.rows), rows_in(rows), good
    return counted(call, elements=elements, seen=looked_at, unexpected=looked_at - count)


def _columns(call: Call) -> Sequence[str]:
    columns = list(call["column_list"] or ())
    if len(columns) < 2:  # noqa: PLR2004 - one column has nothing to be compared with
        raise DeclarationError(f"column_list must name at least two columns, got {columns!r}")
    for column in columns:
        ordered_kind(call.table, column)
    return columns


def _looked_at(call: Call, columns: Sequence[str], words: tuple[str, str, str]) -> Any:
    for column in columns:
        call.table.kind(column)
    ignored = known(call, "ignore_row_if", words, words[0])
    missing = tuple(map(Missing, columns))
    left_out = {words[0]: Not(Every(missing)), words[1]: Not(Some(missing)), words[2]: None}[ignored]
    return every([call.rows, left_out])


def _check_alike(table: Table, columns: Sequence[str]) -> None:
    first, *others = columns
    for other in others:
        if not _comparable(table, first, other):
            raise DeclarationError(
                f"columns {first!r} and {other!r} hold values of different kinds, which can't be compared"
            )


def _comparable(table: Table, left: str, right: str) -> bool:
    kinds = {ordered_kind(table, left), ordered_kind(table, right)}
    return len(kinds) == 1 or kinds <= NUMBERS or (kinds <= TIMES and "zoned" not in kinds)
