"""Judging one result of deepchecks: what did not run, or judged nothing, is no pass."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.judge import Judgement
from pytest_mlops.core.limit import Limit
from pytest_mlops.core.verdict import Verdict
from pytest_mlops.stages.deepchecks.catalogue import read_catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_mlops.core.measurement import Measurement

_JUDGED = ("PASS", "FAIL", "WARN")
# deepchecks has the model's answers and not the model, so it would time how fast a table is read.
NEEDS_THE_MODEL = {
    "ModelInferenceTime": "the model answered in another process, so its time can't be taken here. "
    "Hint: mlops_load measures it where it is served",
    "ModelInfo": "the model stays in its own process",
}


def count_unmet(conditions: Sequence[Mapping[str, Any]], unscored: Sequence[str] = (), *, warn: str = "fail") -> float:
    """Return how many conditions were not met; NaN where one broke, or all were met by leaving columns out.

    Parameters
    ----------
    unscored
        The columns for which deepchecks could not compute what the conditions are about.
    """
    statuses = [condition["status"] for condition in conditions]
    unmet = sum(status == "FAIL" or (status == "WARN" and warn == "fail") for status in statuses)
    broken = any(status not in _JUDGED for status in statuses)
    return math.nan if broken or (unscored and not unmet) else float(unmet)


def judge_check(measurement: Measurement, *, warn: str, source: str) -> Judgement:
    """Judge one result of a check.

    All conditions met is a pass. A condition that fails, or warns unless `warn` is `pass`, is a `fail`; one that
    broke is an `error`. A check that deepchecks refused to run, or that has no condition, or found nothing to look
    at, is `not_run`; one that died of an exception that is not deepchecks' own is an `error`. Where a column has no
    drift score, conditions that are met are `inconclusive`.
    """
    said: Mapping[str, Any] = measurement.parameters
    limit = Limit(high=0, unit=measurement.unit, by="point", source=source)
    if measurement.value is None and not measurement.n:
        verdict, reason = _of_nothing(said)
        return Judgement(measurement, limit, verdict, reason)
    unmet = count_unmet(said["conditions"], said["unscored"], warn=warn)
    verdict, words = _verdict(said, unmet)
    return Judgement(replace(measurement, value=unmet), limit, verdict, words)


def _verdict(said: Mapping[str, Any], unmet: float) -> tuple[Verdict, str]:
    if not math.isnan(unmet):
        return (Verdict.FAIL if unmet else Verdict.PASS), _words(said, is_met=not unmet)
    if any(condition["status"] not in _JUDGED for condition in said["conditions"]):
        return Verdict.ERROR, _words(said, is_met=False)
    return Verdict.INCONCLUSIVE, f"there are too few values for a drift score of {', '.join(said['unscored'])}"


def _of_nothing(said: Mapping[str, Any]) -> tuple[Verdict, str]:
    name, failure = said["check"], said["failure"]
    leave_out = f"leave it out, without=[{name!r}]"
    if name in NEEDS_THE_MODEL:
        return Verdict.NOT_RUN, f"{NEEDS_THE_MODEL[name]}, or {leave_out}"
    if failure is None and said["looked_at_nothing"]:
        return Verdict.NOT_RUN, f"it judged nothing: deepchecks found nothing for it to look at. Hint: {leave_out}"
    if failure is None:
        return Verdict.NOT_RUN, f"it judged nothing: it has no condition. Hint: {_conditions(name)}{leave_out}"
    words = failure["text"].rstrip(".") or "its words may hold values, show_details=True shows them"
    if not failure["own"]:
        return Verdict.ERROR, f"it broke: {failure['type']}: {words}"
    return Verdict.NOT_RUN, f"deepchecks did not run it: {words}. Hint: give what it needs, or {leave_out}"


def _conditions(name: str) -> str:
    known = read_catalogue().check(name).conditions
    if not known:
        return ""
    return f"deepcheck({name!r}, conditions={{{known[0]!r}: {{...}}}})" + (
        f", of {', '.join(known)}, or " if len(known) > 1 else ", or "
    )


def _words(said: Mapping[str, Any], *, is_met: bool) -> str:
    unmet = [one for one in said["conditions"] if one["status"] != "PASS"]
    told = [f"{one['status']}: {one['name'].rstrip('.')}{_details(one)}" for one in unmet]
    if not is_met and said["hidden"]:
        told.append("what it found may quote values, show_details=True shows it")
    return "; ".join(told)


def _details(condition: Mapping[str, Any]) -> str:
    return f" ({condition['details'].rstrip('.')})" if condition["details"] else ""
