"""`no_drift`: the alarm gate, which fails when the data surely moved materially."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.judge import Judgement, judge
from pytest_mlops.core.limit import Limit
from pytest_mlops.core.messages import did_you_mean
from pytest_mlops.core.source import calling_place
from pytest_mlops.core.verdict import Verdict
from pytest_mlops.stages.drift import widen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np

    from pytest_mlops.core.measurement import Measurement
    from pytest_mlops.core.result import Result

_POWER_Z = 0.8416  # the 80 % quantile of the normal distribution
_MATERIAL = {"missing_share_change": 0.05, "new_category_share": 0.01}
_MUST_SEE = {"missing_share_change": 0.2, "new_category_share": 0.2}


@dataclass(frozen=True, kw_only=True)
class NoDrift:
    """The requirement that `no_drift` makes."""

    false_alarms: float
    material: float
    must_see: float
    columns: Sequence[str] | None
    source: str
    limits: Mapping[str, float] = field(default_factory=lambda: dict(_MATERIAL))

    def judge(self, result: Result) -> Iterable[Judgement]:
        """Judge schema and distances of the asked columns; the error rate holds over all that were measured."""
        self._refuse_unknown(result)
        for measurement in result.measurements:
            if measurement.interval is None:
                yield judge(measurement, Limit(high=0.0, by="point", source=self.source))
        for measurement, errors, width in widen(result, self.false_alarms):
            if self.columns is None or _column(measurement) in self.columns:
                yield self._judge(measurement, errors, width)

    def _refuse_unknown(self, result: Result) -> None:
        known: Any = result.details["names"]
        for column in self.columns or ():
            if column not in known:
                raise DeclarationError(f"no_drift: {column!r} was not measured. {did_you_mean(column, known)}")

    def _judge(self, measurement: Measurement, errors: np.ndarray[Any, Any], width: float) -> Judgement:
        kind = measurement.short_name
        limit = Limit(high=self.limits.get(kind, self.material), source=self.source)
        interval = measurement.interval
        if measurement.value is None or interval is None:
            return judge(measurement, limit)
        if interval.low > limit.high:
            return Judgement(measurement, limit, Verdict.FAIL, "the whole interval lies beyond the material limit")
        noise = width + _POWER_Z * float(errors.std())
        seen, must_see = limit.high + noise, max(_MUST_SEE.get(kind, self._distance_to_see()), limit.high)
        if seen > must_see:
            times = math.inf if must_see == limit.high else (noise / (must_see - limit.high)) ** 2
            return Judgement(measurement, limit, Verdict.INCONCLUSIVE, _too_few(measurement, seen, must_see, times))
        return Judgement(measurement, limit, Verdict.PASS, f"these rows would have shown a distance of {seen:.3f}")

    def _distance_to_see(self) -> float:
        """Return the distance that a shift of `must_see` standard deviations makes in a normal column."""
        return math.erf(self.must_see / (2 * math.sqrt(2)))


def no_drift(
    *,
    false_alarms: float = 0.01,
    material: float = 0.1,
    must_see: float = 0.5,
    columns: Sequence[str] | str | None = None,
) -> NoDrift:
    """Return the requirement that no column has surely moved by more than `material`.

    `fail` when the whole interval of a distance lies beyond the limit; `pass` when not, provided that these rows
    would have shown, with 80 % power, a shift of `must_see` standard deviations; else `inconclusive`, with how many
    more units it takes.

    Parameters
    ----------
    false_alarms
        How often unchanged data may alarm, over all columns and measures together.
    material
        The distance (Kolmogorov-Smirnov or total variation, 0 to 1) that does not matter. The missing share may
        change by 0.05, and 0.01 of the rows may be of new categories.
    columns
        Which columns to judge; the error rate is held over all that were measured, whatever is judged here.
    """
    if not 0 < false_alarms < 1:
        raise DeclarationError(f"no_drift: false_alarms must be between 0 and 1, got {false_alarms!r}")
    if not 0 <= material < 1:
        raise DeclarationError(f"no_drift: material must be from 0 to below 1, got {material!r}")
    return NoDrift(
        false_alarms=false_alarms,
        material=material,
        must_see=must_see,
        columns=[columns] if isinstance(columns, str) else columns,
        source=calling_place(),
    )


def _column(measurement: Measurement) -> str:
    return measurement.subject.partition(".")[2]


def _too_few(measurement: Measurement, seen: float, must_see: float, times: float) -> str:
    unit = measurement.parameters["unit"]
    return (
        f"too few units to be a gate: {unit} show a distance of {seen:.3f} at best, "
        f"{must_see:.3f} must be seen; {'no number' if math.isinf(times) else f'{times:.1f} times as many'} would do"
    )
