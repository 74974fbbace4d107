"""What a suite says of each column's values, gathered so that rows can be made that keep to it."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.dates import parse_date
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.stages.data.pattern import check_pattern, like

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence


@dataclass(frozen=True)
class Spec:
    """The values that a column may hold. A bound is a value and whether it is strict."""

    kind: str = ""
    low: tuple[Any, bool] | None = None
    high: tuple[Any, bool] | None = None
    among: tuple[Any, ...] | None = None
    apart: tuple[Any, ...] = ()
    pattern: str = ""
    lengths: tuple[int, int] | None = None
    layout: str = ""
    filled: bool = False
    empty: bool = False
    unique: bool = False

    def allows(self, value: Any) -> bool:
        """Return whether a value lies within the bounds, the sets and the lengths; patterns are not asked."""
        above = self.low is None or value > self.low[0] or (value == self.low[0] and not self.low[1])
        below = self.high is None or value < self.high[0] or (value == self.high[0] and not self.high[1])
        listed = (self.among is None or value in self.among) and value not in self.apart
        long = self.lengths is None or self.lengths[0] <= len(str(value)) <= self.lengths[1]
        return above and below and listed and long and not (self.kind == "whole" and value != int(value))


@dataclass(frozen=True)
class Specs:
    """All columns of a suite, what must hold between two of them, and what rows alone can't keep to."""

    columns: Mapping[str, Spec]
    equal: Sequence[tuple[str, str]] = ()
    ordered: Sequence[tuple[str, str, bool]] = ()
    distinct_within: Sequence[tuple[str, ...]] = ()
    unique_together: Sequence[tuple[str, ...]] = ()
    all_of: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    beyond: Sequence[str] = ()

    def only(self, columns: Mapping[str, Spec]) -> Specs:
        """Return what is said of some columns, and between them."""
        return replace(
            self,
            columns=columns,
            equal=[pair for pair in self.equal if set(pair) <= set(columns)],
            ordered=[pair for pair in self.ordered if set(pair[:2]) <= set(columns)],
            distinct_within=[names for names in self.distinct_within if set(names) <= set(columns)],
            unique_together=[names for names in self.unique_together if set(names) <= set(columns)],
            all_of={name: values for name, values in self.all_of.items() if name in columns},
        )


def specs_of(entries: Sequence[Mapping[str, Any]]) -> Specs:
    """Return what a suite says of its rows.

    A `row_condition` is left out: its expectation then holds for every row, which keeps to it all the same.
    """
    gathered = _Gathered()
    for entry in entries:
        gathered.take(entry["type"].removeprefix("expect_"), entry["kwargs"])
    return gathered.specs()


@dataclass
class _Gathered:
    """What was said until now."""

    columns: dict[str, Spec] = field(default_factory=dict)
    between: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in _KINDS_BETWEEN})
    all_of: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    beyond: list[str] = field(default_factory=list)

    def take(self, kind: str, said: Mapping[str, Any]) -> None:
        if kind in _OF_A_COLUMN:
            self.columns[said["column"]] = _OF_A_COLUMN[kind](self.columns.get(said["column"], Spec()), said)
        elif kind in _BETWEEN:
            where, made = _BETWEEN[kind](said)
            self.between[where].append(made)
        elif kind in _SETS:
            self.all_of[said["column"]] = tuple(said["value_set"])
            if kind == _SETS[0]:
                self.columns[said["column"]] = _among(self.columns.get(said["column"], Spec()), said)
        elif kind in _NAMES_COLUMNS:
            names = said.get("column_set") or said.get("column_list") or [said.get("column")]
            self.columns |= {name: self.columns.get(name, Spec()) for name in names}
        elif not kind.startswith("table_row_count"):
            self.beyond.append(f"expect_{kind}")
            self._guess(said)

    def _guess(self, said: Mapping[str, Any]) -> None:
        """Take a column whose mean, median or extreme has bounds for one of numbers, where nothing else tells."""
        column, bounds = said.get("column"), (said.get("min_value"), said.get("max_value"))
        if column and any(isinstance(end, int | float) for end in bounds) and not self.columns.get(column, Spec()).kind:
            self.columns[column] = replace(self.columns.get(column, Spec()), kind="float")

    def specs(self) -> Specs:
        for names in (pair for pairs in self.between.values() for pair in pairs):
            columns = [name for name in names if isinstance(name, str)]
            kind = next((self.columns[name].kind for name in columns if name in self.columns), "")
            for name in columns:
                spec = self.columns.get(name, Spec())
                self.columns[name] = spec if spec.kind or spec.among else replace(spec, kind=kind)
        for names in (*self.between["equal"], *(pair[:2] for pair in self.between["ordered"])):
            if any(self.columns[name].filled for name in names):  # a null beside a value breaks the pair
                self.columns |= {name: replace(self.columns[name], filled=True) for name in names}
        for name in (name for names in self.between["distinct_within"] for name in names):
            self.columns[name] = replace(self.columns[name], filled=True)
        for left, right in self.between["equal"]:
            self.columns[left] = self.columns[right] = _merged(self.columns[left], self.columns[right])
        keys = {name for names in self.between["unique_together"] for name in names}
        keys |= {name for name, spec in self.columns.items() if spec.unique}
        if keys & set(self.all_of):  # values put in place of drawn ones could repeat a key
            self.beyond.append(f"expect_{_SETS[1]}")
        return Specs(columns=self.columns, all_of=self.all_of, beyond=self.beyond, **self.between)


_KINDS_BETWEEN: tuple[str, ...] = ("equal", "ordered", "distinct_within", "unique_together")
_SETS = ("column_distinct_values_to_equal_set", "column_distinct_values_to_contain_set")
_NAMES_COLUMNS = ("table_columns_to_match_set", "table_columns_to_match_ordered_list", "column_to_exist")


def _bounds(spec: Spec, said: Mapping[str, Any]) -> Spec:
    low, high = said.get("min_value"), said.get("max_value")
    if isinstance(low, str) or isinstance(high, str):
        low, high = (end and parse_date(end) for end in (low, high))
        spec = replace(spec, kind=spec.kind or "time")
    elif not spec.kind:
        spec = replace(spec, kind="float")
    if low is not None and (spec.low is None or low >= spec.low[0]):
        spec = replace(spec, low=(low, bool(said.get("strict_min"))))
    if high is not None and (spec.high is None or high <= spec.high[0]):
        spec = replace(spec, high=(high, bool(said.get("strict_max"))))
    return spec


def _merged(one: Spec, other: Spec) -> Spec:
    """Return what two columns allow that must be equal."""
    lows = [spec.low for spec in (one, other) if spec.low is not None]
    highs = [spec.high for spec in (one, other) if spec.high is not None]
    sets = [spec.among for spec in (one, other) if spec.among is not None]
    return replace(
        one if one.kind or one.pattern else other,
        low=max(lows, default=None),
        high=min(highs, key=lambda end: (end[0], not end[1]), default=None),
        among=tuple(value for value in sets[0] if value in sets[-1]) if sets else None,
        apart=(*one.apart, *other.apart),
    )


def _among(spec: Spec, said: Mapping[str, Any]) -> Spec:
    values = tuple(value for value in said["value_set"] if spec.among is None or value in spec.among)
    return replace(spec, among=values)


def _lengths(spec: Spec, low: int, high: int) -> Spec:
    before = spec.lengths or (0, 10**6)
    return replace(spec, kind="text", lengths=(max(low, before[0]), min(high, before[1])))


def _between_lengths(spec: Spec, said: Mapping[str, Any]) -> Spec:
    low, high = said.get("min_value"), said.get("max_value")
    low = 0 if low is None else math.ceil(low) + bool(said.get("strict_min"))
    high = low + 40 if high is None else math.floor(high) - bool(said.get("strict_max"))
    return _lengths(spec, low, high)


def _pattern(spec: Spec, pattern: str) -> Spec:
    if spec.pattern and spec.pattern != pattern:
        raise DeclarationError(f"values can't be made for two patterns at once: {spec.pattern!r} and {pattern!r}")
    return replace(spec, kind="text", pattern=check_pattern(pattern))


def _typed(spec: Spec, said: Mapping[str, Any]) -> Spec:
    names = {
        "whole": ("int", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "long", "bigint"),
        "float": ("float", "float32", "float64", "double"),
        "text": ("str", "string", "varchar"),
        "boolean": ("bool", "boolean"),
        "time": ("datetime64", "datetime", "timestamp"),
        "date": ("date",),
    }
    wanted = str(said["type_"]).lower()
    kind = next((kind for kind, known in names.items() if wanted in known), "")
    # A pandas column of a NumPy integer or boolean type has no null: with one, it would be of another type.
    return replace(spec, kind=kind or spec.kind, filled=spec.filled or kind in {"whole", "boolean"})


_OF_A_COLUMN: dict[str, Callable[[Spec, Mapping[str, Any]], Spec]] = {
    "column_values_to_be_between": _bounds,
    "column_values_to_be_in_set": _among,
    "column_distinct_values_to_be_in_set": _among,
    "column_values_to_not_be_in_set": lambda spec, said: replace(spec, apart=(*spec.apart, *said["value_set"])),
    "column_values_to_not_be_null": lambda spec, _: replace(spec, filled=True),
    "column_values_to_be_null": lambda spec, _: replace(spec, empty=True),
    "column_values_to_be_unique": lambda spec, _: replace(spec, unique=True),
    "column_value_lengths_to_equal": lambda spec, said: _lengths(spec, int(said["value"]), int(said["value"])),
    "column_value_lengths_to_be_between": _between_lengths,
    "column_values_to_match_regex": lambda spec, said: _pattern(spec, said["regex"]),
    "column_values_to_match_like_pattern": lambda spec, said: _pattern(
        spec, like(said["like_pattern"], said.get("escape"))
    ),
    "column_values_to_match_strftime_format": lambda spec, said: replace(
        spec, kind="text", layout=said["strftime_format"]
    ),
    "column_values_to_be_dateutil_parseable": lambda spec, _: replace(spec, kind="text", layout="%Y-%m-%d"),
    "column_values_to_be_json_parseable": lambda spec, _: replace(
        spec, kind="text", among=("{}", "[1]", "null", '"a"')
    ),
    "column_values_to_be_of_type": _typed,
}  # fmt: skip
_BETWEEN: dict[str, Callable[[Mapping[str, Any]], tuple[str, Any]]] = {
    "column_pair_values_to_be_equal": lambda said: ("equal", (said["column_A"], said["column_B"])),
    "column_pair_values_a_to_be_greater_than_b": lambda said: (
        "ordered", (said["column_A"], said["column_B"], bool(said.get("or_equal"))),
    ),
    "select_column_values_to_be_unique_within_record": lambda said: ("distinct_within", tuple(said["column_list"])),
    "compound_columns_to_be_unique": lambda said: ("unique_together", tuple(said["column_list"])),
}  # fmt: skip


def candidates(lower: Spec, upper: Spec, drawn: tuple[Any, Any]) -> Iterator[tuple[Any, Any]]:
    """Yield pairs near a drawn one, and at the ends of what two columns allow, of which one is in order."""
    low, high = drawn
    bottom = None if lower.low is None else lower.low[0]
    top = None if upper.high is None else upper.high[0]
    for below in (high, low, bottom):
        if below is None:
            continue
        step = dt.timedelta(days=1) if isinstance(below, dt.date) else 1
        yield from ((below, above) for above in (low, high, below + step))
        if top is not None:
            half = (top - below) // 2 if isinstance(below, int) else (top - below) / 2
            yield from ((below, above) for above in (below + half, top))
    yield high - (dt.timedelta(days=1) if isinstance(high, dt.date) else 1), high


def near(spec: Spec, value: Any) -> Iterator[Any]:
    """Yield values beside a drawn one, of its kind; whether they are allowed is for others to see."""
    yield from spec.among or ()
    for distance in range(1, 50):
        if isinstance(value, dt.date):
            yield from (value + dt.timedelta(days=distance), value - dt.timedelta(days=distance))
        elif isinstance(value, int | float):
            yield from (value + distance, value - distance, value + 1 / (distance + 1))
        elif isinstance(value, str) and not (spec.pattern or spec.layout):
            yield from (f"{value}{distance}", f"{value[:-1]}{chr(64 + distance)}")


def violations(spec: Spec) -> Sequence[Any]:
    """Return values that a column may not hold; whether each breaks one expectation alone is for others to see."""
    found: list[Any] = [None] if spec.filled else []
    if spec.low is not None:
        found += _beside(spec.low[0], -1)
    if spec.high is not None:
        found += _beside(spec.high[0], 1)
    if spec.among:
        found += [_other_than(spec.among)]
    if spec.lengths is not None:
        found += ["x" * (spec.lengths[1] + 1)] + (["x" * (spec.lengths[0] - 1)] if spec.lengths[0] > 0 else [])
    if spec.pattern or spec.layout:
        width = spec.lengths[1] if spec.lengths else 3
        found += ["\x01" * width, "?" * width, "a" * width, "0" * width]
    return [*found, *spec.apart]


def _beside(bound: Any, sign: int) -> list[Any]:
    if isinstance(bound, dt.date):
        return [bound + sign * dt.timedelta(days=1)]
    return [bound + sign, bound + sign * 1000]


def _other_than(among: Sequence[Any]) -> Any:
    if all(isinstance(value, str) for value in among):
        return "".join(sorted(set("".join(among)) or {"x"}, reverse=True))[:1] * (len(among[0]) or 1) + "~"
    return max((value for value in among if not isinstance(value, str)), default=0) + 1
