"""What may be required of a run of deepchecks: one of its checks, or all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.messages import did_you_mean
from pytest_mlops.core.plain import plain
from pytest_mlops.core.source import calling_place
from pytest_mlops.stages.deepchecks.catalogue import Known, read_catalogue
from pytest_mlops.stages.deepchecks.verdict import judge_check

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_mlops.core.judge import Judgement
    from pytest_mlops.core.result import Result

Warn = Literal["fail", "pass"]
_WARN = ("fail", "pass")
_ADD = "add_condition_"


@dataclass(frozen=True, kw_only=True)
class Deepcheck:
    """One check of deepchecks; as a requirement it judges its own results.

    `conditions` None are those of deepchecks' own suites; `own` says whether the user gave parameters or conditions.
    """

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    warn: Warn = "fail"
    own: bool = False
    source: str = ""

    def __str__(self) -> str:
        """Return its name, which is that of its test item."""
        return self.name

    @property
    def stage(self) -> str:
        """The stage that its check belongs to."""
        return read_catalogue().stage(self.name)

    def to_job(self) -> dict[str, Any]:
        """Return what the runner is told of it."""
        return {"name": self.name, "parameters": plain(self.parameters), "conditions": plain(self.conditions)}

    def judge(self, result: Result) -> Iterable[Judgement]:
        """Judge this check on each side that it looked at."""
        asked = result.details.get("asked")
        if not isinstance(asked, Mapping) or self.name not in asked:
            known = asked if isinstance(asked, Mapping) else ()
            raise DeclarationError(f"{self.name} was required of a run without it. {did_you_mean(self.name, known)}")
        if self.own and asked[self.name] != self.to_job():
            raise DeclarationError(
                f"{self.name} was required with parameters or conditions that the run did not have. "
                "Hint: give them to the run, mlops_deepchecks(..., checks=[deepcheck(...)])"
            )
        for measurement in result.measurements:
            if measurement.parameters["check"] == self.name:
                yield judge_check(measurement, warn=self.warn, source=self.source)


@dataclass(frozen=True, kw_only=True)
class AllDeepchecks:
    """The requirement that `deepchecks` makes."""

    warn: Warn = "fail"
    source: str = ""

    def judge(self, result: Result) -> Iterable[Judgement]:
        """Judge every check that was asked for."""
        if "asked" not in result.details:
            raise DeclarationError("deepchecks() was required of what is no run of deepchecks")
        return [judge_check(one, warn=self.warn, source=self.source) for one in result.measurements]


def deepcheck(
    name: str,
    *,
    parameters: Mapping[str, Any] = MappingProxyType({}),
    conditions: Mapping[str, Mapping[str, Any]] | Sequence[str] | None = None,
    warn: Warn = "fail",
) -> Deepcheck:
    """Return one check of deepchecks, to be run and to be required.

    Parameters
    ----------
    name
        Its class: `FeatureDrift`.
    parameters
        Of its class: `{"columns": ["distance"]}`; plain JSON types.
    conditions
        What its method `add_condition_...` is called with, by the rest of the method's name:
        `{"drift_score_less_than": {"max_allowed_numeric_score": 0.1}}`, or the names alone. None for those that
        deepchecks' own suites set.
    warn
        Whether a condition that warns is a `fail` or a `pass`.

    Raises
    ------
    DeclarationError
        For an unknown check or condition, or a parameter that is no plain value.
    """
    known = read_catalogue().check(name)
    _check_warn(warn)
    given = known.default if conditions is None else conditions
    entries = given.items() if isinstance(given, Mapping) else [(condition, {}) for condition in given]
    return Deepcheck(
        name=name,
        parameters=_plain(name, parameters),
        conditions={_condition(known, condition): _values(name, condition, values) for condition, values in entries},
        warn=warn,
        own=bool(parameters) or conditions is not None,
        source=calling_place(),
    )


def deepchecks(*, warn: Warn = "fail") -> AllDeepchecks:
    """Return the requirement that every check of the run passes."""
    _check_warn(warn)
    return AllDeepchecks(warn=warn, source=calling_place())


def _check_warn(warn: str) -> None:
    if warn not in _WARN:
        raise DeclarationError(f"warn must be 'fail' or 'pass', got {warn!r}")


def _condition(known: Known, name: str) -> str:
    short = name.removeprefix(_ADD)
    if short not in known.conditions:
        raise DeclarationError(f"{known.name} has no condition {name!r}. {did_you_mean(short, known.conditions)}")
    return short


def _values(name: str, condition: str, values: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(values, Mapping):
        raise DeclarationError(f"{name}: the condition {condition!r} must be a table, got {values!r}")
    return _plain(name, values)


def _plain(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return dict(plain(values))  # type: ignore[arg-type]
    except TypeError as exc:
        raise DeclarationError(f"{name}: what goes to another interpreter must be plain: {exc}") from exc
