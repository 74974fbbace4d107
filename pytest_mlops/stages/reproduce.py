"""Reproducibility: the same training again, where only what must not matter differs."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from pytest_mlops.core.declared_keys import ASPECTS
from pytest_mlops.core.digest import digest_json
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.judge import Judgement, judge
from pytest_mlops.core.limit import Limit, at_most
from pytest_mlops.core.measurement import Measurement
from pytest_mlops.core.messages import did_you_mean
from pytest_mlops.core.result import Result
from pytest_mlops.core.verdict import Verdict
from pytest_mlops.stages.reproduce_runs import Trainer, Training, train

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from pytest_mlops.core.plain import Json
    from pytest_mlops.stages.reproduce_compare import Difference

_SCALED = "largest |a - b| / max(1, |a|, |b|), or the count of what is no float"
_METHODS = {"data_digest": "differs (1) or not (0)", "params": "params that differ"}
_NOT_RETURNED = "the trainer did not return it"
_NOISE = 1e-9  # below this, floats that were summed in another order differ


def measure_reproduction(
    trainer: str,
    *,
    seed: int,
    workdir: Path,
    project_root: Path,
    arguments: Mapping[str, Json] | None = None,
    times: int = 2,
    timeout_s: float = 600,
    python: str = sys.executable,
    progress: Callable[[str], None] | None = None,
) -> Result:
    """Train `times` times in fresh processes, and measure how far apart the trainings are.

    Hash seed, number of threads, time zone, locale and working folder differ from process to process. The
    differences are those from the first training; the largest counts.

    Parameters
    ----------
    trainer
        `package.module:function`, called as `function(seed=seed, **arguments)`. It returns a mapping or an object
        with some of `data_digest`, `params`, `model`, `predictions`, `metrics`; what is None or empty was not returned.
    arguments
        Plain values; `{workdir}` in a text stands for the training's own empty folder.
    timeout_s
        For each training.

    Raises
    ------
    DeclarationError
        For a trainer that does not exist, does not take these arguments or returns none of the above.
    ToolError
        For a trainer that raises or dies, or runs out of time.
    """
    if times < 2:  # noqa: PLR2004 - it takes two to differ
        raise DeclarationError(f"times must be at least 2, got {times!r}")
    asked = Trainer(
        name=trainer,
        seed=seed,
        arguments=arguments or {},
        project_root=project_root,
        python=python,
        timeout_s=timeout_s,
    )
    trainings = []
    for number in range(times):
        if progress is not None:
            progress(f"training {number + 1} of {times}: {trainer}")
        trainings.append(train(asked, number, workdir))
    return _result(asked, trainings)


def _result(trainer: Trainer, trainings: Sequence[Training]) -> Result:
    differences = {aspect: _difference(trainings, aspect) for aspect in ASPECTS}
    texts = {aspect: found.text for aspect, found in differences.items() if found is not None and found.text}
    firsts = [texts[aspect] for aspect, found in differences.items() if found is not None and found.value > _NOISE]
    return Result(
        stage="reproducibility",
        subject=trainer.name,
        measurements=tuple(_measurement(trainer, trainings, aspect, found) for aspect, found in differences.items()),
        details={
            "first_difference": next(iter(firsts), "none"),
            "differences": dict(texts),
            "durations": [training.duration_s for training in trainings],
            "environments": [dict(training.environment) for training in trainings],
        },
        digests=_digests(trainer.name, trainings[0]),
    )


def _difference(trainings: Sequence[Training], aspect: str) -> Difference | None:
    """Return the largest difference from the first training; None where no training returned the aspect."""
    from pytest_mlops.stages.reproduce_compare import compare

    if not any(training.aspects.get(aspect) for training in trainings) or any(aspect in t.problems for t in trainings):
        return None
    found = [compare(trainings[0], other, aspect) for other in trainings[1:]]
    return max(found, key=lambda difference: difference.value)


def _measurement(trainer: Trainer, trainings: Sequence[Training], aspect: str, found: Difference | None) -> Measurement:
    return Measurement(
        name=f"reproducibility.{aspect}",
        subject=trainer.name,
        value=None if found is None else _value(aspect, found),
        n=0 if found is None else _n(aspect, found),
        method=_METHODS.get(aspect, _SCALED),
        parameters={"times": len(trainings)},
        seed=trainer.seed,
        note=_note(trainings, aspect, found),
    )


def _value(aspect: str, found: Difference) -> float:
    if aspect == "data_digest":
        return float(found.value > 0)
    if aspect == "params":
        return float(len({path.partition("]")[0] for path in found.places if path} or set(found.places)))
    return found.value


def _n(aspect: str, found: Difference) -> int:
    return max(found.n - 1, 1) if aspect in ("params", "metrics") else found.n


def _note(trainings: Sequence[Training], aspect: str, found: Difference | None) -> str:
    if found is None:
        problem = next((t.problems[aspect] for t in trainings if aspect in t.problems), "")
        return f"could not be walked: {problem}" if problem else _NOT_RETURNED
    notes = [_hint(trainings, found)] if aspect == "fitted_state" and found.value > _NOISE else []
    if aspect == "fitted_state" and trainings[0].opaque:
        types = ", ".join(f"{count} x {name}" for name, count in sorted(trainings[0].opaque.items()))
        notes.append(f"Not looked into: {types}")
    return ". ".join(notes)


def _hint(trainings: Sequence[Training], found: Difference) -> str:
    """Name the likely cause of a difference in one sentence."""
    if ": 'time:" in found.text:
        return 'Hint: it is a time stamp; keep it in the tracking run, or judge same("predictions")'
    for name in trainings[0].generators:
        states = [training.generators[name] for training in trainings]
        if any(state["drawn"] for state in states) and any(a["state"] != b["state"] for a, b in pairwise(states)):
            return f"Hint: the global generator of {name} was drawn from without a seed; pass the trainer's seed on"
    return "Hint: look for a generator without the seed, or for what hash seed, threads, time zone or folder change"


def _digests(trainer: str, training: Training) -> dict[str, str]:
    from pytest_mlops.stages.reproduce_compare import digest_state

    digests = {}
    if training.aspects.get("data_digest"):
        told = training.aspects["data_digest"].get("")
        digests[f"data:{trainer}"] = told if isinstance(told, str) else digest_json(told)
    if training.aspects.get("fitted_state"):
        digests[f"model:{trainer}"] = digest_state(training)
    return digests


@dataclass(frozen=True, kw_only=True)
class Same:
    """The requirement that trainings agree; made by `same`."""

    aspects: tuple[str, ...]
    limit: Limit

    def judge(self, result: Result) -> Iterable[Judgement]:
        """Judge each aspect; without names, each that the trainer returned."""
        for aspect in self.aspects or [m.short_name for m in result.measurements if m.note != _NOT_RETURNED]:
            limit = replace(self.limit, high=0.0) if aspect in _METHODS else self.limit
            yield self._explained(judge(result[aspect], limit), result)

    @staticmethod
    def _explained(judgement: Judgement, result: Result) -> Judgement:
        texts = result.details["differences"]
        text = texts.get(judgement.measurement.short_name, "") if isinstance(texts, dict) else ""
        if judgement.verdict is not Verdict.FAIL:
            return judgement
        return replace(judgement, reason=f"first difference: {text}")


def same(*aspects: str, within: float = 1e-9) -> Same:
    """Require that trainings agree.

    Parameters
    ----------
    aspects
        Of `data_digest`, `params`, `fitted_state`, `predictions`, `metrics`; none: all that the trainer returned.
        An aspect that is named but was not returned is not run, never a pass.
    within
        What floats may differ by: |a - b| / max(1, |a|, |b|), so absolute below one and relative above, less than 1.
        Single-precision models want about 1e-6. Digests, params, whole numbers and texts must be equal.

    Notes
    -----
    A time stamp that a trainer writes into its model is a difference of the fitted state: keep it in the
    tracking run, or name the aspects that count, `same("predictions")`.
    """
    for aspect in aspects:
        if aspect not in ASPECTS:
            raise DeclarationError(f"same() knows no aspect {aspect!r}. {did_you_mean(aspect, ASPECTS)}")
    if not 0 <= within < 1:
        raise DeclarationError(f"within must be at least 0 and below 1, got {within!r}")
    return Same(aspects=aspects, limit=at_most(within))
