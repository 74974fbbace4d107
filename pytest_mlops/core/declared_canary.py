"""What can be declared of a change of version: a canary beside the old version, and the way back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.declared_limits import Limits, with_limits
from pytest_mlops.core.declared_urls import services_in, told_to
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.keys import check_choices
from pytest_mlops.core.service_keys import OF_CANARY, OF_ROLLBACK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, kw_only=True)
class DeclaredCanary:
    """A new version of a service beside the old one, and how they may differ on recorded requests."""

    name: str
    base: str
    candidate: str
    requests: str
    contract: str = ""
    pairs: int = 400
    timeout: str = "60s"
    limits: Limits = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DeclaredRollback:
    """The way back to the old version: the command that takes it, and how its end is seen."""

    name: str
    service: str
    command: Sequence[str]
    is_back: Mapping[str, str]
    requests: str
    contract: str = ""
    rate: float = 50.0
    longest: str = "30s"
    timeout: str = "5s"
    limits: Limits = field(default_factory=dict)


def read_canary(name: str, entry: Mapping[str, Any], services: Mapping[str, Any], place: str) -> DeclaredCanary:
    """Return a canary; its names must be those of two services, and it must have a limit."""
    for side in ("base", "candidate"):
        check_choices([entry[side]], services, f"{place}: {side}")
    if entry["base"] == entry["candidate"]:
        raise DeclarationError(f"{place}: base and candidate must differ, both are {entry['base']!r}")
    rest, limits = with_limits(entry, OF_CANARY, place)
    if not limits:
        raise DeclarationError(f"{place} judges nothing. Hint: failures = {{ at_most = 0.01 }}")
    return DeclaredCanary(name=name, limits=limits, **rest)


def read_rollback(name: str, entry: Mapping[str, Any], services: Mapping[str, Any], place: str) -> DeclaredRollback:
    """Return a rollback; its service must be one, and it must have a limit."""
    check_choices([entry["service"]], services, f"{place}: service")
    check_choices(services_in(entry["command"]), services, f"{place}: command")
    if not entry["is_back"]:
        raise DeclarationError(
            f"{place}: is_back must name something. Hint: is_back = {{ model_digest = 'sha256:...' }}"
        )
    rest, limits = with_limits(entry, OF_ROLLBACK, place)
    if not limits:
        raise DeclarationError(f"{place} judges nothing. Hint: rollback_time = {{ at_most = 5, unit = 's' }}")
    return DeclaredRollback(name=name, limits=limits, **rest)


def compared_in(entries: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> set[str]:
    """Return the names of the services that need no contract: another table judges them, or they stand behind one."""
    sides = {entry[side] for entry in entries["canary"].values() for side in ("base", "candidate")}
    bases = {entry.get("load", {}).get("base", "") for entry in entries["service"].values()}
    behind = {other for entry in entries["service"].values() for other in services_in(told_to(entry))}
    back = {other for entry in entries["rollback"].values() for other in services_in(entry["command"])}
    return sides | bases | behind | back | {entry["service"] for entry in entries["rollback"].values()}
