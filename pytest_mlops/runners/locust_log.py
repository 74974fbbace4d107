"""What a run of Locust finds out: every request of the measured time, and what tasks raised. The standard library."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TextIO

from pytest_mlops.runners.histogram import SLOTS, Histograms

if TYPE_CHECKING:
    from collections.abc import Callable

_PROBLEM = 120  # letters
_AT_ONCE = 250  # requests
_KINDS = 5_000  # of names and endings whose words are kept; a name may hold an id


class Seen(NamedTuple):
    """A request: when it was sent, from the beginning of the measured time, how long it took, and how it ended."""

    sent_s: float
    took_s: float
    status: int
    name: str
    problem: str
    method: str


@dataclass
class Log:
    """Keeps requests as they end; those that began outside the measured time are left out."""

    keep: Callable[[Seen], None]
    begun: float = 0.0
    length_s: float = 0.0
    count: int = 0
    exceptions: dict[str, int] = field(default_factory=dict)

    def request(
        self,
        *,
        name: str,
        response_time: float,
        exception: BaseException | None,
        request_type: str = "",
        start_time: float | None = None,
        response: object = None,
        **_: object,
    ) -> None:
        """Keep a request (a listener of Locust's `request` event)."""
        took_s = float(response_time or 0.0) / 1000
        start = time.time() - took_s if start_time is None else start_time
        sent_s = start - self.begun
        if 0 <= sent_s < self.length_s:
            status = int(getattr(response, "status_code", 0) or 0)
            problem = "" if exception is None else f"{type(exception).__name__}: {exception!s}"[:_PROBLEM]
            self.keep(Seen(sent_s, took_s, status, str(name), problem, str(request_type)))
            self.count += 1

    def error(self, *, exception: BaseException, **_: object) -> None:
        """Count an exception in a task (a listener of Locust's `user_error` event)."""
        text = f"{type(exception).__name__}: {exception!s:.200}"
        self.exceptions[text] = self.exceptions.get(text, 0) + 1


class Lines:
    """Writes each request on a line of its own, many at a time: one by one they would cost as much as Locust does."""

    def __init__(self, file: TextIO) -> None:
        self.file, self.waiting = file, list[Seen]()
        self.endings: dict[tuple[int, str, str], str] = {}  # how requests end is put into words once a kind

    def __call__(self, seen: Seen) -> None:
        """Keep a request."""
        self.waiting.append(seen)
        if len(self.waiting) >= _AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write what is kept."""
        self.file.write("".join(map(self._line, self.waiting)))
        self.waiting.clear()

    def _line(self, seen: Seen) -> str:
        ending = (seen.status, seen.name, seen.problem)
        told = self.endings.get(ending)
        if told is None:
            told = json.dumps(ending)[1:]
            if len(self.endings) < _KINDS:
                self.endings[ending] = told
        return f"[{seen.sent_s!r}, {seen.took_s!r}, {told}\n"


def counts_in(histograms: Histograms, duration_s: float) -> Callable[[Seen], None]:
    """Return what counts each request in the histogram of its slot of the measured time."""

    def count(seen: Seen) -> None:
        slot = min(int(seen.sent_s / duration_s * SLOTS), SLOTS - 1)
        histograms.add((slot, seen.name, seen.method, seen.status, seen.problem), seen.took_s)

    return count
