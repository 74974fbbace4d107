"""Services under test: started on a free loopback port, waited for, and always ended."""

from __future__ import annotations

import ipaddress
import os
import socket
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, Self
from urllib.parse import urlsplit

from pytest_mlops.adapters.http import HttpClient, Request
from pytest_mlops.core.errors import DeclarationError, SubprocessError
from pytest_mlops.core.process import Child, start

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


def silent(_: str) -> None:
    """Report no progress."""


class Endpoint(Protocol):
    """What can be measured over HTTP."""

    @property
    def name(self) -> str:
        """What it is called in the report."""

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""

    def log_tail(self, lines: int = 20) -> str:
        """Return the end of its log; empty where there is none."""


@dataclass(frozen=True)
class Remote:
    """A service that someone else runs."""

    name: str
    url: str

    def log_tail(self, lines: int = 20) -> str:  # noqa: ARG002 - it has none
        """Return nothing: its log is elsewhere."""
        return ""


@dataclass(frozen=True, kw_only=True)
class Service:
    """A running service. A context manager: leaving it stops the service."""

    name: str
    url: str
    port: int
    log_path: Path
    started_in_s: float
    child: Child = field(repr=False)

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
        Without a shell; `{port}` and `{host}` in it, and in the values of `env`, become a free loopback port
        and `127.0.0.1`.
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
    env = env or {}
    if not any("{port}" in text for text in [*command, *env.values()]):
        raise DeclarationError(f"the command of {name!r} must hold {{port}}, got {' '.join(command)!r}")
    progress(f"{name}: starting")
    for attempt in range(1, _ATTEMPTS + 1):
        port = _free_port()
        child = start(
            [_filled(word, port) for word in command],
            log=workdir / f"{name}.log",
            env=os.environ | {key: _filled(value, port) for key, value in env.items()},
            cwd=cwd,
        )
        begun = time.monotonic()
        try:
            _wait_until_ready(child, f"http://{_HOST}:{port}", ready_path, name, ready_timeout_s, progress)
        except SubprocessError:
            in_use = not child.alive and any(word in child.log_tail(50).lower() for word in _IN_USE)
            child.stop(grace_s=1)
            if not in_use or attempt == _ATTEMPTS:
                raise
            progress(f"{name}: port {port} was taken meanwhile, trying another")
            continue
        except BaseException:
            child.stop(grace_s=1)
            raise
        took_s = time.monotonic() - begun
        progress(f"{name}: ready in {took_s:.1f} s")
        return Service(
            name=name, url=f"http://{_HOST}:{port}", port=port, log_path=child.log, started_in_s=took_s, child=child
        )
    raise AssertionError("unreachable: the last attempt returns or raises")  # pragma: no cover


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


def _filled(text: str, port: int) -> str:
    return text.replace("{port}", str(port)).replace("{host}", _HOST)


def _wait_until_ready(
    child: Child, url: str, path: str, name: str, timeout_s: float, progress: Callable[[str], None]
) -> None:
    """Probe until the service answers 2xx."""
    begun = said = time.monotonic()
    pause_s, last = _FIRST_PAUSE_S, "no answer"
    with HttpClient(url, timeout_s=min(_PROBE_S, timeout_s)) as client:
        while (waited_s := time.monotonic() - begun) < timeout_s:
            if not child.alive:
                raise SubprocessError(f"{name} must answer at {url}{path}, got its end with exit code {child.returncode} after {waited_s:.1f} s", log=child.log_tail())
            exchange = client.send(Request(method="GET", path=path))
            if exchange.status is not None and 200 <= exchange.status < 300:  # noqa: PLR2004 - HTTP's own numbers
                return
            last = exchange.problem or f"status {exchange.status}"
            if time.monotonic() - said > _SAY_EVERY_S:
                said = time.monotonic()
                progress(f"{name}: not ready after {waited_s:.0f} s of {timeout_s:g} s ({last})")
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)
    raise SubprocessError(
        f"{name} must answer 2xx at {url}{path} within {timeout_s:g} s, got {last}. "
        f"Hint: check ready_path, or raise ready_timeout_s; its whole log is {child.log}",
        log=child.log_tail(),
    )


def endpoint(service: Endpoint | str, *, name: str = "", allowed_hosts: Collection[str] = ()) -> Endpoint:
    """Return a service, or an address, as something to measure.

    Raises
    ------
    DeclarationError
        When its host is neither loopback nor one of `allowed_hosts`.
    """
    remote = Remote(name or service, service.rstrip("/")) if isinstance(service, str) else service
    host = urlsplit(remote.url).hostname or ""
    if not (is_loopback(host) or host in allowed_hosts):
        raise DeclarationError(
            f"{remote.url!r} must be on loopback or on an allowed host, got host {host!r}. "
            f"Hint: add {host!r} to allowed_hosts if it may be sent this traffic"
        )
    return remote


def is_loopback(host: str) -> bool:
    """Say whether a host name or address is this machine's loopback.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("::1"), is_loopback("example.org")
    (True, True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
