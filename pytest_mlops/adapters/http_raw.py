"""HTTP by hand: a message of any bytes over a socket, for what no client library would send."""

from __future__ import annotations

import contextlib
import io
import socket
import time
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEPT_BYTES = 64 * 1024  # of an answer
_LEAST_S = 1e-3


def exchange_raw(url: str, message: bytes, *, ends: bool, timeout_s: float) -> tuple[int, Mapping[str, str], bytes]:
    """Send a message, and return status, headers and body of the answer: of the body what came.

    Parameters
    ----------
    url
        Of plain HTTP; says where it goes.
    ends
        Whether the server is told that nothing more will come: this side of the connection is closed then.

    Raises
    ------
    OSError
        When the server closed the connection before it had answered, or did not answer in time.
    HTTPException
        When what it answered is no HTTP.
    """
    parts, deadline = urlsplit(url), time.monotonic() + timeout_s
    with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=timeout_s) as sock:
        with contextlib.suppress(OSError):  # closed while it was sent: what came back before may be there all the same
            sock.sendall(message)
            if ends:
                sock.shutdown(socket.SHUT_WR)
        # All that an answer wants of a socket is a file.
        response = HTTPResponse(cast("socket.socket", _Timed(sock, deadline)))
        response.begin()
        body = b""
        with contextlib.suppress(OSError, HTTPException):
            body = response.read(_KEPT_BYTES)
        return response.status, {name.lower(): value for name, value in response.getheaders()}, body


class _Timed(io.RawIOBase):
    """What comes over a socket until a deadline, however slowly it drips."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline

    def makefile(self, _: str) -> io.BufferedReader:
        """Return it as a file."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed: any buffer
        """Read what is there, or wait for it."""
        self._sock.settimeout(max(self._deadline - time.monotonic(), _LEAST_S))
        return self._sock.recv_into(buffer)
