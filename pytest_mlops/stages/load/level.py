"""Service levels: the limits that a load is made for, known before it begins so that it ends when they are judged."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.judge import Judgement, judge
from pytest_mlops.core.limit import Limit
from pytest_mlops.core.verdict import Verdict
from pytest_mlops.stages.load.numbers import QUANTILES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_mlops.core.measurement import Measurement
    from pytest_mlops.core.result import Result


@dataclass(frozen=True, kw_only=True)
class ServiceLevel:
    """A requirement: limits of a load run, by the short names of its measurements."""

    limits: Mapping[str, Limit] = field(default_factory=dict)

    def judge(self, result: Result) -> Iterable[Judgement]:
        """Judge each of the limits."""
        return [judge(result[name], limit) for name, limit in self.limits.items()]

    def is_decided(self, measurements: Iterable[Measurement]) -> bool:
        """Say whether each limit is met or broken, so that the run may end."""
        known = {measurement.short_name: measurement for measurement in measurements}
        verdicts = [judge(known[name], limit).verdict for name, limit in self.limits.items() if name in known]
        return bool(verdicts) and all(verdict in {Verdict.PASS, Verdict.FAIL} for verdict in verdicts)

    def tightest_ms(self) -> float | None:
        """Return the lowest limit of a percentile, None where there is none."""
        return min((limit.high for limit in self.percentiles().values()), default=None)

    def percentiles(self) -> dict[str, Limit]:
        """Return the upper limits of percentiles of the latency."""
        return {name: limit for name, limit in self.limits.items() if name in QUANTILES and math.isfinite(limit.high)}


def service_level(**limits: Limit) -> ServiceLevel:
    """Return the requirement that limits are met: `service_level(p95=at_most(50, "ms"), failures=at_most(0.001))`.

    Raises
    ------
    DeclarationError
        Without a limit, or for what is none.
    """
    if not limits:
        raise DeclarationError("a service level must have a limit, got none. Hint: p95=at_most(50, 'ms')")
    for name, limit in limits.items():
        if not isinstance(limit, Limit):
            raise DeclarationError(f"{name} must be a limit, got {limit!r}. Hint: {name}=at_most({limit!r})")
    return ServiceLevel(limits=limits)
