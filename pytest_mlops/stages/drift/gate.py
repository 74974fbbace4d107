"""The two questions of drift: `no_drift`, did it surely move materially; `same_within`, does it surely stay within."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.judge import Judgement, judge
from pytest_mlops.core.limit import Limit
from pytest_mlops.core.messages import did_you_mean
from pytest_mlops.core.source import calling_place
from pytest_mlops.core.verdict import Verdict
from pytest_mlops.stages.drift.beyond import Learnt, judge_window
from pytest_mlops.stages.drift.beyond import words as _words
from pytest_mlops.stages.drift.kinds import KINDS
from pytest_mlops.stages.drift.limits import materials_of, must_see_of, rate_of, value_to_see, withins_of
from pytest_mlops.stages.drift.measure import TOGETHER, schema_only
from pytest_mlops.stages.drift.measured import interval_of, together_of
from pytest_mlops.stats.clusters import POWER_Z

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_mlops.core.measurement import Measurement
    from pytest_mlops.core.result import Result

SEEN = "smallest_seen"


@dataclass(frozen=True, kw_only=True)
class _Gate:
    """What both gates share: the columns, the error rate, and the intervals that hold together at it."""

    false_alarms: float
    columns: Sequence[str] | None
    asked: Sequence[str]
    source: str
    is_of_timelines: ClassVar[bool] = False

    def judge(self, result: Result) -> Iterable[Judgement]:
        """Judge schema and measures of the asked columns; the error rate holds over all that were measured."""
        if "timeline" in result.details and not self.is_of_timelines:
            raise DeclarationError(f"{self.source}: a timeline is judged by no_change, not by a gate of two data sets")
        self._refuse_unknown(result)
        number = 0
        for measurement in result.measurements:
            if measurement.interval is not None:
                if self.columns is None or (_column(measurement) or TOGETHER) in self.columns:
                    yield self._judge(_Measured.of(measurement, result.details, number, self.false_alarms))
                number += 1
            elif measurement.short_name not in result.details or self.columns is None:
                yield self._at_most_none(measurement)
            elif asked := [column for column in self.columns if column != TOGETHER]:
                yield self._at_most_none(schema_only(measurement, result.details, asked))

    def _at_most_none(self, measurement: Measurement) -> Judgement:
        return judge(measurement, Limit(high=0.0, by="point", source=self.source))

    def _judge(self, measured: _Measured) -> Judgement:
        raise NotImplementedError

    def _refuse_unknown(self, result: Result) -> None:
        known: Any = [*result.details["names"]]  # type: ignore[misc]
        if any(m.short_name not in result.details and not _column(m) for m in result.measurements):
            known.append(TOGETHER)
        for column in self.columns or ():
            if column not in known:
                raise DeclarationError(f"{self.source}: {column!r} was not measured. {did_you_mean(column, known)}")
        measured = {measurement.short_name for measurement in result.measurements}
        for kind in self.asked:
            if kind not in measured:
                raise DeclarationError(f"{self.source}: {kind!r} was not measured. Hint: measures=[{kind!r}] there")


@dataclass(frozen=True, kw_only=True)
class _Measured:
    """A measure with its interval at the gate's rate, the noise that hides a change, and its p-value."""

    measurement: Measurement
    kind: str
    noise: float
    p_value: float
    least_p: float
    learnt: Learnt | None = None

    @classmethod
    def of(cls, measurement: Measurement, details: Mapping[str, Any], number: int, false_alarms: float) -> _Measured:
        together = together_of(details)
        width, kind = together.width(number, false_alarms), measurement.short_name
        hiding = together_of({**details, **details.get("middle", {})})  # of a sequence: what hides a change halfway
        return cls(
            measurement=replace(
                measurement, interval=interval_of(kind, float(measurement), measurement.n, width, 1 - false_alarms)
            ),
            kind=kind,
            noise=hiding.width(number, false_alarms) + POWER_Z * hiding.errors[number][1],
            p_value=float(measurement.parameters["p_value"]),  # type: ignore[arg-type]
            least_p=1 / details["relabellings"],
            learnt=Learnt.of(details, number, false_alarms),
        )

    @property
    def unit(self) -> str:
        """What the units are in words, without what was found of them."""
        return str(self.measurement.parameters["unit"]).partition(";")[0]

    @property
    def found(self) -> str:
        """What was found of the units, as the end of a reason."""
        said = str(self.measurement.parameters["unit"]).partition("; ")[2]
        return f"; {said}" if said else ""

    def seen(self, limit: float) -> float:
        """Return the smallest value that these units show to lie beyond a limit, with 80 % power."""
        return min(limit + self.noise, KINDS[self.kind].most)

    def usual(self, limit: float) -> float:
        """Return how far units are from each other anyway, where that is surely more than a limit; else the limit."""
        interval = self.measurement.interval
        return float(self.measurement) if interval is not None and interval.low > limit else limit

    def judged(self, limit: float) -> Measurement:
        """Return the measurement with the smallest value that would have been seen among its parameters."""
        seen = float(f"{self.seen(limit):.4g}")
        return replace(self.measurement, parameters={**self.measurement.parameters, SEEN: seen})

    def shown(self, limit: float) -> str:
        """Say what these rows would have shown: the end of the reason of each verdict."""
        return f"these rows would have shown {_words(self.kind, self.seen(limit))}"


_SHIFT = 0.5  # standard deviations


@dataclass(frozen=True, kw_only=True)
class NoDrift(_Gate):
    """The requirement that `no_drift` makes."""

    material: Mapping[str, float]
    must_see: float | None

    def _judge(self, measured: _Measured) -> Judgement:
        kind = measured.kind
        limit = Limit(high=self.material[kind], source=self.source)
        interval, material = measured.measurement.interval, limit.high
        if measured.measurement.value is None or interval is None:
            return _by_limit(measured.measurement, limit)
        if measured.learnt is not None:
            return judge_window(
                measured.measurement, limit, measured.learnt, false_alarms=self.false_alarms, must_see=self.must_see
            )
        is_sure = measured.p_value <= self.false_alarms
        usual = material if is_sure else measured.usual(material)
        measurement, shown = measured.judged(usual), measured.shown(usual)
        nothing = KINDS[kind].nothing
        if is_sure and (interval.low > material or material == nothing):
            reason = "the whole interval lies beyond the material limit" if material > nothing else "it moved"
            return Judgement(measurement, limit, Verdict.FAIL, f"{reason} (adjusted p {measured.p_value:.2g}); {shown}")
        why = self._why_no_gate(measured, material, shown)
        return Judgement(measurement, limit, Verdict.INCONCLUSIVE if why else Verdict.PASS, why or shown)

    def _why_no_gate(self, measured: _Measured, material: float, shown: str) -> str:
        """Return why these units can't be a gate, nothing where they are one."""
        if measured.least_p > self.false_alarms:
            reason = f"too few units to be a gate: {measured.unit} can be told apart in {1 / measured.least_p:.0f} ways"
            return f"{reason}, not in {1 / self.false_alarms:.0f}; {shown}"
        known, interval = KINDS[measured.kind], measured.measurement.interval
        must_see = value_to_see(known, _SHIFT if self.must_see is None else self.must_see, material)
        if material + measured.noise > must_see:
            return _too_few(measured, must_see, material)
        if interval is not None and interval.low > material and interval.low + must_see - known.nothing > known.most:
            said = f"{measured.unit} are as far from each other as this, so that no change can be told from it"
            return f"{said}. Hint: leave the column out, or a larger unit="
        return ""


@dataclass(frozen=True, kw_only=True)
class SameWithin(_Gate):
    """The requirement that `same_within` makes."""

    limits: Mapping[str, float]

    def _judge(self, measured: _Measured) -> Judgement:
        limit = Limit(high=self.limits[measured.kind], source=self.source)
        if measured.measurement.value is None:
            return _by_limit(measured.measurement, limit)
        judgement, shown = _by_limit(measured.judged(limit.high), limit), measured.shown(limit.high)
        if judgement.verdict == Verdict.PASS:
            return replace(judgement, reason=f"the whole interval lies within the limit; {shown}")
        if judgement.verdict != Verdict.INCONCLUSIVE:
            return replace(judgement, reason=judgement.reason or f"the whole interval lies beyond the limit; {shown}")
        room = limit.high - float(measured.measurement)
        more = "the value is beyond it"
        if room > 0:
            more = f"{(measured.noise / room) ** 2:.1f} times as many units as {measured.unit} would do"
        return replace(judgement, reason=f"the interval reaches beyond the limit, {more}; {shown}")


def _by_limit(measurement: Measurement, limit: Limit) -> Judgement:
    """Judge a distance of bins: how much farther the values may be is no bound for what a limit can tell apart."""
    return replace(judge(replace(measurement, resolution=None), limit), measurement=measurement)


def no_drift(
    *,
    false_alarms: float = 0.01,
    material: float | Mapping[str, float] = 0.1,
    must_see: float | None = None,
    columns: Sequence[str] | str | None = None,
) -> NoDrift:
    """Return the requirement that no column has surely moved materially: the alarm gate.

    `fail` when units alone explain a change in no more than `false_alarms` of all cases, whatever their number, and
    the whole interval lies beyond the material limit; `pass` when not, provided that these rows would have shown, with
    80 % power, a shift of `must_see` standard deviations; else `inconclusive`, with how many more units it takes.
    Of a window whose limit is learnt: `fail` when it is further out than windows of the reference are from each other,
    and beyond the material limit.

    Parameters
    ----------
    false_alarms
        How often unchanged data may alarm, over all columns and measures together.
    material
        The distance (Kolmogorov-Smirnov or total variation, 0 to 1) that does not matter; 0 is the classical test. The
        missing share may change by 0.02; 0.01 of the rows may be of new categories, or beyond the reference's
        extremes; a value that was rare may take 0.05 of them. A mapping sets single measures:
        `material={"ks": 0.05, "missing_share_change": 0}`.
    must_see
        The shift that must not be missed, in standard deviations of a normal column; 0.2 for all shares. None: 0.5;
        where a limit is learnt, 3 and 0.8 for shares, since what windows do by themselves can't be told from drift.
    columns
        Which columns to judge; the error rate is held over all that were measured, whatever is judged here.
    """
    materials = materials_of(material)
    return NoDrift(
        false_alarms=rate_of("no_drift", "false_alarms", false_alarms),
        material=materials,
        must_see=must_see_of(must_see, materials),
        columns=[columns] if isinstance(columns, str) else columns,
        asked=[kind for kind in material if KINDS[kind].is_asked] if isinstance(material, Mapping) else [],
        source=calling_place(),
    )


def same_within(
    limit: float = 0.1, *, errors: float = 0.01, columns: Sequence[str] | str | None = None, **limits: float
) -> SameWithin:
    """Return the requirement that every column surely stays within a limit: the equivalence gate, for a release.

    `pass` only when the whole interval of each measure lies within; `fail` when one lies beyond; else `inconclusive`.

    Parameters
    ----------
    limit
        Of every measure, above 0 and below 1: a distance, or a share of rows.
    errors
        How often any of the intervals may miss, over all columns and measures together.
    limits
        Of single measures: `missing_share_change=0.02`.
    """
    return SameWithin(
        false_alarms=rate_of("same_within", "errors", errors),
        limits=withins_of(limit, limits),
        columns=[columns] if isinstance(columns, str) else columns,
        asked=[kind for kind in limits if KINDS[kind].is_asked],
        source=calling_place(),
    )


def _column(measurement: Measurement) -> str:
    return measurement.subject.partition(".")[2]


def _too_few(measured: _Measured, must_see: float, material: float) -> str:
    times = math.ceil(10 * (measured.noise / (must_see - material)) ** 2) / 10
    enough = f"{times:,.1f} times as many" if math.isfinite(times) else "no number"
    return (
        f"too few units to be a gate: {measured.unit} show {_words(measured.kind, measured.seen(material))} at best, "
        f"{must_see:.3f} must be seen; {enough} would do{measured.found}"
    )
