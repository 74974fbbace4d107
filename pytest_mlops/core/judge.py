"""Judging: the one function that turns a measurement and a limit into a verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.verdict import Verdict

if TYPE_CHECKING:
    from pytest_mlops.core.limit import Limit
    from pytest_mlops.core.measurement import Interval, Measurement


@dataclass(frozen=True)
class Judgement:
    """A measurement, its limit and the verdict. True only for a pass."""

    measurement: Measurement
    limit: Limit | None
    verdict: Verdict
    reason: str

    def __bool__(self) -> bool:
        """Say whether the verdict is a pass."""
        return self.verdict is Verdict.PASS

    @property
    def margin(self) -> float | None:
        """How far the value is inside (positive) or outside (negative) the limit, in its unit."""
        if self.limit is None or self.measurement.value is None:
            return None
        return self.limit.margin(self.measurement.value)


def judge(measurement: Measurement, limit: Limit) -> Judgement:
    """Judge one measurement by one limit.

    Nothing measured is `not_run`, NaN is `error`, fewer than `limit.min_n` is `inconclusive`. An estimate
    with an interval passes when the whole interval is inside, fails when it is all outside, and is
    `inconclusive` otherwise, with the n that would decide; an end that is not known (NaN) may be anywhere.
    `by="point"` judges the value alone.

    Raises
    ------
    DeclarationError
        When the limit's unit is not the measurement's, or the limit is finer than its resolution.
    """
    _check_fit(measurement, limit)
    verdict, reason = _verdict(measurement, limit)
    return Judgement(measurement, limit, verdict, reason)


def _check_fit(measurement: Measurement, limit: Limit) -> None:
    if limit.unit and limit.unit != measurement.unit:
        raise DeclarationError(
            f"{measurement.name} is in {measurement.unit or 'no unit'}, its limit in {limit.unit!r} ({limit.source}). "
            f"Hint: give the limit in {measurement.unit or 'a bare number'}"
        )
    for bound in (limit.low, limit.high):
        if measurement.resolution is not None and 0 < abs(bound) < measurement.resolution:
            raise DeclarationError(
                f"the limit of {measurement.name} must not be finer than {measurement.resolution:g} "
                f"{measurement.unit}, what it can tell apart, got {bound:g} ({limit.source})"
            )


def _verdict(measurement: Measurement, limit: Limit) -> tuple[Verdict, str]:
    if measurement.value is None or measurement.n == 0:
        return Verdict.NOT_RUN, f"nothing was measured (n = {measurement.n})"
    if math.isnan(measurement.value):
        return Verdict.ERROR, "the value is not a number (nan)"
    if measurement.n < limit.min_n:
        return Verdict.INCONCLUSIVE, f"n = {measurement.n:,} is fewer than the {limit.min_n:,} that the limit asks for"
    if _by_interval(measurement, limit) and measurement.interval is not None:
        return _verdict_by_interval(measurement.value, measurement.interval, measurement.n, limit)
    return (Verdict.PASS, "") if limit.holds(measurement.value) else (Verdict.FAIL, "")


def _verdict_by_interval(value: float, interval: Interval, n: int, limit: Limit) -> tuple[Verdict, str]:
    low = -math.inf if math.isnan(interval.low) else interval.low
    high = math.inf if math.isnan(interval.high) else interval.high
    if limit.holds(low) and limit.holds(high):
        return Verdict.PASS, ""
    if low > limit.high or high < limit.low:
        return Verdict.FAIL, ""
    if math.isinf(low) and math.isinf(high):
        return Verdict.INCONCLUSIVE, f"n = {n:,} is too few for an interval"
    if math.isinf(low) or math.isinf(high):
        end = "lower" if math.isinf(low) else "upper"
        return Verdict.INCONCLUSIVE, f"the interval has no {end} end, and crosses the limit"
    return Verdict.INCONCLUSIVE, _what_would_decide(value, interval, n, limit)


def _what_would_decide(value: float, interval: Interval, n: int, limit: Limit) -> str:
    """Say which n would make the interval narrow enough, its width taken to shrink as the root of n."""
    distance = abs(limit.margin(value))
    half_width = max(interval.high - value, value - interval.low)
    if distance == 0:
        return "the interval crosses the limit, and the value lies on it: no n decides. Hint: move the limit"
    needed = math.ceil(n * (half_width / distance) ** 2)
    return f"the interval crosses the limit; n = {needed:,} would decide at this value"


def _by_interval(measurement: Measurement, limit: Limit) -> bool:
    return measurement.interval is not None and limit.by != "point"
