"""The checks that a declared load, and a declared capacity, make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.plugin.declared_steps import hosts_of
from pytest_mlops.plugin.duration import seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_mlops.core.declared_capacity import DeclaredCapacity
    from pytest_mlops.core.declared_load import DeclaredLoad
    from pytest_mlops.core.declared_service import DeclaredService
    from pytest_mlops.plugin.declared_steps import Once
    from pytest_mlops.plugin.state import State
    from pytest_mlops.stages.load import Bounds, Scenario
    from pytest_mlops.stages.service import Service


def load_check(
    declared: DeclaredService, load: DeclaredLoad, state: State, started: Mapping[str, Once], read: Once
) -> Callable[..., None]:
    """Return the check of a load on a service, whose rows `read` returns.

    Raises
    ------
    DeclarationError
        When its times make no sense, or no requests can be drawn.
    """
    _check_times(load)
    if load.locustfile and not (state.root / load.locustfile).is_file():
        raise DeclarationError(f"load: locustfile must be a file, got {load.locustfile!r}")
    scenario, bounds = _scenario(load, state), _bounds(load.bounds)
    _check_bounds(load, scenario, bounds)
    if load.draws:
        _check_drawn(declared, state, "load")
    rows = read() if load.draws else []
    contract = declared.promises if load.draws else ""
    hosts = [*hosts_of(state, declared.name, load.base), *([load.bind] if load.bind else [])]

    def check(mlops_load: Any, mlops_service: Callable[..., Service]) -> None:
        from pytest_mlops.stages.load import ServiceLevel

        mlops_load(
            started[declared.name](mlops_service),
            scenario,
            duration=load.duration,
            longest=load.longest or None,
            level=ServiceLevel(limits=load.level),
            base=started[load.base](mlops_service) if load.base else None,
            locustfile=load.locustfile or None,
            check=load.check or None,
            users=load.users,
            user_classes=load.user_classes,
            processes=load.processes,
            expect_workers=load.expect_workers,
            expect_within=load.expect_within,
            bind=load.bind or None,
            rows=rows,
            contract=contract or None,
            warmup=load.warmup,
            timeout=load.timeout,
            bounds=bounds,
            allowed_hosts=hosts,
        ).require(**load.limits)

    return check


def capacity_check(
    declared: DeclaredService, capacity: DeclaredCapacity, state: State, started: Mapping[str, Once], read: Once
) -> Callable[..., None]:
    """Return the check of the highest rate at which a service keeps its level; `read` returns the rows that are sent.

    Raises
    ------
    DeclarationError
        When no requests can be drawn.
    """
    _check_drawn(declared, state, "capacity")
    rows, bounds = read(), _bounds(capacity.bounds)
    if capacity.capacity.low > bounds.rate:
        raise DeclarationError(
            f"capacity: at_least must be in bounds, at most {bounds.rate:,g} requests a second, got "
            f"{capacity.capacity.low:,g}. Hint: bounds = {{ rate = ... }}"
        )

    def check(mlops_capacity: Any, mlops_service: Callable[..., Service]) -> None:
        from pytest_mlops.stages.load import ServiceLevel

        mlops_capacity(
            started[declared.name](mlops_service),
            level=ServiceLevel(limits=capacity.level),
            rows=rows,
            contract=declared.promises or None,
            timeout=capacity.timeout,
            bounds=bounds,
            allowed_hosts=hosts_of(state, declared.name),
        ).require(capacity=capacity.capacity)

    return check


def _bounds(said: Mapping[str, Any]) -> Bounds:
    """Return how much load may be made, where it is not said as by default."""
    from pytest_mlops.stages.load import Bounds

    times = {"duration_s": seconds(said["duration"])} if "duration" in said else {}
    return Bounds(**{name: most for name, most in said.items() if name != "duration"}, **times)


def _scenario(load: DeclaredLoad, state: State) -> Scenario | None:
    """Return what is sent when; none of users, whose number says it."""
    from pytest_mlops.stages.load import offline, read_arrivals, server

    if load.replay:
        return server(arrivals="replay", offsets_s=read_arrivals(state.root / load.replay))
    if load.batch is not None:
        return offline(load.batch)
    return None if load.rate is None else server(load.rate, arrivals=load.arrivals)


def _check_bounds(load: DeclaredLoad, scenario: Scenario | None, bounds: Bounds) -> None:
    """Refuse more load than the bounds allow, before anything is run."""
    from pytest_mlops.stages.load import closed

    length_s = seconds(load.longest or load.duration) + seconds(load.warmup)
    try:
        bounds.check_scenario(scenario or closed(load.users or 1), length_s)
    except DeclarationError as exc:
        raise DeclarationError(f"load: {exc}") from None


def _check_times(load: DeclaredLoad) -> None:
    if load.longest and seconds(load.longest) < seconds(load.duration):
        raise DeclarationError(f"load: longest must be at least duration, got {load.longest!r} and {load.duration!r}")


def _check_drawn(declared: DeclaredService, state: State, table: str) -> None:
    """Refuse to draw requests that another protocol has than the contract: it would be another load."""
    from pytest_mlops.stages.contract import protocol_of

    of = protocol_of(state.root / declared.promises) if declared.promises else "openapi"
    if declared.protocol not in {"", of}:
        raise DeclarationError(
            f"{table}: requests are drawn in the protocol of the contract, {of!r}, "
            f"got protocol = {declared.protocol!r}. Hint: locustfile, or check"
        )
