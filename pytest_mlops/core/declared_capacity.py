"""What can be declared of a capacity: the service level that a rate must keep, and which rate it must be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.declared_limits import Limits, check_load_limits, with_limits
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.service_keys import OF_CAPACITY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_mlops.core.limit import Limit


@dataclass(frozen=True, kw_only=True)
class DeclaredCapacity:
    """A search for the highest rate at which `level` is kept."""

    capacity: Limit
    level: Limits
    timeout: str = "10s"
    bounds: Mapping[str, Any] = field(default_factory=dict)


def read_capacity(entry: Mapping[str, Any], place: str) -> DeclaredCapacity:
    """Return a capacity; it must have a level that a rate keeps, and a limit of that rate."""
    rest, limits = with_limits(entry, ("capacity", *OF_CAPACITY), place)
    if "capacity" not in limits:
        raise DeclarationError(f"{place} judges nothing. Hint: capacity = {{ at_least = 100, unit = '1/s' }}")
    check_load_limits(limits, place)
    level = {name: limit for name, limit in limits.items() if name != "capacity"}
    if not level:
        raise DeclarationError(f"{place}: a rate must keep something. Hint: p95 = {{ at_most = 50, unit = 'ms' }}")
    return DeclaredCapacity(capacity=limits["capacity"], level=level, **rest)
