"""Words for a plain `assert auc >= 0.8` that did not hold."""

from __future__ import annotations

from pytest_mlops.core.measurement import Measurement
from pytest_mlops.core.messages import explain
from pytest_mlops.plugin.recorder import ItemRecorder


def explain_comparison(op: str, left: object, right: object) -> list[str] | None:
    """Return the lines of a failed comparison, or None where no recorded measurement takes part.

    It looks the judgement up and never judges again, which would record it twice.
    """
    measurement, bound = (left, right) if isinstance(left, Measurement) else (right, left)
    if not isinstance(measurement, Measurement) or not isinstance(measurement.recorder, ItemRecorder):
        return None
    for judgement in reversed(measurement.recorder.judgements):
        if judgement.measurement is measurement:
            return [
                f"{measurement.short_name} {op} {bound!r}: {judgement.verdict.words}",
                *explain(judgement).splitlines(),
            ]
    return None
