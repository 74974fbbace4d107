"""The law of a service's end: told to end, it answers what it has accepted, and then ends."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_mlops.adapters.http import HttpClient
from pytest_mlops.stages.contract.answers import wrong_with_answer
from pytest_mlops.stages.contract.faults import Rows, request
from pytest_mlops.stages.contract.findings import Findings, Violation
from pytest_mlops.stages.contract.flights import Flight, fly
from pytest_mlops.stages.contract.sockets import not_begun
from pytest_mlops.stages.contract.starting import NOT_OURS
from pytest_mlops.stages.service import Service

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlops.stages.contract.bench import Bench

_AT_ONCE = 8
_ROUNDS = 20
_MOST_ROWS, _MOST_BYTES = 1_000, 500_000
_LONGEST_PAUSE_S, _LOOK_S = 0.05, 0.002


def sigterm_answers_what_is_in_flight(bench: Bench) -> Findings:
    """Start the service once more, send several large requests at once, and end it while they are in flight."""
    findings = Findings()
    if not isinstance(bench.service, Service):
        findings.missing = NOT_OURS.format(bench.service.name)
        return findings
    rows = _many(bench.plain_rows, bench.signature.max_rows)
    with bench.service.another("sigterm") as copy:
        findings.log_from = copy.log_from
        flights, unread = _in_flight(bench, findings, copy, rows)
        if not flights:
            return findings
        told_at = time.monotonic()
        os.kill(copy.pid, signal.SIGTERM)
        for flight in flights:
            flight.join(max(told_at + bench.ends_within_s - time.monotonic(), 0))
        _judge(bench, findings, flights, len(rows), may_be_refused=unread)
        _wait_for_end(bench, findings, copy, told_at)
    return findings


def _many(rows: Rows, most: int) -> Rows:
    size = len(json.dumps(rows))
    return rows * max(min(most, _MOST_ROWS, _MOST_BYTES // size), 1)


def _in_flight(bench: Bench, findings: Findings, copy: Service, rows: Rows) -> tuple[Sequence[Flight], int]:
    """Return requests that are in flight at this moment, and how many of them the server may not have read yet.

    None where there are none, and `findings` says why.
    """
    ask = request(bench.signature, rows)
    with HttpClient(copy.url, timeout_s=bench.ends_within_s) as client:
        alone = client.send(ask)
    if problem := wrong_with_answer(alone, bench.signature, len(rows)):
        findings.add(Violation("before_sigterm", problem, replace(alone, log_at=0)))
        return [], 0
    pause_s = min(alone.elapsed_s / 4, _LONGEST_PAUSE_S)
    for _ in range(_ROUNDS):
        flights = fly(copy.url, ask, _AT_ONCE, timeout_s=bench.ends_within_s)
        time.sleep(pause_s)
        left = flights
        while left:
            unread = not_begun(copy.port, len(ask.body))  # it can only have become less when `left` is looked at
            left = [flight for flight in flights if flight.is_in_flight]
            if left and (unread is None or unread < len(left)):
                return left, len(left) - 1 if unread is None else unread
            time.sleep(_LOOK_S)
    findings.missing = (
        f"{len(rows)} rows are answered in {alone.elapsed_s * 1000:.1f} ms: no request could be caught in flight. "
        "Hint: a document that allows more rows, or leave the law out by without="
    )
    return [], 0


def _judge(bench: Bench, findings: Findings, flights: Sequence[Flight], rows: int, *, may_be_refused: int) -> None:
    """Keep what was not answered whole; requests that had not been read may be refused."""
    findings.tried = len(flights) - may_be_refused
    answered = refused = 0
    for number, flight in enumerate(flights, 1):
        exchange = flight.exchange
        if exchange is None:
            why = f"a request in flight must be answered, got nothing {bench.ends_within_s:g} s after SIGTERM"
            findings.add(Violation(f"in flight {number}", why))
        elif not (problem := wrong_with_answer(exchange, bench.signature, rows)):
            answered += 1
        elif exchange.status is None and not flight.began and refused < may_be_refused:
            refused += 1
        else:
            why = f"a request in flight at SIGTERM must get its whole answer: {problem}"
            findings.add(Violation(f"in flight {number}", why, exchange))
    findings.told = f"{answered} of {len(flights)} requests in flight were answered, {refused} not read before"


def _wait_for_end(bench: Bench, findings: Findings, copy: Service, told_at: float) -> None:
    code = copy.child.wait(max(told_at + bench.ends_within_s - time.monotonic(), 0.1))
    if code is None:
        why = f"the process must end within {bench.ends_within_s:g} s of SIGTERM, got still running"
        findings.add(Violation("end", why))
        copy.stop(grace_s=0)
    else:
        findings.told += f", and it ended after {time.monotonic() - told_at:.1f} s with exit code {code}"
