"""Rules about one number of a whole column: an extreme, a mean, a share, its different values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.stages.data.asks import (
    Modes,
    Number,
    as_float,
    deviation,
    different,
    least,
    mean,
    most,
    occurring,
    present,
    quantile,
    rows_in,
    total,
)
from pytest_mlops.stages.data.kinds import NUMBERS, TIMES, bound, members
from pytest_mlops.stages.data.outcome import Outcome
from pytest_mlops.stages.data.rule import Call, NotCompiled, number_between
from pytest_mlops.stages.data.rules_values import ordered_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import narwhals as nw

    from pytest_mlops.stages.data.engine import Measuring
    from pytest_mlops.stages.data.table import Table


def min_to_be_between(call: Call) -> Measuring:
    """Hold the smallest value between bounds."""
    return _extreme(call, least)


def max_to_be_between(call: Call) -> Measuring:
    """Hold the largest value between bounds."""
    return _extreme(call, most)


def _extreme(call: Call, ask: Callable[[str, Any], Number]) -> Measuring:
    kind = ordered_kind(call.table, call.column)
    ends = {
        end: bound(kind, call[end], column=call.column) for end in ("min_value", "max_value") if call[end] is not None
    }
    seen, value = yield present(call.column, call.rows), ask(call.column, call.rows)
    return number_between(Call(call.table, {**call.parameters, **ends}), value, seen=seen)


def mean_to_be_between(call: Call) -> Measuring:
    """Hold the mean between bounds."""
    return _moment(call, mean)


def stdev_to_be_between(call: Call) -> Measuring:
    """Hold the sample's standard deviation between bounds."""
    return _moment(call, deviation)


def sum_to_be_between(call: Call) -> Measuring:
    """Hold the sum between bounds."""
    return _moment(call, total)


def median_to_be_between(call: Call) -> Measuring:
    """Hold the median between bounds."""
    return _moment(call, lambda column, rows: quantile(column, 0.5, rows))


def _moment(call: Call, ask: Callable[[str, Any], Number]) -> Measuring:
    if call.table.kind(call.column) in TIMES:
        raise NotCompiled(f"column {call.column!r} holds times")
    call.table.needs(call.column, NUMBERS, "mean, sum or spread")
    seen, value = yield present(call.column, call.rows), ask(call.column, call.rows)
    return number_between(call, None if value is None else float(value), seen=seen)


def quantile_values_to_be_between(call: Call) -> Measuring:
    """Hold quantiles between bounds; unless another interpolation is asked for, a quantile is a value that is there."""
    call.table.needs(call.column, NUMBERS, "quantiles")
    shares, ranges = _ranges(call)
    how = call["allow_relative_error"] or "nearest"
    if how not in _INTERPOLATED:
        raise DeclarationError(f"allow_relative_error must be one of {', '.join(_INTERPOLATED)}, got {how!r}")
    (seen,) = yield (present(call.column, call.rows),)
    last = max(seen - 1, 0)
    points = [_INTERPOLATED[how](share * last) for share in shares]  # each: two positions, and the weight of the second
    positions = sorted({position for point in points for position in point[:2]})
    values = yield tuple(_at(call, position, last) for position in positions)
    at = dict(zip(positions, values, strict=True))
    found = [None if at[low] is None else at[low] + (at[high] - at[low]) * weight for low, high, weight in points]
    good = [_in_range(value, ends) for value, ends in zip(found, ranges, strict=True)]
    return Outcome(success=all(good), seen=seen, note=_outside(shares, found, good))


def _ranges(call: Call) -> tuple[Sequence[float], Sequence[Sequence[float | None]]]:
    given = call["quantile_ranges"]
    try:
        shares, ranges = list(given["quantiles"]), list(given["value_ranges"])
    except (TypeError, KeyError) as exc:
        raise DeclarationError(f"quantile_ranges needs 'quantiles' and 'value_ranges', got {given!r}") from exc
    if len(shares) != len(ranges) or not shares:
        raise DeclarationError(f"quantile_ranges needs a range for each quantile, got {len(shares)} and {len(ranges)}")
    return shares, ranges


def _at(call: Call, position: int, last: int) -> Number:
    """Ask for the value at a position of the sorted values: every engine has the linear quantile, exact there."""

    def build(table: Table) -> nw.Expr:
        share = position / last if last else 0.0
        how = "linear" if table.engine in {"duckdb", "pyspark"} else "nearest"
        return as_float(table, call.column, call.rows).quantile(share, interpolation=how)  # type: ignore[arg-type]

    return Number(("at", call.column, call.rows, position, last), build)


_INTERPOLATED: dict[str, Callable[[float], tuple[int, int, float]]] = {
    "nearest": lambda at: (round(at), round(at), 0.0),
    "lower": lambda at: (math.floor(at), math.floor(at), 0.0),
    "higher": lambda at: (math.ceil(at), math.ceil(at), 0.0),
    "midpoint": lambda at: (math.floor(at), math.ceil(at), 0.5),
    "linear": lambda at: (math.floor(at), math.ceil(at), at - math.floor(at)),
}


def _in_range(value: float | None, ends: Sequence[float | None]) -> bool:
    low, high = (-math.inf if ends[0] is None else ends[0]), (math.inf if ends[1] is None else ends[1])
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return False
    near = any(math.isfinite(end) and abs(value - end) <= 1e-8 + 1e-4 * abs(end) for end in (low, high))
    return near or low <= value <= high


def _outside(shares: Sequence[float], found: Sequence[float | None], good: Sequence[bool]) -> str:
    bad = [
        f"{share:g}: {value:.6g}"
        for share, value, ok in zip(shares, found, good, strict=True)
        if not ok and value is not None
    ]
    return f"quantiles outside their range: {', '.join(bad)}" if bad else ""


def unique_value_count_to_be_between(call: Call) -> Measuring:
    """Hold the number of different values between bounds."""
    count, seen = yield from _different(call)
    return number_between(call, count, seen=seen)


def proportion_of_unique_values_to_be_between(call: Call) -> Measuring:
    """Hold the number of different values, as a share of all values, between bounds."""
    count, seen = yield from _different(call)
    return number_between(call, count / seen if seen else 0, seen=seen)


def _different(call: Call) -> Any:
    ordered_kind(call.table, call.column)
    seen, kinds = yield present(call.column, call.rows), different(call.column, call.rows)
    return kinds, seen


def proportion_of_non_null_values_to_be_between(call: Call) -> Measuring:
    """Hold the share of rows that have a value between bounds."""
    call.table.kind(call.column)
    elements, seen = yield rows_in(call.rows), present(call.column, call.rows)
    return number_between(call, seen / elements if elements else 0, seen=elements)


def distinct_values_to_be_in_set(call: Call) -> Measuring:
    """Hold the different values of a column within a set."""
    if not call["value_set"]:
        raise DeclarationError("value_set must hold at least one value, got none")
    seen, outside, _ = yield from _against_set(call)
    return Outcome(success=outside == 0, unexpected=outside, seen=seen)


def distinct_values_to_contain_set(call: Call) -> Measuring:
    """Hold a set within the different values of a column."""
    seen, _, lacking = yield from _against_set(call)
    return Outcome(success=lacking == 0, missing=lacking, seen=seen)


def distinct_values_to_equal_set(call: Call) -> Measuring:
    """Hold the different values of a column equal to a set."""
    seen, outside, lacking = yield from _against_set(call)
    return Outcome(success=outside == 0 and lacking == 0, unexpected=outside, missing=lacking, seen=seen)


def _against_set(call: Call) -> Any:
    """Return how many values there are, different ones outside the set, and values of the set that are lacking."""
    kind = ordered_kind(call.table, call.column)
    wanted = list(dict.fromkeys(call["value_set"] or ()))
    among = tuple(members(kind, wanted))
    seen, kinds, inside = yield (
        present(call.column, call.rows), different(call.column, call.rows), occurring(call.column, among, call.rows)
    )  # fmt: skip
    return seen, kinds - inside, len(wanted) - inside


def most_common_value_to_be_in_set(call: Call) -> Measuring:
    """Hold the most common value (each of them, or with `ties_okay` any) within a set."""
    kind = ordered_kind(call.table, call.column)
    among = tuple(members(kind, list(call["value_set"] or ())))
    seen, (modes, inside) = yield present(call.column, call.rows), Modes(call.column, among, call.rows)
    success = inside > 0 if call["ties_okay"] else modes == 1 and inside == 1
    return Outcome(success=success, seen=seen)
