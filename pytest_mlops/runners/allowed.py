"""The hosts that a load run may talk to: an audit hook that refuses every other address. The standard library alone."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass, field
from typing import Any


class AddressRefusedError(OSError):
    """The run may not talk to this address."""


@dataclass
class Allowed:
    """Refuses every address that is neither loopback nor allowed by name."""

    names: frozenset[str]
    addresses: frozenset[str] = frozenset()
    refused: dict[str, int] = field(default_factory=dict)

    def resolve(self) -> Allowed:
        """Return one that knows the addresses of its names too."""
        known = {str(entry[4][0]) for name in self.names for entry in socket.getaddrinfo(name, None)}
        return Allowed(self.names, frozenset(known))

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Look at an audit event of the interpreter; raise to stop what it announces."""
        if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
            address = arguments[1]
            host = address[0] if isinstance(address, tuple) else None  # a path is a Unix socket, None is connected
        elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
            host = arguments[0]
        else:
            return
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
