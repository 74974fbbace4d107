"""One connection of a load generator, and what is under way on it. The standard library alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket


class Connection:
    """A connection, and the request that it is waiting for an answer to."""

    __slots__ = (
        "answer",
        "due",
        "fd",
        "message",
        "need",
        "number",
        "reused",
        "sent",
        "serial",
        "sock",
        "target",
        "unsent",
    )

    def __init__(self, sock: socket.socket, target: int) -> None:
        self.sock, self.target, self.fd = sock, target, sock.fileno()
        self.reused, self.serial = False, 0
        self.answer, self.unsent, self.message, self.need = b"", b"", b"", 0
        self.due = self.sent = 0.0
        self.number = 0
