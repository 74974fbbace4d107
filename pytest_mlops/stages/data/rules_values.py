"""Rules about the single values of one column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.stages.data.asks import (
    GroupSizes,
    Steps,
    deviation,
    different,
    fulfilling,
    least,
    mean,
    most,
    present,
    quantile,
    rows_in,
)
from pytest_mlops.stages.data.kinds import NUMBERS, TIMES, bound, members, whole_bounds
from pytest_mlops.stages.data.rule import Call, NotCompiled, counted, each_value, known

if TYPE_CHECKING:
    from collections.abc import Callable

    import narwhals as nw

    from pytest_mlops.stages.data.engine import Measuring
    from pytest_mlops.stages.data.kinds import Kind
    from pytest_mlops.stages.data.table import Table


def be_between(call: Call) -> Measuring:
    """Hold values between two bounds: the extremes alone decide where they are inside, a count where not."""
    low, high = bounds(call)
    elements, seen, smallest, largest = yield (
        rows_in(call.rows), present(call.column, call.rows),
        least(call.column, call.rows), most(call.column, call.rows),
    )  # fmt: skip
    good = seen
    # A bound that the extreme keeps is kept by every value.
    broken_low = _NO_BOUND if not seen or _is_above(smallest, low) else low
    broken_high = _NO_BOUND if not seen or _is_below(largest, high) else high
    if (broken_low, broken_high) != (_NO_BOUND, _NO_BOUND):
        key = ("between", call.column, call.rows, broken_low, broken_high)
        (good,) = yield (fulfilling(key, lambda table: between(table, call, broken_low, broken_high)),)
    return counted(call, elements=elements, seen=seen, unexpected=seen - good)


Bound = tuple[Any, bool]  # the bound, None for none, and whether it is strict
_NO_BOUND: Bound = (None, False)


def bounds(call: Call) -> tuple[Bound, Bound]:
    """Return the bounds as the column can be compared with them."""
    kind = ordered_kind(call.table, call.column)
    low, high = call["min_value"], call["max_value"]
    if low is None and high is None:
        raise DeclarationError("min_value and max_value can't both be missing")
    low, high = (None if end is None else bound(kind, end, column=call.column) for end in (low, high))
    if low is not None and high is not None and low > high:
        raise DeclarationError(f"min_value must be at most max_value, got {low!r} and {high!r}")
    strict_low, strict_high = bool(call["strict_min"]), bool(call["strict_max"])
    if kind in {"whole", "boolean"}:
        low, high, strict_low, strict_high = whole_bounds(low, high, strict_low=strict_low, strict_high=strict_high)
    return (low, strict_low), (high, strict_high)


def ordered_kind(table: Table, column: str) -> Kind:
    """Return the kind of a column whose values have an order that every engine knows."""
    kind = table.kind(column)
    if kind in {"other", "duration"}:
        raise NotCompiled(f"column {column!r} holds values of a mixed or nested type")
    return kind


def _is_above(value: Any, low: Bound) -> bool:
    return low[0] is None or bool(value > low[0] if low[1] else value >= low[0])


def _is_below(value: Any, high: Bound) -> bool:
    return high[0] is None or bool(value < high[0] if high[1] else value <= high[0])


def between(table: Table, call: Call, low: Bound, high: Bound) -> nw.Expr:
    """Return the expression of a value between bounds."""
    value = table.value(call.column, call.rows)
    parts = []
    if low[0] is not None:
        parts.append(value > low[0] if low[1] else value >= low[0])
    if high[0] is not None:
        parts.append(value < high[0] if high[1] else value <= high[0])
    joined: nw.Expr = parts[0] & parts[-1]
    return joined


def be_in_set(call: Call) -> Measuring:
    """Hold values among those of a set."""
    return each_value(call, _among(call))


def not_be_in_set(call: Call) -> Measuring:
    """Hold values apart from those of a set."""
    return each_value(call, _among(call), counts_bad=True)


def _among(call: Call) -> Any:
    kind = ordered_kind(call.table, call.column)
    among = tuple(members(kind, list(call["value_set"] or ())))
    key = ("among", call.column, call.rows, among)
    return fulfilling(key, lambda table: table.is_in(call.column, among, call.rows))


def be_null(call: Call) -> Measuring:
    """Hold a column empty."""
    elements, seen = yield rows_in(call.rows), _present(call)
    return counted(call, elements=elements, seen=elements, unexpected=seen, missing=0)


def not_be_null(call: Call) -> Measuring:
    """Hold a column filled."""
    elements, seen = yield rows_in(call.rows), _present(call)
    return counted(call, elements=elements, seen=elements, unexpected=elements - seen, missing=0)


def _present(call: Call) -> Any:
    call.table.kind(call.column)
    return present(call.column, call.rows)


def be_unique(call: Call) -> Measuring:
    """Hold values different from each other; which rows repeat is counted where some do."""
    ordered_kind(call.table, call.column)
    elements, seen, kinds = yield rows_in(call.rows), present(call.column, call.rows), different(call.column, call.rows)
    unexpected = 0
    if kinds < seen:
        (sizes,) = yield (GroupSizes((call.column,), call.rows, with_missing=False),)
        unexpected = sizes["repeated"]
    return counted(call, elements=elements, seen=seen, unexpected=unexpected)


def be_increasing(call: Call) -> Measuring:
    """Hold each value at least as large as the one before it."""
    return _steps(call, downwards=False)


def be_decreasing(call: Call) -> Measuring:
    """Hold each value at most as large as the one before it."""
    return _steps(call, downwards=True)


def _steps(call: Call, *, downwards: bool) -> Measuring:
    call.table.needs(call.column, NUMBERS | TIMES, "steps")
    steps = Steps(call.column, call.rows, downwards=downwards, strictly=bool(call["strictly"]))
    return each_value(call, steps, counts_bad=True)


def z_scores_to_be_less_than(call: Call) -> Measuring:
    """Hold values within some standard deviations of the mean; without any spread nothing is far."""
    call.table.needs(call.column, NUMBERS, "z-scores")
    centre, spread = yield mean(call.column, call.rows), deviation(call.column, call.rows)
    threshold, double = float(call["threshold"]), bool(call["double_sided"])
    if not spread or spread != spread:  # noqa: PLR0124 - NaN
        return (yield from each_value(call, present(call.column, call.rows)))
    key = ("z", call.column, call.rows, threshold, double)

    def near(table: Table) -> nw.Expr:
        score = (table.value(call.column, call.rows) - float(centre)) / float(spread)
        return (score.abs() < abs(threshold)) if double else score < threshold

    return (yield from each_value(call, fulfilling(key, near)))


def not_be_outliers(call: Call) -> Measuring:
    """Hold values within Tukey's fences (`iqr`), or within some standard deviations of the mean (`std`)."""
    call.table.needs(call.column, NUMBERS, "outliers")
    method = known(call, "method", ("iqr", "std"), "iqr")
    multiplier = float(1.5 if call["multiplier"] is None else call["multiplier"])
    if method == "iqr":
        first, third = yield quantile(call.column, 0.25, call.rows), quantile(call.column, 0.75, call.rows)
        lower, upper, spread = first, third, None if third is None else third - first
    else:
        lower, spread = yield mean(call.column, call.rows), deviation(call.column, call.rows)
        upper = lower
    if lower is None or spread is None or spread != spread:  # noqa: PLR0124 - NaN: one value has no spread
        return (yield from each_value(call, present(call.column, call.rows)))
    reach = multiplier * float(spread)
    key = ("outliers", call.column, call.rows, method, multiplier)
    return (yield from each_value(call, fulfilling(key, _fences(call, method, float(lower), float(upper), reach))))


def _fences(call: Call, method: str, lower: float, upper: float, reach: float) -> Callable[[Table], nw.Expr]:
    def near(table: Table) -> nw.Expr:
        value = table.value(call.column, call.rows)
        if method == "iqr":
            return (value >= lower - reach) & (value <= upper + reach)
        return value == lower if reach <= 0 else (value - lower).abs() < reach

    return near
