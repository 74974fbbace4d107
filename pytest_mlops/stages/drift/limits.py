"""The numbers that the gates of drift are given: rates, limits, and the shift that must be seen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.messages import did_you_mean
from pytest_mlops.stages.drift.kinds import DISTANCES, KINDS

if TYPE_CHECKING:
    from pytest_mlops.stages.drift.kinds import Kind

_MOST_SHIFT = 10.0  # standard deviations, which any data show
_BEYOND = 1.5  # times as far as what does not matter, that must be seen where that is more than the default


def number_of(gate: str, name: str, value: object) -> float:
    """Return a number that a user gave.

    Raises
    ------
    DeclarationError
        When it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        raise DeclarationError(f"{gate}: {name} must be a number, got {value!r}")
    return float(value)


def rate_of(gate: str, name: str, value: object) -> float:
    """Return a rate that a user gave: above 0 and below 1."""
    rate = number_of(gate, name, value)
    if not 0 < rate < 1:
        raise DeclarationError(f"{gate}: {name} must be between 0 and 1, got {value!r}")
    return rate


def materials_of(given: float | Mapping[str, float]) -> dict[str, float]:
    """Return the value of each measure that does not matter yet, from `material` of `no_drift`.

    A single number is a distance, of numbers and of categories; 0 is that of every measure.
    """
    limits = {name: kind.material for name, kind in KINDS.items()}
    if isinstance(given, Mapping):
        said = {kind: number_of("no_drift", f"material of {kind}", value) for kind, value in given.items()}
    else:
        distance = number_of("no_drift", "material", given)
        said = dict.fromkeys(DISTANCES, distance) if distance else {name: kind.nothing for name, kind in KINDS.items()}
    for kind, value in said.items():
        if kind not in limits:
            raise DeclarationError(f"no_drift: material has no measure {kind!r}. {did_you_mean(kind, limits)}")
        least, most = KINDS[kind].nothing, max(KINDS[kind].most, 1.0)
        if not least <= value < most:
            raise DeclarationError(
                f"no_drift: material of {kind} must be from {least:g} to below {most:g}, got {value!r}"
            )
    return {**limits, **said}


def withins_of(limit: object, limits: Mapping[str, object]) -> dict[str, float]:
    """Return the limit of each measure, from those of `same_within`; one limit is a distance from no change."""
    distance = number_of("same_within", "limit", limit)
    said = {kind: number_of("same_within", kind, value) for kind, value in limits.items()}
    for kind in said:
        if kind not in KINDS:
            raise DeclarationError(f"same_within: there is no measure {kind!r}. {did_you_mean(kind, KINDS)}")
    for name, value in {"limit": distance, **said}.items():
        least = KINDS[name].nothing if name in KINDS else 0.0
        if not least < value < 1:
            raise DeclarationError(f"same_within: {name} must be above {least:g} and below 1, got {value!r}")
    return {**{name: kind.nothing + distance * (1 - kind.nothing) for name, kind in KINDS.items()}, **said}


def must_see_of(given: object, materials: Mapping[str, float]) -> float | None:
    """Return the shift that must be seen, in standard deviations, as a user gave it; None for the default.

    Raises
    ------
    DeclarationError
        When it is no shift, or does not matter.
    """
    if given is None:
        return None
    shift = number_of("no_drift", "must_see", given)
    if not 0 < shift <= _MOST_SHIFT:
        raise DeclarationError(
            f"no_drift: must_see must be above 0 and at most {_MOST_SHIFT:g} standard deviations, got {given!r}"
        )
    for kind in DISTANCES:
        if (seen := KINDS[kind].seen_of(shift)) <= materials[kind]:
            raise DeclarationError(
                f"no_drift: must_see={shift:g} is a distance of {seen:.3f}, and material={materials[kind]:g} says that "
                "this does not matter. Hint: a larger must_see, or a smaller material"
            )
    return shift


def value_to_see(kind: Kind, shift: float, material: float) -> float:
    """Return the value of a measure that must not be missed: of a shift, but beyond what does not matter."""
    beyond = kind.nothing + _BEYOND * (material - kind.nothing)
    if math.isfinite(kind.most):
        beyond = min(beyond, (material + kind.most) / 2)
    return max(kind.seen_of(shift), beyond)
