"""A steady stream of requests from threads, each answer kept with when it was sent and done."""

from __future__ import annotations

import itertools
import math
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from pytest_mlops.adapters.http import HttpClient

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from pytest_mlops.adapters.http import Exchange, Request

_WORKERS = 16


@dataclass(frozen=True)
class Sent:
    """A request that was sent: when, when it was done, and what came back; times of `time.monotonic`."""

    sent_s: float
    done_s: float
    exchange: Exchange


class Stream:
    """Sends requests in turn at a rate, while it is entered; at most 16 wait for their answer at once."""

    def __init__(self, url: str, requests: Sequence[Request], *, rate: float, timeout_s: float) -> None:
        self._url, self._rate, self._timeout_s = url, rate, timeout_s
        self._requests = itertools.cycle(requests)
        self._numbers = itertools.count()
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(_WORKERS)]
        self._begun = 0.0
        self._sent: list[Sent] = []
        self._waiting: dict[int, float] = {}

    def __enter__(self) -> Self:
        """Begin to send."""
        self._begun = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Send nothing more, and wait for the answers that are due."""
        self.end()

    def end(self) -> None:
        """Send nothing more, and wait for the answers that are due. Idempotent."""
        self._ended.set()
        for thread in self._threads:
            thread.join(self._timeout_s + 1)

    def sent(self) -> list[Sent]:
        """Return what was answered or has failed by now."""
        with self._lock:
            return list(self._sent)

    def waiting_since_s(self) -> float:
        """Return when the first request was sent that is not answered yet; infinite where none waits."""
        with self._lock:
            return min(self._waiting.values(), default=math.inf)

    def _work(self) -> None:
        with HttpClient(self._url, timeout_s=self._timeout_s) as client:
            while True:
                with self._lock:
                    number, request = next(self._numbers), next(self._requests)
                if self._ended.wait(max(self._begun + number / self._rate - time.monotonic(), 0)):
                    return
                with self._lock:
                    sent_s = self._waiting[number] = time.monotonic()
                exchange = client.send(request)
                with self._lock:
                    del self._waiting[number]
                    self._sent.append(Sent(sent_s, time.monotonic(), exchange))
