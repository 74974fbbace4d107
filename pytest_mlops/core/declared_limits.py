"""Limits in a declaration: `p95 = { at_most = 50, unit = "ms" }`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.limit import Limit
from pytest_mlops.core.service_keys import UNITS

if TYPE_CHECKING:
    from collections.abc import Sequence

Limits = Mapping[str, Limit]
_MAY_FALL = {"memory_growth"}


def with_limits(entry: Mapping[str, Any], names: Sequence[str], place: str) -> tuple[dict[str, Any], Limits]:
    """Return what an entry says beside its limits, and these."""
    limits = {name: limit_of(entry[name], f"{place} {name}") for name in names if name in entry}
    return {key: value for key, value in entry.items() if key not in limits}, limits


def limit_of(entry: Mapping[str, Any], place: str) -> Limit:
    """Return the limit of a table; it must have a bound."""
    if not {"at_most", "at_least"} & entry.keys():
        raise DeclarationError(f"{place} must have at_most or at_least, got {dict(entry)!r}")
    low, high = float(entry.get("at_least", -math.inf)), float(entry.get("at_most", math.inf))
    return Limit(low=low, high=high, unit=entry.get("unit", ""), by=entry.get("by"), source=place)


def check_load_limits(limits: Limits, place: str) -> None:
    """Refuse another unit than the measurement has, and what every service would meet, or none."""
    for name, limit in limits.items():
        unit = UNITS.get(name, "")
        if limit.unit not in {"", unit}:
            raise DeclarationError(
                f"{place}: {name} is in {unit or 'no unit'}, its limit in {limit.unit!r}. "
                f"Hint: {f'unit = {unit!r}' if unit else 'leave unit out'}"
            )
        if limit.high < 0 and name not in _MAY_FALL:
            raise DeclarationError(f"{place}: {name} is never below 0, got at_most {limit.high:g}")
        if name.startswith("failures") and 1 < limit.high < math.inf:
            raise DeclarationError(
                f"{place}: {name} is a share from 0 to 1, got at_most {limit.high:g}. "
                f"Hint: at_most = {limit.high / 100:g}"
            )
