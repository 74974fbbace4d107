"""The same recorded requests to two versions of a service, one right after the other."""

from __future__ import annotations

import itertools
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.http import HttpClient
from pytest_mlops.stages.contract.answers import wrong_with_answer
from pytest_mlops.stages.contract.faults import request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pytest_mlops.adapters.http import Exchange
    from pytest_mlops.stages.contract.document import Signature

_WARMUP = 5  # requests to each version, which do not count
_SAY_EVERY_S = 5.0


@dataclass(frozen=True)
class Version:
    """A version of a service: where it is, and what its document says."""

    name: str
    url: str
    signature: Signature


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a version answered to a recorded row: the prediction, or what kind of failure it was."""

    row: int
    prediction: Any = None
    failure: str = ""
    latency_ms: float

    @property
    def ok(self) -> bool:
        """Whether it is a prediction."""
        return not self.failure


def ask_both(
    versions: tuple[Version, Version],
    rows: Sequence[Mapping[str, Any]],
    *,
    pairs: int,
    seed: int,
    time_limit_s: float,
    progress: Callable[[str], None],
) -> list[tuple[Answer, Answer]]:
    """Send each row to both versions, which of them first at random; then again, until there are so many pairs.

    What the machine does beside it hits both alike. All rows are sent once, however long it takes.
    """
    order = random.Random(seed)  # noqa: S311 - no secret
    begun, say_at = time.monotonic(), _SAY_EVERY_S
    found: list[tuple[Answer, Answer]] = []
    clients = [HttpClient(version.url) for version in versions]
    sides = list(zip(versions, clients, strict=True))
    with clients[0], clients[1]:
        for version, client in sides * _WARMUP:
            client.send(request(version.signature, [dict(rows[0])]))
        for number in _numbers(len(rows), pairs):
            took_s = time.monotonic() - begun
            if number >= len(rows) and took_s > time_limit_s:
                break
            if took_s > say_at:
                say_at = took_s + _SAY_EVERY_S
                progress(f"{number} of {max(pairs, len(rows))} pairs of requests answered")
            place = number % len(rows)
            found.append(_ask(sides, place, rows[place], new_first=order.random() < 0.5))  # noqa: PLR2004 - half of them
    return found


def _numbers(rows: int, pairs: int) -> Iterator[int]:
    return itertools.islice(itertools.count(), max(rows, pairs))


def _ask(
    sides: Sequence[tuple[Version, HttpClient]], place: int, row: Mapping[str, Any], *, new_first: bool
) -> tuple[Answer, Answer]:
    answers = {}
    for side in (1, 0) if new_first else (0, 1):
        version, client = sides[side]
        answers[side] = _answer(version.signature, place, client.send(request(version.signature, [dict(row)])))
    return answers[0], answers[1]


def _answer(signature: Signature, place: int, exchange: Exchange) -> Answer:
    latency_ms = exchange.elapsed_s * 1000
    if failure := failure_of(exchange, signature):
        return Answer(row=place, failure=failure, latency_ms=latency_ms)
    return Answer(row=place, prediction=signature.wire.decode(exchange.body)[0], latency_ms=latency_ms)


def failure_of(exchange: Exchange, signature: Signature, rows: int = 1) -> str:
    """Return what kind of failure an answer is, empty for none; no value of the answer is in it."""
    if exchange.status is None:
        return exchange.problem.partition(":")[0]
    if exchange.status != 200:  # noqa: PLR2004 - HTTP's own number
        return f"status {exchange.status}"
    return "answer not as documented" if wrong_with_answer(exchange, signature, rows) else ""
