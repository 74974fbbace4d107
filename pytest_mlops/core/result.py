"""A result: what one tool call measured, and `require`, which judges it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from pytest_mlops.core.artefact import Artefact
from pytest_mlops.core.errors import DeclarationError, RequirementNotMet
from pytest_mlops.core.judge import Judgement, judge
from pytest_mlops.core.limit import Limit
from pytest_mlops.core.measurement import Interval, Measurement, Recorder
from pytest_mlops.core.messages import did_you_mean, story
from pytest_mlops.core.plain import Json, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Requirement(Protocol):
    """What `require` takes by position: an expectation, a law, `no_drift(...)`, `same(...)`."""

    def judge(self, result: Result) -> Iterable[Judgement]:
        """Judge the measurements of a result that this requirement is about."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one tool call measured.

    Attributes
    ----------
    stage, subject
        The stage's word, and what was measured (`february`, `delay_api`).
    measurements
        In the order of measuring.
    details
        What a requirement needs beside the numbers (first difference, resampled distances); plain JSON types.
    digests
        What the run is about: `{"data:january": "sha256:..."}`; they go into the run record.
    """

    stage: str
    subject: str
    measurements: tuple[Measurement, ...]
    details: Mapping[str, Json] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    recorder: Recorder | None = field(default=None, repr=False, compare=False)

    def recorded_by(self, recorder: Recorder | None) -> Result:
        """Return this result, with its judgements kept by `recorder`."""
        kept = tuple(measurement.recorded_by(recorder) for measurement in self.measurements)
        return replace(self, measurements=kept, recorder=recorder)

    def __getitem__(self, name: str) -> Measurement:
        """Return a measurement by its short or dotted name, or by `name[subject]` where several share a name."""
        for measurement in self.measurements:
            if name in {measurement.short_name, measurement.name, f"{measurement.short_name}[{measurement.subject}]"}:
                return measurement
        known = {measurement.short_name for measurement in self.measurements}
        raise DeclarationError(
            f"{self.stage} of {self.subject!r} has no measurement {name!r}. {did_you_mean(name, known)}"
        )

    def __getattr__(self, name: str) -> Measurement:
        """Return a measurement by its short name: `load.p95`."""
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name]
        except DeclarationError as exc:
            raise AttributeError(str(exc)) from exc

    def require(self, *requirements: Requirement, **limits: Limit) -> None:
        """Judge every requirement, record each, and fail once with the whole story.

        Raises
        ------
        RequirementNotMet
            When at least one verdict is not a pass.
        DeclarationError
            When there is nothing to judge, or a limit names a measurement that does not exist.
        """
        __tracebackhide__ = True
        judgements = list(self._judgements(requirements, limits))
        if not judgements:
            raise DeclarationError(f"require() on {self.stage} of {self.subject!r} had nothing to judge")
        for judgement in judgements:
            if self.recorder is not None:
                self.recorder.record(judgement)
        if not all(judgements):
            raise RequirementNotMet(story(judgements))

    def _judgements(self, requirements: Iterable[Requirement], limits: Mapping[str, Limit]) -> Iterable[Judgement]:
        for requirement in requirements:
            if not hasattr(requirement, "judge"):
                raise DeclarationError(f"require() takes requirements and named limits, got {requirement!r}")
            yield from requirement.judge(self)
        for name, limit in limits.items():
            if not isinstance(limit, Limit):
                raise DeclarationError(f"{name} must be a limit, got {limit!r}. Hint: {name}=at_most({limit!r})")
            yield judge(self[name], limit)

    def to_json(self) -> dict[str, Json]:
        """Return the result in plain JSON types, so that another process can read it."""
        return {
            "stage": self.stage,
            "subject": self.subject,
            "measurements": [
                measurement.to_json() | {"artefacts": [artefact.to_json() for artefact in measurement.artefacts]}
                for measurement in self.measurements
            ],
            "details": plain(self.details),
            "digests": plain(self.digests),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Result:
        """Return the result that `to_json` wrote."""
        values = dict(data)
        values["measurements"] = tuple(map(_measurement_from_json, values["measurements"]))  # type: ignore[call-overload]
        return cls(**values)  # type: ignore[arg-type]


def _measurement_from_json(data: Mapping[str, object]) -> Measurement:
    values = dict(data)
    interval = values["interval"]
    if values["value"] is None and values["n"]:
        values["value"] = math.nan
    if interval is not None:  # JSON has no NaN: an end that could not be found stands there as null
        values["interval"] = Interval(*(math.nan if end is None else end for end in interval))  # type: ignore[attr-defined]
    values["artefacts"] = tuple(Artefact(**artefact) for artefact in values["artefacts"])  # type: ignore[attr-defined]
    return Measurement(**values)  # type: ignore[arg-type]
