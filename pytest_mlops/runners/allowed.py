"""The hosts that a load run may talk to: an audit hook that refuses every other address. The standard library alone."""

from __future__ import annotations

import ipaddress
import socket
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_TALKS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_WATCHED = _TALKS | {"socket.getaddrinfo", "socket.gethostbyname"}


class AddressRefusedError(OSError):
    """The run may not talk to this address."""


@dataclass
class Allowed:
    """Refuses every address that is neither loopback nor allowed by name."""

    names: frozenset[str]
    addresses: frozenset[str] = frozenset()
    refused: dict[str, int] = field(default_factory=dict)

    @classmethod
    def watch(cls, names: Iterable[str]) -> Allowed:
        """Refuse all others from now on, in this process, until it ends."""
        known = frozenset(names)
        addresses = frozenset(str(entry[4][0]) for name in known for entry in socket.getaddrinfo(name, None))
        allowed = cls(known, addresses)

        # Python asks it several times a request, so that a plain function pays.
        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            if event in _WATCHED:
                allowed.look(event, arguments)

        sys.addaudithook(hook)
        return allowed

    def look(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Look at an audit event of a socket; raise to stop what it announces."""
        host = arguments[0]
        if event in _TALKS:
            address = arguments[1]
            host = address[0] if isinstance(address, tuple) else None  # a path is a Unix socket, None is connected
        host = host.decode() if isinstance(host, bytes) else host
        if host is not None and not self.allows(host):
            self.refused[host] = self.refused.get(host, 0) + 1
            raise AddressRefusedError(f"{host} is neither loopback nor an allowed host")

    def allows(self, host: str) -> bool:
        """Say whether a name or an address may be talked to."""
        try:
            return ipaddress.ip_address(host).is_loopback or host in self.addresses
        except ValueError:
            return host in self.names or host in {"", "localhost"}
