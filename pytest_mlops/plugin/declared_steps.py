"""What the checks of declarations share: an item, a step that is done once, a function that is named."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.declared_urls import services_in, with_urls
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.source import written_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from pytest_mlops.core.declarations import DeclaredModel
    from pytest_mlops.core.declared_service import DeclaredService
    from pytest_mlops.plugin.state import State
    from pytest_mlops.stages.service import Service


@dataclass(frozen=True)
class Check:
    """One test item: its name, what pytest calls with its fixtures, its gate, and its stage where no tool tells it."""

    name: str
    run: Callable[..., None]
    gate: str = "block"
    stage: str = ""


def at_table(state: State, table: str) -> Any:
    """Say that what is made here is written in a table of the declarations."""
    return written_at(f"{state.configuration.source}: [{table}]")


class Once:
    """A step that the checks of one declaration share in a process; its error too is not waited for twice."""

    def __init__(self, step: Callable[..., Any]) -> None:
        self._step = step
        self._done: list[Any] = []
        self._error: Exception | None = None

    def __call__(self, *arguments: Any) -> Any:
        """Return what the step returned when it was first called."""
        if self._error is not None:
            raise self._error
        if not self._done:
            try:
                self._done.append(self._step(*arguments))
            except Exception as exc:
                self._error = exc
                raise
        return self._done[0]


def load_model(declared: DeclaredModel, state: State) -> Any:
    """Return the model that a declaration names."""
    return call_named(declared.load, state.root, f"{state.configuration.source}: [model.{declared.name}] load")


def start_declared(declared: DeclaredService, started: Mapping[str, Once], start: Callable[..., Service]) -> Service:
    """Start a declared service, or find the one that runs, by the tool that is given; before it those it is told of."""
    urls = urls_in([*declared.command, *declared.env.values()], started, start)
    return start(
        [with_urls(word, urls) for word in declared.command] or None,
        name=declared.name,
        wsgi=declared.wsgi or None,
        asgi=declared.asgi or None,
        mlflow=declared.mlflow or None,
        url=declared.url or None,
        ready=declared.ready,
        timeout=declared.timeout,
        env={name: with_urls(value, urls) for name, value in declared.env.items()},
        allowed_hosts=declared.allowed_hosts,
    )


def urls_in(texts: Iterable[str], started: Mapping[str, Once], start: Callable[..., Service]) -> Mapping[str, str]:
    """Return the addresses of the services that texts name; they are started where they do not run yet."""
    return {name: started[name](start).url for name in services_in(texts)}


def hosts_of(state: State, *names: str) -> Sequence[str]:
    """Return the hosts that declared services may be talked to at."""
    services = [state.configuration.service[name] for name in names if name]
    return sorted({host for service in services for host in service.allowed_hosts})


def rows_of(declared: DeclaredService, state: State) -> Sequence[Mapping[str, Any]]:
    """Return the real rows that a declared service is sent; none where it names no file of them."""
    from pytest_mlops.stages.contract import read_rows

    return read_rows(state.root / declared.requests) if declared.requests else []


def call_named(name: str, root: Path, place: str) -> Any:
    """Return what the function `package.module:function` returns; see `function_named`."""
    return function_named(name, root, place)()


def function_named(name: str, root: Path, place: str) -> Callable[..., Any]:
    """Return the function `package.module:function`; packages of the project are found as a trainer's."""
    module, colon, function = name.partition(":")
    if not colon:
        raise DeclarationError(f"{place} must be 'package.module:function', got {name!r}")
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    try:
        found: Callable[..., Any] = getattr(import_module(module), function)
    except (ImportError, AttributeError) as exc:
        raise DeclarationError(f"{place}: {name!r} can't be imported: {exc}") from exc
    return found
