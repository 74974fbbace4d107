"""What a run of Locust finds out: every request of the measured time, and what tasks raised. The standard library."""

from __future__ import annotations

import json
import struct
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO

from pytest_mlops.runners.histogram import SLOTS, Histograms

if TYPE_CHECKING:
    from collections.abc import Callable

    # When a request was sent, from the beginning of the measured time, and how long it took, in seconds; its status,
    # name, what went wrong, and its method.
    Keep = Callable[[float, float, int, str, str, str], None]

_PROBLEM = 120  # letters


@dataclass
class Log:
    """Tells `keep` of each request as it ends; those that began outside the measured time are left out.

    It is called for each request, and its time is the generator's: what can be done later is done by `keep`.
    """

    keep: Keep
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
        sent_s = (time.time() - took_s if start_time is None else start_time) - self.begun
        if 0 <= sent_s < self.length_s:
            problem = "" if exception is None else f"{type(exception).__name__}: {exception!s}"[:_PROBLEM]
            status = int(getattr(response, "status_code", 0) or 0)
            self.keep(sent_s, took_s, status, str(name), problem, str(request_type))
            self.count += 1

    def error(self, *, exception: BaseException, **_: object) -> None:
        """Count an exception in a task (a listener of Locust's `user_error` event)."""
        text = f"{type(exception).__name__}: {exception!s:.200}"
        self.exceptions[text] = self.exceptions.get(text, 0) + 1


class Lines:
    """Keeps requests in few bytes while users run, and writes each on a line once they are done.

    One by one the lines would cost a fast user a tenth of its time.
    """

    def __init__(self, file: TextIO) -> None:
        self.file, self.kept = file, bytearray()
        self.endings: dict[tuple[int, str, str], int] = {}  # status, name and what went wrong, numbered

    def __call__(self, *seen: Any) -> None:
        """Keep a request."""
        self.kept += _pack(seen[0], seen[1], self.endings.setdefault(seen[2:5], len(self.endings)))

    def write(self) -> None:
        """Write what is kept."""
        endings = [json.dumps(ending)[1:] for ending in self.endings]
        self.file.writelines(
            f"[{sent_s!r}, {took_s!r}, {endings[number]}\n" for sent_s, took_s, number in _RECORD.iter_unpack(self.kept)
        )
        self.kept.clear()


_RECORD = struct.Struct("<ddL")  # when it was sent, how long it took, the number of its ending
_pack = _RECORD.pack


def counts_in(histograms: Histograms, duration_s: float) -> Keep:
    """Return what counts each request in the histogram of its slot of the measured time."""

    def count(*seen: Any) -> None:
        sent_s, took_s, status, name, problem, method = seen
        slot = min(int(sent_s / duration_s * SLOTS), SLOTS - 1)
        histograms.add((slot, name, method, status, problem), took_s)

    return count
