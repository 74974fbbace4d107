"""Rules about text: its length, patterns, and what it can be read as."""

from __future__ import annotations

import datetime as dt
import json
import operator
from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.dates import is_date
from pytest_mlops.core.digest import digest_json
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.stages.data.asks import Failing, fulfilling
from pytest_mlops.stages.data.matching import matches, python_matcher
from pytest_mlops.stages.data.pattern import NeedsBacktracking, check_pattern, like, linear
from pytest_mlops.stages.data.rule import Call, NotCompiled, each_value, known
from pytest_mlops.stages.data.rules_values import Bound, ordered_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import narwhals as nw

    from pytest_mlops.stages.data.engine import Measuring
    from pytest_mlops.stages.data.table import Table


def lengths_to_be_between(call: Call) -> Measuring:
    """Hold the number of characters between bounds."""
    low, high = call["min_value"], call["max_value"]
    if low is None and high is None:
        raise DeclarationError("min_value and max_value can't both be missing")
    return _length(call, (low, bool(call["strict_min"])), (high, bool(call["strict_max"])))


def lengths_to_equal(call: Call) -> Measuring:
    """Hold the number of characters at a number."""
    return _length(call, (call["value"], False), (call["value"], False))


def _length(call: Call, low: Bound, high: Bound) -> Measuring:
    above, below = operator.gt if low[1] else operator.ge, operator.lt if high[1] else operator.le

    def fits(length: Any) -> Any:
        parts = [above(length, low[0])] * (low[0] is not None) + [below(length, high[0])] * (high[0] is not None)
        return parts[0] & parts[-1]

    if _text_kind(call) == "text":
        key = ("length", call.column, call.rows, low, high)
        return each_value(
            call, fulfilling(key, lambda table: fits(table.value(call.column, call.rows).str.len_chars()))
        )
    return _accepted(call, "length", (low, high), lambda value: bool(fits(len(_written(value)))))


def match_regex(call: Call) -> Measuring:
    """Hold values to contain a pattern."""
    return _matching(call, [call["regex"]], good=True)


def not_match_regex(call: Call) -> Measuring:
    """Hold values not to contain a pattern."""
    return _matching(call, [call["regex"]], good=False)


def match_regex_list(call: Call) -> Measuring:
    """Hold values to contain any, or all, of some patterns."""
    return _matching(call, call["regex_list"], good=True, every=known(call, "match_on", ("any", "all"), "any") == "all")


def not_match_regex_list(call: Call) -> Measuring:
    """Hold values to contain none of some patterns."""
    return _matching(call, call["regex_list"], good=False)


def match_like_pattern(call: Call) -> Measuring:
    """Hold values to be like a pattern of SQL."""
    return _matching(call, [_like(call, call["like_pattern"])], good=True)


def not_match_like_pattern(call: Call) -> Measuring:
    """Hold values not to be like a pattern of SQL."""
    return _matching(call, [_like(call, call["like_pattern"])], good=False)


def match_like_pattern_list(call: Call) -> Measuring:
    """Hold values to be like any, or all, of some patterns of SQL."""
    every = known(call, "match_on", ("any", "all"), "any") == "all"
    return _matching(call, [_like(call, pattern) for pattern in call["like_pattern_list"]], good=True, every=every)


def not_match_like_pattern_list(call: Call) -> Measuring:
    """Hold values to be like none of some patterns of SQL."""
    return _matching(call, [_like(call, pattern) for pattern in call["like_pattern_list"]], good=False)


def _like(call: Call, pattern: Any) -> str:
    if not isinstance(pattern, str):
        raise DeclarationError(f"a pattern must be text, got {pattern!r}")
    return like(pattern, call["escape"])


def _matching(call: Call, given: Sequence[Any] | None, *, good: bool, every: bool = False) -> Measuring:
    patterns = tuple(map(check_pattern, given or ()))
    if not patterns:
        raise DeclarationError("there must be at least one pattern, got none")
    text, compiled = _text_kind(call) == "text", _linear(patterns)
    key = ("matching", call.column, call.rows, patterns, every)
    if not text or not compiled:
        accepts = python_matcher(patterns, every=every)
        return _accepted(call, "matching", (patterns, every, good), lambda value: accepts(_written(value)) is good)

    def matching(table: Table) -> nw.Expr:
        return matches(table, table.value(call.column, call.rows), patterns, every=every)

    return each_value(call, fulfilling(key, matching), counts_bad=not good)


def _linear(patterns: Sequence[str]) -> bool:
    try:
        return all(linear(pattern, dialect) for pattern in patterns for dialect in ("re2", "rust"))
    except NeedsBacktracking:
        return False


def match_strftime_format(call: Call) -> Measuring:
    """Hold text to be a moment in a format."""
    layout = call["strftime_format"]
    try:
        dt.datetime.strptime(dt.datetime(2013, 1, 31, 12).strftime(layout), layout)  # noqa: DTZ001, DTZ007 - only tried
    except (ValueError, TypeError) as exc:
        raise DeclarationError(f"strftime_format {layout!r} can't be used: {exc}") from exc
    return _read(call, "strftime", (layout,), lambda value: _does(lambda: dt.datetime.strptime(value, layout)))  # noqa: DTZ007


def be_dateutil_parseable(call: Call) -> Measuring:
    """Hold text to be a date that dateutil can read."""
    return _read(call, "dateutil", (), is_date)


def be_json_parseable(call: Call) -> Measuring:
    """Hold text to be JSON."""
    return _read(call, "json", (), lambda value: _does(lambda: json.loads(value)))


def match_json_schema(call: Call) -> Measuring:
    """Hold text to be JSON of a schema; text that is no JSON is not as expected either."""
    from pytest_mlops.adapters.jsonschema import validator_of

    schema = call["json_schema"]
    valid = validator_of(schema)
    return _read(call, "json_schema", (digest_json(schema),), lambda value: _does(lambda: valid(json.loads(value))))


def _does(step: Callable[[], object]) -> bool:
    try:
        return step() is not False
    except (ValueError, RecursionError):
        return False


def _read(call: Call, name: str, parameters: tuple[Any, ...], accepts: Callable[[Any], bool]) -> Measuring:
    call.table.needs(call.column, frozenset({"text"}), "text to be read")
    return _accepted(call, name, parameters, accepts)


def _accepted(call: Call, name: str, parameters: tuple[Any, ...], accepts: Callable[[Any], bool]) -> Measuring:
    return each_value(call, Failing(call.column, call.rows, name, parameters, accepts), counts_bad=True)


def _text_kind(call: Call) -> str:
    kind = ordered_kind(call.table, call.column)
    if kind in {"time", "zoned", "date"}:
        raise NotCompiled(f"column {call.column!r} holds times, and their text is the engine's own")
    return kind


def _written(value: Any) -> str:
    return value if isinstance(value, str) else str(value)
