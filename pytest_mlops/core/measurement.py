"""A measurement: one number with all that is needed to judge and to repeat it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.limit import Limit
from pytest_mlops.core.plain import Json, plain
from pytest_mlops.core.source import calling_place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_mlops.core.artefact import Artefact
    from pytest_mlops.core.judge import Judgement


class Recorder(Protocol):
    """What keeps the judgements of a test. The plugin has one for each test item."""

    def record(self, judgement: Judgement) -> None:
        """Keep one judgement."""


@dataclass(frozen=True)
class Interval:
    """An interval for an estimate, with its confidence (0 to 1); an end that is not known is NaN."""

    low: float
    high: float
    confidence: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Measurement:
    """One measured number.

    Comparing it with a number (`auc >= 0.8`) makes a limit, judges and records it, and gives a
    `Judgement`, which is true only for a pass; `float(auc)` is the bare number.

    Attributes
    ----------
    name
        Dotted, stage first: `drift.ks`.
    subject
        What it is about: `flights.dep_delay`.
    value
        The number; None when nothing could be measured (then `n` is 0), NaN when the result is not a number.
    n
        How many rows, requests or runs it rests on.
    interval
        For an estimate.
    resolution
        The smallest difference that the tool can see, where it rounds.
    """

    name: str
    subject: str
    value: float | None
    unit: str = ""
    n: int
    method: str = ""
    parameters: Mapping[str, Json] = field(default_factory=dict)
    seed: int | None = None
    interval: Interval | None = None
    resolution: float | None = None
    note: str = ""
    artefacts: tuple[Artefact, ...] = ()
    recorder: Recorder | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Turn NumPy numbers into plain ones."""
        object.__setattr__(self, "value", None if self.value is None else float(self.value))
        object.__setattr__(self, "n", int(self.n))

    @property
    def short_name(self) -> str:
        """The last part of the name: `ks` of `drift.ks`."""
        return self.name.rpartition(".")[2]

    def recorded_by(self, recorder: Recorder | None) -> Measurement:
        """Return this measurement, with its comparisons kept by `recorder`."""
        return replace(self, recorder=recorder)

    def __float__(self) -> float:
        """Return the bare number; NaN where there is none."""
        return math.nan if self.value is None else self.value

    def __ge__(self, bound: object) -> Judgement:
        """Judge `at_least(bound)`."""
        return self._compare(bound, low=True)

    def __le__(self, bound: object) -> Judgement:
        """Judge `at_most(bound)`."""
        return self._compare(bound, high=True)

    def __gt__(self, bound: object) -> Judgement:
        """Judge strictly above."""
        return self._compare(bound, low=True, strict=True)

    def __lt__(self, bound: object) -> Judgement:
        """Judge strictly below."""
        return self._compare(bound, high=True, strict=True)

    def __eq__(self, bound: object) -> Judgement:  # type: ignore[override]
        """Judge `equal_to(bound)`."""
        return self._compare(bound, low=True, high=True)

    def __ne__(self, bound: object) -> Judgement:  # type: ignore[override]
        """Refuse: that a number differs from another one is no limit."""
        raise DeclarationError(f"{self.name} != {bound!r} is no limit. Hint: use <, <=, >=, > or between(...)")

    __hash__ = object.__hash__

    def _compare(self, bound: object, *, low: bool = False, high: bool = False, strict: bool = False) -> Judgement:
        from pytest_mlops.core.judge import judge

        number = self._bound(bound)
        limit = Limit(
            low=number if low else -math.inf,
            high=number if high else math.inf,
            strict=strict,
            by="point" if low and high else None,
            source=calling_place(),
        )
        judgement = judge(self, limit)
        if self.recorder is not None:
            self.recorder.record(judgement)
        return judgement

    def _bound(self, bound: object) -> float:
        if isinstance(bound, Measurement):
            raise DeclarationError(
                f"{self.name} and {bound.name} are both measured, so neither is a limit. "
                f"Hint: require({self.short_name}=no_worse_than(float(other), margin=...))"
            )
        if isinstance(bound, bool) or not hasattr(bound, "__float__"):
            raise DeclarationError(f"{self.name} must be compared with a number, got {bound!r}")
        return float(bound)

    def to_json(self) -> dict[str, Json]:
        """Return the measurement in plain JSON types, as it stands in the run record."""
        interval = self.interval
        return {
            "name": self.name,
            "subject": self.subject,
            "value": plain(self.value),
            "unit": self.unit,
            "n": self.n,
            "method": self.method,
            "parameters": plain(self.parameters),
            "seed": self.seed,
            "interval": None if interval is None else [plain(interval.low), plain(interval.high), interval.confidence],
            "resolution": plain(self.resolution),
            "note": self.note,
        }
