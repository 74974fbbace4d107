"""What was found when a law was tried: how much was tried, and the smallest request for each kind of violation."""

from __future__ import annotations

import math
import re
import shlex
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pytest_mlops.stages.contract.netcat import netcat

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_mlops.adapters.http import Exchange
    from pytest_mlops.core.plain import Json
    from pytest_mlops.stages.contract.mask import Mask

_CURL_BYTES = 400
_BODY_LETTERS = 300
_NOTE_LETTERS = 1_600
_ROWS = 20
_LOG_LINES = 8


@dataclass(frozen=True)
class Violation:
    """A law was broken: what kind of violation it is, why, and by which exchange; and whether real rows were sent."""

    kind: str
    why: str
    exchange: Exchange | None = None
    real: bool = False

    @property
    def size(self) -> float:
        """The length of its request; without one it is no example."""
        if self.exchange is None:
            return math.inf
        request = self.exchange.request
        return len(request.body if request.raw is None else request.raw.rest)

    @property
    def log_at(self) -> int | None:
        """Where what the server wrote begins in its log, where it failed."""
        return self.exchange.log_at if self.exchange is not None and self.exchange.server_failed else None

    def masked(self, mask: Mask) -> Violation:
        """Return it without the values of real rows."""
        if not self.real:
            return self
        exchange = None if self.exchange is None else mask.exchange(self.exchange)
        return replace(self, why=mask.text(self.why), exchange=exchange)

    def words(self) -> str:
        """Return it as a sentence, a line for a shell and what came back."""
        parts = [f"{self.kind}: {self.why}" if self.kind else self.why]
        if self.exchange is not None:
            parts += [f"  {line_of(self.exchange)}", f"  → {came_back(self.exchange)}"]
        return "\n".join(parts)


@dataclass
class Findings:
    """What trying one law gave.

    Attributes
    ----------
    tried
        How many requests (or rows, where rows are compared) the law was tried on.
    missing
        Why it was not tried, or not on everything, where that is so.
    phase
        Which rows are compared at the moment: real ones are counted one by one, drawn ones together.
    told
        What there is to know beside, of a law that holds too.
    log_from
        Reads the log from a position on, where it is not that of the service itself.
    """

    tried: int = 0
    missing: str = ""
    unit: str = "requests"
    phase: str = "real row"
    told: str = ""
    log_from: Callable[[int], str] | None = None
    violations: dict[str, Violation] = field(default_factory=dict)

    @property
    def real(self) -> bool:
        """Whether the rows of the moment hold values of real ones."""
        return not self.phase.startswith("drawn")

    def add(self, violation: Violation) -> None:
        """Keep a violation, the smallest of its kind."""
        before = self.violations.get(violation.kind)
        if before is None or violation.size < before.size:
            self.violations[violation.kind] = violation

    def smallest(self) -> Violation | None:
        """Return the violation with the smallest request."""
        return min(self.violations.values(), key=lambda violation: violation.size, default=None)

    def kind(self, place: int) -> str:
        """Return the kind of a violation of the row at `place`: of drawn rows there is one kind."""
        return f"{self.phase} {place}" if self.real else self.phase

    def note(self, log_from: Callable[[int], str], mask: Mask) -> str:
        """Return the smallest violation in words, with what the server wrote to its log where it failed."""
        worst = self.smallest()
        if worst is None:
            return self.missing or self.told
        told = "".join(f"\n  {line}" for line in self.told.splitlines())
        shown = f"smallest of {len(self.violations)}: {worst.masked(mask).words()[:_NOTE_LETTERS]}{told}"
        for one in (worst, *self.violations.values()):
            position = one.log_at
            if position is not None and (lines := first_failure(log_from(position))):
                whose = "its log" if one is worst else f"the log at {one.kind}"
                return f"{shown}\n  {whose} says:\n{mask.text(lines[-_NOTE_LETTERS:])}"
        return shown

    def table(self, mask: Mask) -> list[Json]:
        """Return a row a violation: its kind, why, the request and what came back; at most 20."""
        return [
            [
                one.kind,
                one.why,
                *(["", ""] if one.exchange is None else [line_of(one.exchange), came_back(one.exchange)]),
            ]
            for one in (one.masked(mask) for one in list(self.violations.values())[:_ROWS])
        ]


def first_failure(log: str) -> str:
    r"""Return the end of the first traceback in a part of a log, at most 8 lines; without one, its first 8 lines.

    What stands behind it are lines on requests that came later.

    >>> first_failure('GET /ping\nTraceback (most recent call last):\n  File "a"\nValueError: no\nGET /ping')
    'Traceback (most recent call last):\n  File "a"\nValueError: no'
    """
    lines = log.splitlines()
    tracebacks = [at for at, line in enumerate(lines) if _TRACEBACK.match(line)]
    if not tracebacks:
        return "\n".join(lines[:_LOG_LINES])
    last = tracebacks[0]
    for at in tracebacks[1:]:  # of exceptions that were raised while another was handled, the last is what was met
        if not any(map(_CHAINED.match, lines[max(at - _BETWEEN, 0) : at])):
            break
        last = at
    end = next((at for at in range(last + 1, len(lines)) if lines[at][:1].strip()), len(lines) - 1) + 1
    return "\n".join(lines[max(end - _LOG_LINES, last) : end])


_TRACEBACK = re.compile(r"Traceback \(most recent call last\)|\s+\+ Exception Group Traceback")
_CHAINED = re.compile(r"During handling of|The above exception")
_BETWEEN = 3  # lines from such a sentence to the next traceback


def line_of(exchange: Exchange) -> str:
    """Return the request as a line for a shell: by curl, or by netcat where curl would not send it."""
    return curl(exchange) if exchange.request.raw is None else netcat(exchange)


def curl(exchange: Exchange) -> str:
    """Return the request as a line for a shell; a body that is long or not text is described instead."""
    request = exchange.request
    words = ["curl", "-sS", "-X", request.method, shlex.quote(exchange.url)]
    if request.body or request.method != "GET":
        # For curl a header without a value is written with a semicolon.
        words += [
            "-H",
            shlex.quote(f"Content-Type: {request.content_type}" if request.content_type else "Content-Type;"),
        ]
    if not request.body:
        return " ".join(words)
    text = request.body.decode("utf-8", "backslashreplace")
    if len(text) <= _CURL_BYTES and text.isprintable() and "\\x" not in text:
        return " ".join([*words, "--data-binary", shlex.quote(text)])
    return " ".join([*words, "--data-binary", f"@BODY  # {len(request.body):,} bytes: {_short(text)}"])


def came_back(exchange: Exchange) -> str:
    """Return what came back: status, time and the start of the body."""
    if exchange.status is None:
        return f"no answer after {exchange.elapsed_s:.2f} s: {exchange.problem}"
    text = exchange.body.decode("utf-8", "backslashreplace")
    return f"{exchange.status} after {exchange.elapsed_s:.3f} s, {len(exchange.body):,} bytes: {_short(text)}"


def _short(text: str) -> str:
    text = "".join(letter if letter.isprintable() else " " for letter in text[: _BODY_LETTERS + 1])
    return text if len(text) <= _BODY_LETTERS else f"{text[:_BODY_LETTERS]}…"
