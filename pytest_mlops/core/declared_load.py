"""What can be declared of a load: who sends what for how long, and the limits."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pytest_mlops.core.declared_limits import Limits, check_load_limits, with_limits
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.keys import check_choices
from pytest_mlops.core.service_keys import BESIDE_A_BASE, LOAD, OF_REQUESTS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

_SCENARIOS = ("rate", "replay", "users", "batch")
_OF_LOCUST = ("processes", "user_classes", "expect_workers")
# What only makes sense beside another key, and which.
_NEEDS: Mapping[str, Sequence[str]] = {
    "arrivals": ("rate",), "locustfile": ("users",), "lateness": ("rate", "replay"), "failures_asserted": ("check",),
    "failures_raised": ("check",), "base": ("rate", "replay"), "expect_within": ("expect_workers",),
    "bind": ("expect_workers",),
    **dict.fromkeys(_OF_LOCUST, ("locustfile",)), **dict.fromkeys(BESIDE_A_BASE, ("base",)),
}  # fmt: skip
# Two keys of which one leaves the other no sense, and why.
_APART: Mapping[tuple[str, str], str] = {
    ("check", "locustfile"): "each says what users do",
    ("check", "batch"): "a check sends what it likes",
    ("check", "longest"): "a check is called for its duration",
    ("locustfile", "longest"): "a locustfile runs for its duration",
    ("base", "check"): "a check is called on one service",
    ("base", "longest"): "two services are compared for the duration",
    ("check", "rows_throughput"): "nobody knows how many rows a check sends",
    ("locustfile", "rows_throughput"): "nobody knows how many rows a locustfile sends",
}


@dataclass(frozen=True, kw_only=True)
class DeclaredLoad:
    """A load run on a service, and what it must show: requests at a rate, users, or requests of many rows."""

    duration: str
    rate: float | None = None
    replay: str = ""
    arrivals: Literal["poisson", "constant"] = "poisson"
    users: int | None = None
    batch: int | None = None
    locustfile: str = ""
    user_classes: Sequence[str] = ()
    processes: int = 0
    expect_workers: int = 0
    expect_within: str = "60s"
    bind: str = ""
    check: str = ""
    base: str = ""
    longest: str = ""
    warmup: str = "1s"
    timeout: str = "10s"
    bounds: Mapping[str, Any] = field(default_factory=dict)
    limits: Limits = field(default_factory=dict)

    @property
    def draws(self) -> bool:
        """Say whether its requests are drawn from the contract, or are recorded rows."""
        return not self.locustfile and not self.check

    @property
    def level(self) -> Limits:
        """The limits that the requests alone decide, so that a run may end once they are."""
        return {name: limit for name, limit in self.limits.items() if name in OF_REQUESTS}


def read_load(entry: Mapping[str, Any], others: Collection[str], place: str) -> DeclaredLoad:
    """Return a load; it must say who sends, and have a limit.

    Parameters
    ----------
    others
        The names of all other services.
    """
    load, limits = with_limits(entry, (*LOAD, *BESIDE_A_BASE), place)
    if not limits:
        raise DeclarationError(f"{place} judges nothing. Hint: p95 = {{ at_most = 50, unit = 'ms' }}")
    _check_keys(entry, place)
    check_load_limits(limits, place)
    _check_throughput(entry, limits, place)
    if "base" in entry:
        _check_base(entry["base"], limits, others, place)
    read = DeclaredLoad(limits=limits, **load)
    if read.longest and not read.level:
        raise DeclarationError(
            f"{place}: longest is for a limit that requests decide, got {', '.join(limits)}. "
            f"Hint: one of {', '.join(OF_REQUESTS)}"
        )
    return read


def _check_keys(entry: Mapping[str, Any], place: str) -> None:
    """Refuse keys that make no sense together."""
    said = [name for name in _SCENARIOS if name in entry]
    if len(said) != 1:
        raise DeclarationError(
            f"{place} must say one of {', '.join(_SCENARIOS)}, got {' and '.join(said) or 'none'}. "
            "Hint: rate = 50, requests a second that come whatever becomes of those before"
        )
    for name, needed in _NEEDS.items():
        if name in entry and not entry.keys() & {*needed}:
            raise DeclarationError(f"{place}: {name} needs {' or '.join(needed)}")
    for (one, other), why in _APART.items():
        if one in entry and other in entry:
            raise DeclarationError(f"{place}: {one} and {other} can't both be: {why}")


def _check_throughput(entry: Mapping[str, Any], limits: Limits, place: str) -> None:
    """Refuse a throughput that no service can have: it answers no more than it is sent."""
    for name in ("throughput", "rows_throughput"):
        if name in limits and limits[name].low > entry.get("rate", math.inf):
            raise DeclarationError(
                f"{place}: {name} must be at least {limits[name].low:g}/s, and rate sends {entry['rate']:g}/s. "
                "Hint: a higher rate, or [service.NAME.capacity]"
            )


def _check_base(base: str, limits: Limits, others: Collection[str], place: str) -> None:
    check_choices([base], sorted(others), f"{place}: base")
    for name in limits:
        if name not in {*BESIDE_A_BASE, "failures"}:
            raise DeclarationError(
                f"{place}: {name} is of a load on one service. Hint: with base, {', '.join(BESIDE_A_BASE)} or failures"
            )
