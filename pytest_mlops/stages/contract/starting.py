"""The law of a service's start: it says that it is ready when it is, and not before."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pytest_mlops.adapters.http import HttpClient, Request
from pytest_mlops.core.errors import SubprocessError
from pytest_mlops.stages.contract.answers import wrong_with_answer
from pytest_mlops.stages.contract.faults import request
from pytest_mlops.stages.contract.findings import Findings, Violation
from pytest_mlops.stages.service import Service

if TYPE_CHECKING:
    from pytest_mlops.adapters.http import Exchange
    from pytest_mlops.stages.contract.bench import Bench

_PAUSE_S = 0.015
_LOOKED_AT_S = 1.0  # from ready on: another worker of the service may not be
_FEWEST = 10
_PING_S = 2.0
NOT_OURS = "{} is run by someone else, and can't be started once more. Hint: command=, or leave the law out by without="


def ready_means_ready(bench: Bench) -> Findings:
    """Start the service once more, and ask for predictions while it is asked whether it is ready."""
    findings = Findings()
    if not isinstance(bench.service, Service):
        findings.missing = NOT_OURS.format(bench.service.name)
        return findings
    rows = bench.plain_rows
    with bench.service.another("ready", until_ready=False) as copy:
        findings.log_from = copy.log_from
        begun = time.monotonic()
        pings, asked = _watched(copy, request(bench.signature, rows))
    ready = min(done for _, done, exchange in pings.seen if _is_success(exchange))
    for sent, _, exchange in asked.seen:
        if sent < ready:
            continue
        findings.tried += 1
        if problem := wrong_with_answer(exchange, bench.signature, len(rows)):
            why = f"{copy.ready_path} said ready after {ready - begun:.2f} s, and {sent - ready:.2f} s later {problem}"
            findings.add(Violation("not_ready", why, replace(exchange, log_at=0)))
    before = sum(not _is_success(exchange) for _, _, exchange in pings.seen)
    findings.told = f"ready after {ready - begun:.2f} s, not ready {before} times before"
    return findings


@dataclass
class _Probe:
    """Sends the same request again and again: when each was sent and done, and what came back."""

    url: str
    request: Request
    timeout_s: float
    seen: list[tuple[float, float, Exchange]] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Send until told to end."""
        with HttpClient(self.url, timeout_s=self.timeout_s) as client:
            while not self.ended.wait(_PAUSE_S):
                sent = time.monotonic()
                exchange = client.send(self.request)
                self.seen.append((sent, time.monotonic(), exchange))


def _watched(copy: Service, ask: Request) -> tuple[_Probe, _Probe]:
    """Send both requests side by side until the service has been ready for a while.

    Raises
    ------
    SubprocessError
        When it ends before it is ready, or is not ready in time.
    """
    probes = (_Probe(copy.url, Request(method="GET", path=copy.ready_path), _PING_S), _Probe(copy.url, ask, 10.0))
    threads = [threading.Thread(target=probe.run, daemon=True) for probe in probes]
    for thread in threads:
        thread.start()
    try:
        _wait(copy, *probes)
    finally:
        for probe, thread in zip(probes, threads, strict=True):
            probe.ended.set()
            thread.join(probe.timeout_s + 1)
    return probes


def _wait(copy: Service, pings: _Probe, asked: _Probe) -> None:
    begun = time.monotonic()
    while not any(_is_success(exchange) for _, _, exchange in pings.seen):
        if not copy.alive or time.monotonic() - begun > copy.launch.ready_timeout_s:
            got = "still not ready" if copy.alive else f"its end with exit code {copy.child.returncode}"
            raise SubprocessError(
                f"another {copy.name} must answer 2xx at {copy.url}{copy.ready_path} within "
                f"{copy.launch.ready_timeout_s:g} s, got {got}",
                log=copy.log_tail(),
            )
        time.sleep(_PAUSE_S)
    ready, already = time.monotonic(), len(asked.seen)
    while time.monotonic() - ready < _LOOKED_AT_S or len(asked.seen) < already + _FEWEST:
        if time.monotonic() - ready > _LOOKED_AT_S + asked.timeout_s:
            return
        time.sleep(_PAUSE_S)


def _is_success(exchange: Exchange) -> bool:
    return exchange.status is not None and 200 <= exchange.status < 300  # noqa: PLR2004 - HTTP's own numbers
