"""The checks that a declared change of version makes: the canary, and the way back."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from pytest_mlops.core import process
from pytest_mlops.core.declared_urls import with_urls
from pytest_mlops.core.errors import SubprocessError
from pytest_mlops.plugin.declared_steps import Check, hosts_of, start_declared, urls_in
from pytest_mlops.plugin.duration import seconds
from pytest_mlops.plugin.tool import new_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pytest_mlops.core.declared_canary import DeclaredCanary, DeclaredRollback
    from pytest_mlops.plugin.declared_steps import Once
    from pytest_mlops.plugin.state import State
    from pytest_mlops.stages.service import Service


def canary_checks(declared: DeclaredCanary, state: State, started: Mapping[str, Once]) -> Iterable[Check]:
    """Yield the check of a new version beside the old one."""
    rows = _recorded(declared, state)

    def check(mlops_canary: Any, mlops_service: Callable[..., Service]) -> None:
        mlops_canary(
            started[declared.base](mlops_service),
            started[declared.candidate](mlops_service),
            rows=rows,
            contract=declared.contract or None,
            pairs=declared.pairs,
            timeout=declared.timeout,
            allowed_hosts=hosts_of(state, declared.base, declared.candidate),
        ).require(**declared.limits)

    yield Check("canary", check)


def rollback_checks(declared: DeclaredRollback, state: State, started: Mapping[str, Once]) -> Iterable[Check]:
    """Yield the check of the way back; one is started for it alone, since no other check shall meet it then."""
    rows = _recorded(declared, state)

    def check(mlops_rollback: Any, mlops_service: Callable[..., Service]) -> None:
        service = start_declared(state.configuration.service[declared.service], started, mlops_service)
        urls = urls_in(declared.command, started, mlops_service)
        mlops_rollback(
            service,
            roll_back=lambda: _roll_back(declared, state, service.url, urls),
            is_back=declared.is_back,
            rows=rows,
            contract=declared.contract or None,
            rate=declared.rate,
            longest=declared.longest,
            timeout=declared.timeout,
            allowed_hosts=hosts_of(state, declared.service),
        ).require(**declared.limits)

    yield Check("rollback", check)


def _recorded(declared: DeclaredCanary | DeclaredRollback, state: State) -> Any:
    from pytest_mlops.stages.contract import read_rows

    return read_rows(state.root / declared.requests)


def _roll_back(declared: DeclaredRollback, state: State, url: str, urls: Mapping[str, str]) -> None:
    """Run the command that rolls back.

    Raises
    ------
    SubprocessError
        When it fails, or does not end in time.
    """
    words = [with_urls(word, urls) for word in declared.command]
    command = [word.replace("{url}", url).replace("{python}", sys.executable) for word in words]
    log = new_folder(state, f"rollback-{declared.name}") / "command.log"
    done = process.run(command, log=log, timeout_s=seconds(declared.longest), cwd=state.root)
    if done.returncode:
        raise SubprocessError(f"it must exit with 0, got {done.returncode}", log=done.log_text)
