"""Services under test: started on a free loopback port, waited for, and always ended."""

from __future__ import annotations

import os
import socket
import sys
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from pytest_mlops.adapters.http import HttpClient, Request
from pytest_mlops.core.errors import DeclarationError, SubprocessError, ToolError
from pytest_mlops.core.process import Child, start
from pytest_mlops.stages.service_endpoint import Endpoint, endpoint, silent

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

_HOST = "127.0.0.1"
_ATTEMPTS = 3  # another process may take the free port before the service does
_IN_USE = ("address already in use", "address in use", "eaddrinuse", "port is already", "port is in use")
_PROBE_S = 2.0
_SAY_EVERY_S = 5.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.02, 0.25


@dataclass(frozen=True, kw_only=True)
class Service:
    """A running service. A context manager: leaving it stops the service."""

    name: str
    url: str
    port: int
    log_path: Path
    started_in_s: float
    child: Child = field(repr=False)
    launch: Launch = field(repr=False)

    def __enter__(self) -> Self:
        """Return the running service."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the service."""
        self.stop()

    @property
    def alive(self) -> bool:
        """Whether its process still runs."""
        return self.child.alive

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.child.pid

    def log_tail(self, lines: int = 20) -> str:
        """Return the last lines of its log."""
        return self.child.log_tail(lines)

    def log_size(self) -> int:
        """Return how many bytes its log has."""
        return self.log_path.stat().st_size

    def log_from(self, position: int) -> str:
        """Return what it wrote from a position of its log on, up to a few kilobytes."""
        return self.child.log_from(position)

    @property
    def ready_path(self) -> str:
        """The path that answers 2xx once it is ready."""
        return self.launch.ready_path

    def another(self, name: str, *, until_ready: bool = True) -> Service:
        """Start one more of the same launch, on a port of its own; whoever asks for it stops it.

        Parameters
        ----------
        name
            Says what it is for; its log is `{name of the service}-{name}.log`.
        until_ready
            Whether to wait until it is ready; without, `started_in_s` is 0.

        Raises
        ------
        SubprocessError
            When it ends, or is not ready in time.
        """
        launch = replace(self.launch, log=self.launch.log.with_name(f"{self.name}-{name}.log"))
        return launch.start() if until_ready else launch.begin()

    def stop(self, grace_s: float = 5) -> None:
        """End it and all that it started. Idempotent."""
        self.child.stop(grace_s)


def start_service(
    command: Sequence[str],
    *,
    name: str,
    workdir: Path,
    ready_path: str = "/ping",
    ready_timeout_s: float = 60.0,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    progress: Callable[[str], None] = silent,
) -> Service:
    """Start a service and wait until it answers 2xx at `ready_path`.

    Parameters
    ----------
    command
        Without a shell; `{port}`, `{host}` and `{python}` in it, and in the values of `env`, become a free
        loopback port, `127.0.0.1` and this interpreter.
    workdir
        Holds its log, `{name}.log`.
    env
        Added to this process's environment.

    Raises
    ------
    DeclarationError
        When neither the command nor `env` holds `{port}`.
    SubprocessError
        When it ends, or is not ready in time; it is ended then. Carries the end of its log.
    """
    if not any("{port}" in text for text in [*command, *(env or {}).values()]):
        raise DeclarationError(f"the command of {name!r} must hold {{port}}, got {' '.join(command)!r}")
    launch = Launch(
        name=name, command=command, env=env or {}, cwd=cwd, log=workdir / f"{name}.log",
        ready_path=ready_path, ready_timeout_s=ready_timeout_s, progress=progress,
    )  # fmt: skip
    return launch.start()


def attach(
    url: str,
    *,
    name: str,
    ready_path: str = "/ping",
    timeout_s: float = 60.0,
    allowed_hosts: Collection[str] = (),
) -> Endpoint:
    """Return a service that someone else runs, once it answers 2xx at `ready_path`.

    Raises
    ------
    DeclarationError
        When its host is neither loopback nor one of `allowed_hosts`.
    ToolError
        When it does not answer in time.
    """
    target = endpoint(url, name=name, allowed_hosts=allowed_hosts)
    begun, last = time.monotonic(), "no answer"
    with HttpClient(target.url, timeout_s=min(_PROBE_S, timeout_s)) as client:
        while time.monotonic() - begun < timeout_s:
            exchange = client.send(Request(method="GET", path=ready_path))
            if exchange.status is not None and 200 <= exchange.status < 300:  # noqa: PLR2004 - HTTP's own numbers
                return target
            last = exchange.problem or f"status {exchange.status}"
            time.sleep(_LONGEST_PAUSE_S)
    raise ToolError(f"{name} must answer 2xx at {target.url}{ready_path} within {timeout_s:g} s, got {last}")


class _PortTakenError(SubprocessError):
    """The service ended because another process has its port."""


@dataclass(frozen=True, kw_only=True)
class Launch:
    """What is needed to start a service, any number of times."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    cwd: Path | None
    log: Path
    ready_path: str
    ready_timeout_s: float
    progress: Callable[[str], None]

    def start(self) -> Service:
        """Start it and wait until it is ready, on another port where one was taken meanwhile."""
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._once()
            except _PortTakenError:
                self.progress(f"{self.name}: its port was taken meanwhile, trying another")
        return self._once()

    def begin(self) -> Service:
        """Start it on a free port, and do not wait."""
        port = _free_port()
        self.progress(f"{self.name}: starting on port {port}")
        command = [_filled(word, port) for word in self.command]
        env = os.environ | {key: _filled(value, port) for key, value in self.env.items()}
        child = start(command, log=self.log, env=env, cwd=self.cwd)
        return Service(
            name=self.name, url=f"http://{_HOST}:{port}", port=port, log_path=self.log, started_in_s=0.0, child=child,
            launch=self,
        )  # fmt: skip

    def _once(self) -> Service:
        """Start it on a free port and wait until it is ready; end it where it is not."""
        begun = time.monotonic()
        service = self.begin()
        try:
            self._wait_until_ready(service.child, service.url, begun)
        except BaseException:
            service.stop(grace_s=1)
            raise
        took_s = time.monotonic() - begun
        self.progress(f"{self.name}: ready after {took_s:.1f} s at {service.url}")
        return replace(service, started_in_s=took_s)

    def _wait_until_ready(self, child: Child, url: str, begun: float) -> None:
        """Probe until the service answers 2xx."""
        pause_s, last, say_at_s = _FIRST_PAUSE_S, "no answer", _SAY_EVERY_S
        with HttpClient(url, timeout_s=min(_PROBE_S, self.ready_timeout_s)) as client:
            while (waited_s := time.monotonic() - begun) < self.ready_timeout_s:
                self._check_alive(child, url, waited_s)
                exchange = client.send(Request(method="GET", path=self.ready_path))
                if exchange.status is not None and 200 <= exchange.status < 300:  # noqa: PLR2004 - HTTP's own numbers
                    return
                last = exchange.problem or f"status {exchange.status}"
                if waited_s > say_at_s:
                    say_at_s = waited_s + _SAY_EVERY_S
                    self.progress(f"{self.name}: not ready after {waited_s:.0f} of {self.ready_timeout_s:g} s ({last})")
                time.sleep(pause_s)
                pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)
        raise SubprocessError(
            f"{self.name} must answer 2xx at {url}{self.ready_path} within {self.ready_timeout_s:g} s, got {last}. "
            f"Hint: check ready_path, or raise ready_timeout_s; its whole log is {self.log}",
            log=child.log_tail(),
        )

    def _check_alive(self, child: Child, url: str, waited_s: float) -> None:
        if child.alive:
            return
        kind = _PortTakenError if any(word in child.log_tail(50).lower() for word in _IN_USE) else SubprocessError
        raise kind(
            f"{self.name} must answer at {url}{self.ready_path}, "
            f"got its end with exit code {child.returncode} after {waited_s:.1f} s",
            log=child.log_tail(),
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


def _filled(text: str, port: int) -> str:
    return text.replace("{port}", str(port)).replace("{host}", _HOST).replace("{python}", sys.executable)
