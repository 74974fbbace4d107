"""What `no_drift` says of one window, where the limit is learnt: did it move beyond what windows do by themselves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.judge import Judgement
from pytest_mlops.core.verdict import Verdict
from pytest_mlops.stages.drift.kinds import KINDS, shift_of_ks
from pytest_mlops.stages.drift.limits import value_to_see
from pytest_mlops.stats.clusters import POWER_Z, Together

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_mlops.core.limit import Limit
    from pytest_mlops.core.measurement import Measurement

_WHOLE = 2 / 3  # of the usual rows, which a window must have to be compared with whole ones
_SHIFT = 3.0  # standard deviations that must be seen beside a history, where the user does not say
_TIMES = 4  # as much of a share or a correlation as must be seen of data: 0.8


@dataclass(frozen=True, kw_only=True)
class Learnt:
    """What the windows of the reference say of one measure.

    Attributes
    ----------
    bound
        How far one more window may be from them, all measures together.
    noise
        That, and what it takes to be seen beyond it in four cases of five.
    has_units
        Whether the distance has an interval of its own, by units within the window.
    rows, usual_rows
        Of this window; the median of those that it is compared with.
    """

    windows: int
    fewest: int
    words: str
    bound: float
    noise: float
    has_units: bool
    rows: int
    usual_rows: int

    @classmethod
    def of(cls, details: Mapping[str, Any], number: int, false_alarms: float) -> Learnt | None:
        """Return it for one measure of a result; None where no limit was learnt."""
        said = details.get("learnt")
        if said is None:
            return None
        together = Together(said["errors"], said["largest"], min(said["units"]))
        bound = together.width(number, false_alarms)
        return cls(
            windows=said["windows"],
            fewest=said["fewest"],
            words=said["words"],
            bound=bound,
            noise=bound + POWER_Z * together.errors[number][1],
            has_units=said["has_units"],
            rows=said["rows"],
            usual_rows=said["usual_rows"],
        )


def judge_window(
    measurement: Measurement, limit: Limit, learnt: Learnt, *, false_alarms: float, must_see: float | None
) -> Judgement:
    """Judge one measure of a window.

    `fail` when windows of the reference are as far out in no more than `false_alarms` of all cases and the distance
    lies beyond the material limit: the whole interval where it has one of its own, else the distance, since it is this
    window that is judged. `pass` when not, provided that these windows leave to be seen what must be.

    Parameters
    ----------
    must_see
        In standard deviations of a normal column; None: three, or 0.8 of a share.
    """
    if learnt.windows < learnt.fewest:
        reason = f"too few windows to learn a limit from: {learnt.words}, {learnt.fewest} would do"
        return Judgement(measurement, limit, Verdict.INCONCLUSIVE, reason)
    if learnt.rows < _WHOLE * learnt.usual_rows:
        reason = (
            f"{learnt.rows:,} rows are no whole window: {learnt.words} have {learnt.usual_rows:,} (median), and fewer "
            f"rows are further from them by chance; {math.ceil(_WHOLE * learnt.usual_rows):,} would do. Hint: match= "
            "compares with windows of one season"
        )
        return Judgement(measurement, limit, Verdict.INCONCLUSIVE, reason)
    p, kind = float(measurement.parameters["p_value"]), measurement.short_name  # type: ignore[arg-type]
    low = measurement.interval.low if learnt.has_units and measurement.interval else float(measurement)
    if p <= false_alarms and (low > limit.high or limit.high == 0):
        beyond = "" if not limit.high else "beyond the material limit, and "
        by = measurement.parameters["p_value_by"]
        reason = f"{beyond}further out than {learnt.words} are from each other (adjusted p {p:.2g}, {by})"
        return Judgement(measurement, limit, Verdict.FAIL, reason)
    seen = max(limit.high, learnt.noise)
    needed = _needed(kind, must_see, limit.high)
    if seen > needed:
        reason = (
            f"{learnt.words} differ too much from each other: one more may be "
            f"{min(learnt.bound, KINDS[kind].most):.3f} away, so that only {words(kind, seen)} is seen, {needed:.3f} "
            "must be. Hint: longer windows, match= for those of one season, or must_see= in no_drift"
        )
        return Judgement(measurement, limit, Verdict.INCONCLUSIVE, reason)
    most = float(measurement.parameters["windows_most"])  # type: ignore[arg-type]
    reason = f"{learnt.words} are up to {most:.3f} from each other; {words(kind, seen)} would have been seen"
    return Judgement(measurement, limit, Verdict.PASS, reason)


def _needed(kind: str, must_see: float | None, material: float) -> float:
    known = KINDS[kind]
    if must_see is not None or known.of_shift is not None:
        return value_to_see(known, _SHIFT if must_see is None else must_see, material)
    return max(_TIMES * known.must_see, value_to_see(known, _SHIFT, material))


def words(kind: str, seen: float) -> str:
    """Return a change of a measure in words."""
    word = "change" if KINDS[kind].of_shift is None else "distance"
    if seen >= KINDS[kind].most:
        return f"no {word}, however large"
    if kind == "ks":
        return f"a distance of {seen:.3f}, as a shift of {shift_of_ks(seen):.2f} sd makes"
    return f"a {word} of {seen:.3f}"
