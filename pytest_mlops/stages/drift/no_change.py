"""The question of a timeline: `no_change`, did the sequence surely change materially, and when."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.verdict import Verdict
from pytest_mlops.stages.drift.gate import NoDrift, no_drift

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_mlops.core.judge import Judgement
    from pytest_mlops.core.result import Result


@dataclass(frozen=True, kw_only=True)
class NoChange(NoDrift):
    """The requirement that `no_change` makes."""

    is_of_timelines: ClassVar[bool] = True

    def judge(self, result: Result) -> Iterable[Judgement]:
        """Judge the change of each measure; of a sequence that is too short nothing can be said."""
        if "timeline" not in result.details and any(m.interval is not None for m in result.measurements):
            raise DeclarationError(f"{self.source}: no_change is about a timeline. Hint: no_drift, or mlops_timeline")
        for judgement in super().judge(result):
            yield _of_sequence(judgement, result.details)


def _of_sequence(judgement: Judgement, details: Mapping[str, Any]) -> Judgement:
    """Return a judgement that says when, or that the sequence is too short."""
    between = judgement.measurement.parameters.get("between")
    if between is None or judgement.verdict is Verdict.NOT_RUN:
        return judgement
    if (n := details["windows"]) < (fewest := details["fewest"]):
        reason = f"too few windows for a change point: {n}, {fewest} would do"
        return replace(judgement, verdict=Verdict.INCONCLUSIVE, reason=reason)
    first, second = between  # type: ignore[misc]
    if judgement.verdict is Verdict.FAIL:
        return replace(judgement, reason=f"changed between {first} and {second}: {judgement.reason}")
    if judgement.verdict is Verdict.PASS:
        return replace(judgement, reason=judgement.reason.replace("these rows", f"{n} windows") + " halfway")
    return judgement


def no_change(
    *,
    false_alarms: float = 0.01,
    material: float | Mapping[str, float] = 0.1,
    must_see: float | None = None,
    columns: Sequence[str] | str | None = None,
) -> NoChange:
    """Return the requirement that no column of a sequence of windows surely changed materially at any time.

    `fail` when windows in another order show such a change in no more than `false_alarms` of all cases, and the whole
    interval of the distance before and after it lies beyond the material limit; the reason says between which windows.
    `pass` when not, provided that a change of `must_see` halfway would have been seen with 80 % power; else
    `inconclusive`.

    Parameters
    ----------
    false_alarms
        How often a sequence that does not change may alarm, over all splits, columns and measures together.
    material, must_see, columns
        As of `no_drift`.
    """
    gate = no_drift(false_alarms=false_alarms, material=material, must_see=must_see, columns=columns)
    return NoChange(**{field.name: getattr(gate, field.name) for field in fields(gate)})
