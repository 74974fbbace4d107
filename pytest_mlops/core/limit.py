"""Limits: what a measurement must be."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.source import calling_place

By = Literal["interval", "point"]


@dataclass(frozen=True, kw_only=True)
class Limit:
    """The values that are allowed: from `low` to `high`, each end included unless `strict`.

    `by` says how an estimate with an interval is judged: by the whole interval (None: the project's
    default, which is the interval where there is one), or by the point alone.
    """

    low: float = -math.inf
    high: float = math.inf
    unit: str = ""
    strict: bool = False
    by: By | None = None
    min_n: int = 1
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse a limit that nothing can meet or break."""
        if math.isnan(self.low) or math.isnan(self.high):
            raise DeclarationError("a limit must be a number, got nan")
        if self.low > self.high:
            where = f"{self.source}: " if self.source else ""
            raise DeclarationError(f"{where}a limit must leave room: low {self.low:g} is above high {self.high:g}")

    def holds(self, value: float) -> bool:
        """Say whether one number is inside."""
        if self.strict:
            return self.low < value < self.high
        return self.low <= value <= self.high

    def margin(self, value: float) -> float:
        """Return the distance to the nearer bound: positive inside, negative outside."""
        return min(value - self.low, self.high - value)

    def by_point(self) -> Limit:
        """Return this limit, judged by the point alone."""
        return replace(self, by="point")

    def words(self) -> str:
        """Return the limit as a sentence part: `be at most 50 ms`."""
        unit = f" {self.unit}" if self.unit else ""
        if self.low == self.high:
            return f"be equal to {self.low:g}{unit}"
        if math.isinf(self.low):
            return f"be {'below' if self.strict else 'at most'} {self.high:g}{unit}"
        if math.isinf(self.high):
            return f"be {'above' if self.strict else 'at least'} {self.low:g}{unit}"
        return f"be between {self.low:g} and {self.high:g}{unit}"


def at_most(bound: float, unit: str = "", *, by: By | None = None, min_n: int = 1) -> Limit:
    """Return the limit `value <= bound`."""
    return Limit(high=_number(bound), unit=unit, by=by, min_n=min_n, source=calling_place())


def at_least(bound: float, unit: str = "", *, by: By | None = None, min_n: int = 1) -> Limit:
    """Return the limit `value >= bound`."""
    return Limit(low=_number(bound), unit=unit, by=by, min_n=min_n, source=calling_place())


def between(low: float, high: float, unit: str = "", *, by: By | None = None, min_n: int = 1) -> Limit:
    """Return the limit `low <= value <= high`."""
    return Limit(low=_number(low), high=_number(high), unit=unit, by=by, min_n=min_n, source=calling_place())


def equal_to(bound: float, unit: str = "", *, min_n: int = 1) -> Limit:
    """Return the limit `value == bound`, judged by the point."""
    bound = _number(bound)
    return Limit(low=bound, high=bound, unit=unit, by="point", min_n=min_n, source=calling_place())


def no_worse_than(baseline: float, *, margin: float, unit: str = "", higher_is_better: bool = True) -> Limit:
    """Return the limit of not being worse than `baseline` by more than `margin` (in the measurement's unit)."""
    baseline, margin = _number(baseline), _number(margin)
    if higher_is_better:
        return Limit(low=baseline - margin, unit=unit, source=calling_place())
    return Limit(high=baseline + margin, unit=unit, source=calling_place())


def _number(bound: object) -> float:
    if isinstance(bound, bool) or not hasattr(bound, "__float__"):
        raise DeclarationError(f"a limit must be a number, got {bound!r}")
    return float(bound)
