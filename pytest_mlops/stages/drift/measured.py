"""From effects to measurements: p-values and intervals that hold together, notes and plots."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.core.artefact import Artefact
from pytest_mlops.core.measurement import Interval, Measurement
from pytest_mlops.stages.drift.kinds import KINDS
from pytest_mlops.stages.drift.moved_column import Explained, picture_of_counts
from pytest_mlops.stats.clusters import Together, hold_together
from pytest_mlops.stats.permutation import adjusted_p, scores, surprise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_mlops.core.plain import Json
    from pytest_mlops.stages.drift.effects import Effect, Resamples
    from pytest_mlops.stages.drift.sketch import Sketch

    Floats = NDArray[np.float64]

DRAWS = 999
CONFIDENCE = 0.99


def measurements_of(
    effects: Sequence[Effect],
    together: Together,
    name: str,
    said: str,
    *,
    seed: int,
    p_values: Sequence[float],
    explained: Mapping[int, Explained],
    sketches: tuple[Sketch, Sketch],
) -> list[Measurement]:
    """Return the measurement of each effect; `said` is what the units are in words."""
    parameters: dict[str, Json] = {"unit": said, "draws": DRAWS}
    return [
        Measurement(
            name=f"drift.{effect.kind}",
            subject=subject_of(name, effect),
            value=effect.distance.value if effect.n else None,
            n=effect.n,
            method=f"{KINDS[effect.kind].method}; max-T permutation and bootstrap of units",
            parameters={**parameters, "p_value": p},
            seed=seed,
            interval=interval_of(
                effect.kind, effect.distance.value, effect.n, together.width(number, 1 - CONFIDENCE), CONFIDENCE
            ),
            resolution=effect.resolution,
            note=note_of(effect, explained.get(number)),
            artefacts=artefacts_of(effect, name, explained.get(number), sketches),
        )
        for number, (effect, p) in enumerate(zip(effects, p_values, strict=True))
    ]


def subject_of(name: str, effect: Effect) -> str:
    """Return what a measure is about."""
    if effect.segment:
        return f"{name}[{effect.segment}]"
    return f"{name}.{effect.column}" if effect.column else name


def together_by(effects: Sequence[Effect], resamples: Resamples) -> Together:
    """Return what holds the intervals of effects together."""
    return hold_together([effect.distance for effect in effects], min(resamples.counts))


def details_of(together: Together, resamples: Resamples) -> dict[str, Json]:
    """Return what a gate needs beside the measurements."""
    return {
        "errors": [[*moments] for moments in together.errors],
        "largest": list(together.largest),
        "units": list(resamples.counts),
        "relabellings": len(resamples.labels),
    }


def p_values_of(effects: Sequence[Effect]) -> list[float]:
    """Return the p-value of each effect, adjusted for all statistics of all of them.

    What few rows can change, and what is one statistic of a whole table, gets more of the error rate than one of the
    many statistics of a distribution.
    """
    owners = [number for number, effect in enumerate(effects) for _ in effect.statistics]
    weighted = [_weighed(name, one) for effect in effects for name, one in effect.statistics.items()]
    adjusted = adjusted_p(np.array(weighted))
    return [min(float(p) for p, owner in zip(adjusted, owners, strict=True) if owner == n) for n in range(len(effects))]


def _weighed(name: str, statistic: Floats) -> Floats:
    """Return how surprising a statistic is in each relabelling, with its part of the error rate."""
    surprising = statistic if name in _SURPRISES else surprise(scores(statistic))
    return surprising + math.log(_WEIGHTS.get(name, 1.0))


_SURPRISES = ("beyond", "new", "new_pattern", "unseen", "vanished")
_FEW_ROWS = ("beyond", "missing", "new_pattern", "repeats", "unseen", "vanished")
_WEIGHTS = {
    "new": 32.0,
    **dict.fromkeys(("numbers", "numbers_within"), 16.0),
    **dict.fromkeys((*_FEW_ROWS, "categories", "categories_within"), 4.0),
}


def interval_of(kind: str, value: float, n: int, width: float, confidence: float) -> Interval:
    """Return the interval of a measure, within what its kind can be.

    What none of `n` rows showed may still have a share of `-log(1 - confidence) / n` (Hanley and Lippman-Hand, JAMA
    249, 1983): no interval is narrower.
    """
    wide = max(width, -math.log(1 - confidence) / max(n, 1))
    return Interval(max(KINDS[kind].least, value - wide), min(KINDS[kind].most, value + wide), confidence)


def together_of(details: Mapping[str, Any]) -> Together:
    """Return what holds the intervals of a drift result together."""
    return Together(details["errors"], details["largest"], min(details["units"]))


def note_of(effect: Effect, explained: Explained | None) -> str:
    """Return what is said beside a measure; what explains it stands on lines of its own."""
    note = effect.note if effect.n or not effect.column else "all null, or no rows"
    return note if explained is None or not explained.lines else f"{note}\n{explained.note}"


def artefacts_of(
    effect: Effect, name: str, explained: Explained | None, sketches: tuple[Sketch, Sketch]
) -> tuple[Artefact, ...]:
    """Return the plots and tables of a measure."""
    return histogram_of(effect, name, sketches) if explained is None else explained.artefacts


def histogram_of(effect: Effect, name: str, sketches: tuple[Sketch, Sketch]) -> tuple[Artefact, ...]:
    """Return the plot of a measure that its column is drawn for."""
    if effect.shares is None:
        return ()
    picture = picture_of_counts(sketches, effect.column)
    if picture is not None and len(picture.labels):
        return (Artefact("histogram", f"{name}.{effect.column}", picture.to_json()),)
    reference, current = (share.tolist() for share in effect.shares)
    data: Mapping[str, Any] = {"labels": list(effect.labels), "reference": reference, "current": current}
    return (Artefact("histogram", f"{name}.{effect.column}", data),)
