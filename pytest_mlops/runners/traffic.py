"""What the calls of a check send to its service, and the status of its answers: seen at the sockets of this process."""

from __future__ import annotations

import http.client
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Traffic:
    """Counts, in each thread, what is sent to some addresses, with any library that sends by Python's sockets."""

    addresses: frozenset[tuple[str, int]]
    local: threading.local = field(default_factory=threading.local)

    @classmethod
    def watch(cls, url: str) -> Self:
        """Begin to watch what goes to a service."""
        parts = urlsplit(url)
        port = parts.port or {"https": 443}.get(parts.scheme, 80)
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
        traffic = cls(frozenset((str(entry[4][0]), port) for entry in found))
        kinds: list[Any] = [socket.socket]
        if parts.scheme == "https":
            import ssl

            kinds.append(ssl.SSLSocket)
        for kind in kinds:
            for name in ("send", "sendall", "sendmsg"):
                setattr(kind, name, traffic._counted(getattr(kind, name)))
        http.client.HTTPResponse.begin = traffic._noted(http.client.HTTPResponse.begin)  # type: ignore[method-assign]
        return traffic

    def begin(self) -> None:
        """Forget what this thread did before."""
        self.local.sent, self.local.status = 0, 0

    def sent(self) -> int:
        """Return how often this thread sent something to the service."""
        return int(getattr(self.local, "sent", 0))

    def status(self) -> int:
        """Return the status of the last answer that this thread had."""
        return int(getattr(self.local, "status", 0))

    def _counted(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def send(sock: socket.socket, *arguments: Any) -> Any:
            sent = method(sock, *arguments)
            if tuple(sock.getpeername()[:2]) in self.addresses:
                self.local.sent = self.sent() + 1
            return sent

        return send

    def _noted(self, method: Callable[..., None]) -> Callable[..., None]:
        def begin(answer: http.client.HTTPResponse) -> None:
            method(answer)
            self.local.status = answer.status

        return begin
