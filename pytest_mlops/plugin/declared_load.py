"""The check that a declared load makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.plugin.declared_steps import hosts_of, rows_of
from pytest_mlops.plugin.duration import seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_mlops.core.declared_load import DeclaredLoad
    from pytest_mlops.core.declared_service import DeclaredService
    from pytest_mlops.plugin.declared_steps import Once
    from pytest_mlops.plugin.state import State
    from pytest_mlops.stages.load import Scenario
    from pytest_mlops.stages.service import Service


def load_check(
    declared: DeclaredService, load: DeclaredLoad, state: State, started: Mapping[str, Once]
) -> Callable[..., None]:
    """Return the check of a load on a service.

    Raises
    ------
    DeclarationError
        When its times make no sense, or no requests can be drawn.
    """
    _check_times(load)
    if load.draws:
        _check_drawn(declared, state)
    rows = rows_of(declared, state) if load.draws else []
    contract = declared.promises if load.draws else ""
    hosts = hosts_of(state, declared.name, load.base)

    def check(mlops_load: Any, mlops_service: Callable[..., Service]) -> None:
        from pytest_mlops.stages.load import ServiceLevel

        mlops_load(
            started[declared.name](mlops_service),
            _scenario(load),
            duration=load.duration,
            longest=load.longest or None,
            level=ServiceLevel(limits=load.level),
            base=started[load.base](mlops_service) if load.base else None,
            locustfile=load.locustfile or None,
            check=load.check or None,
            users=load.users,
            processes=load.processes,
            rows=rows,
            contract=contract or None,
            warmup=load.warmup,
            timeout=load.timeout,
            allowed_hosts=hosts,
        ).require(**load.limits)

    return check


def _scenario(load: DeclaredLoad) -> Scenario | None:
    """Return what is sent when; none of users, whose number says it."""
    from pytest_mlops.stages.load import offline, server

    if load.batch is not None:
        return offline(load.batch)
    return None if load.rate is None else server(load.rate, arrivals=load.arrivals)


def _check_times(load: DeclaredLoad) -> None:
    if load.longest and seconds(load.longest) < seconds(load.duration):
        raise DeclarationError(f"load: longest must be at least duration, got {load.longest!r} and {load.duration!r}")


def _check_drawn(declared: DeclaredService, state: State) -> None:
    """Refuse to draw requests that another protocol has than the contract: it would be another load."""
    from pytest_mlops.stages.contract import protocol_of

    of = protocol_of(state.root / declared.promises) if declared.promises else "openapi"
    if declared.protocol not in {"", of}:
        raise DeclarationError(
            f"load: requests are drawn in the protocol of the contract, {of!r}, got protocol = {declared.protocol!r}. "
            "Hint: locustfile, or check"
        )
