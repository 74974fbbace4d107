"""The verdict of one expectation."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

from pytest_mlops.core.judge import Judgement
from pytest_mlops.core.limit import Limit
from pytest_mlops.core.verdict import Verdict

if TYPE_CHECKING:
    from pytest_mlops.core.measurement import Measurement
    from pytest_mlops.stages.data.suite import Expectation


def judge_expectation(expectation: Expectation, measurement: Measurement, error: str) -> Judgement:
    """Judge one expectation.

    Whether it is met was said with its counts, by the formula of Great Expectations; here comes what that
    tool leaves out: an error is an error, and nothing looked at is no pass.
    """
    limit = _limit(expectation, measurement)
    if error:
        return Judgement(measurement, limit, Verdict.ERROR, f"the expectation did not run: {error}")
    if measurement.value is None:
        return Judgement(measurement, limit, Verdict.NOT_RUN, "nothing was measured (n = 0)")
    met = bool(measurement.parameters["success"])
    return Judgement(measurement, limit, Verdict.PASS if met else Verdict.FAIL, "")


def _limit(expectation: Expectation, measurement: Measurement) -> Limit:
    if measurement.short_name == "observed":
        low, high = number_bounds(expectation) or (-math.inf, math.inf)
        return Limit(low=low, high=high, by="point", source=expectation.source)
    mostly = expectation.kwargs.get("mostly", 1) if measurement.short_name == "unexpected_share" else 1
    return Limit(high=float(1 - Decimal(str(mostly))), by="point", source=expectation.source)


def number_bounds(expectation: Expectation) -> tuple[float, float] | None:
    """Return the bounds of an expectation, None where it has none that are numbers."""
    if "value" in expectation.kwargs:
        value = expectation.kwargs["value"]
        return (float(value), float(value)) if isinstance(value, int | float) else None
    low, high = expectation.kwargs.get("min_value"), expectation.kwargs.get("max_value")
    if not all(bound is None or isinstance(bound, int | float) for bound in (low, high)) or low is high is None:
        return None
    return -math.inf if low is None else float(low), math.inf if high is None else float(high)
