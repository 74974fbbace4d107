"""What can be measured over HTTP: a service that we started, or an address that may be talked to."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from pytest_mlops.core.errors import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Collection


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

    def log_size(self) -> int:
        """Return how many bytes its log has; 0 where there is none."""

    def log_from(self, position: int) -> str:
        """Return what it wrote from a position of its log on, up to a few kilobytes."""


@dataclass(frozen=True)
class Remote:
    """A service that someone else runs."""

    name: str
    url: str

    def log_tail(self, lines: int = 20) -> str:  # noqa: ARG002 - it has none
        """Return nothing: its log is elsewhere."""
        return ""

    def log_size(self) -> int:
        """Return 0: its log is elsewhere."""
        return 0

    def log_from(self, position: int) -> str:  # noqa: ARG002 - it has none
        """Return nothing: its log is elsewhere."""
        return ""


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
