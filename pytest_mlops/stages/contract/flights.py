"""Requests of which it is known when each was sent whole."""

from __future__ import annotations

import threading
import time
from http.client import HTTPConnection, HTTPException, IncompleteRead
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytest_mlops.adapters.http import Exchange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlops.adapters.http import Request


class Flight(threading.Thread):
    """A request on a connection of its own.

    Attributes
    ----------
    sent
        Set once the whole request is sent, or it failed before.
    exchange
        What came back; None while it is in flight.
    began
        Whether an answer began to come.
    """

    def __init__(self, url: str, request: Request, *, timeout_s: float) -> None:
        super().__init__(daemon=True)
        self.url, self.request, self.timeout_s = url, request, timeout_s
        self.sent, self.began = threading.Event(), False
        self.exchange: Exchange | None = None

    @property
    def is_in_flight(self) -> bool:
        """Whether it is sent and not answered."""
        return self.sent.is_set() and self.exchange is None

    def run(self) -> None:
        """Send it and wait for the answer."""
        begun, parts = time.monotonic(), urlsplit(self.url)
        connection = HTTPConnection(parts.hostname or "", parts.port or 80, timeout=self.timeout_s)
        status, body, kind, problem = None, b"", "", ""
        try:
            headers = {"Content-Type": self.request.content_type, "Connection": "close"}
            connection.request(self.request.method, f"{parts.path}{self.request.path}", self.request.body, headers)
            self.sent.set()
            answer = connection.getresponse()
            self.began, kind = True, answer.headers.get("Content-Type", "")
            body, status = answer.read(), answer.status
        except (OSError, HTTPException) as exc:
            came = f" after {len(exc.partial):,} bytes of the answer" if isinstance(exc, IncompleteRead) else ""
            problem = f"{type(exc).__name__}{came}: {exc!s:.100}"
        finally:
            connection.close()
        self.exchange = Exchange(
            request=self.request, url=f"{self.url}{self.request.path}", status=status, content_type=kind, body=body,
            elapsed_s=time.monotonic() - begun, problem=problem, log_at=0,
        )  # fmt: skip
        self.sent.set()


def fly(url: str, request: Request, count: int, *, timeout_s: float) -> Sequence[Flight]:
    """Send a request several times at once; return when each is sent whole, or was answered or refused already."""
    flights = [Flight(url, request, timeout_s=timeout_s) for _ in range(count)]
    for flight in flights:
        flight.start()
    for flight in flights:
        flight.sent.wait(timeout_s)
    return flights
