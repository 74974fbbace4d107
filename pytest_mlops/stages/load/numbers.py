"""From the record of a load run to its numbers: quantiles with intervals, failures by kind, what the service used."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.core.measurement import Interval, Measurement
from pytest_mlops.core.messages import sentences
from pytest_mlops.stages.load.histograms import WITHIN
from pytest_mlops.stages.load.plots import latency_plot, over_time_plot, rate_plot, tail_plot
from pytest_mlops.stages.load.proof import warning
from pytest_mlops.stages.load.record import PROBLEMS
from pytest_mlops.stats.quantiles import CONFIDENCE, enough_for, enough_for_both_ends, quantile, quantile_interval

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from pytest_mlops.core.artefact import Artefact
    from pytest_mlops.stages.load.record import Record
    from pytest_mlops.stages.load.watch import Usage

    Floats = NDArray[np.float64]

QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999}
_KINDS = {
    "failures_timeout": ("timeout", "not answered at the end"),
    "failures_connection": ("connection refused", "connection dropped", "not HTTP"),
}
_FEWEST_FOR_GROWTH = 500  # requests
_MIB = 2**20


@dataclass(frozen=True, kw_only=True)
class Used:
    """What the service used in the measured time, and how it started; None where that is not known."""

    first: Usage | None = None
    last: Usage | None = None
    startup_s: float | None = None


def latencies_of(record: Record) -> Floats:
    """Return the latency of each request in milliseconds, of shape (n,): a failed one counts as long as the run."""
    longest = float(record.facts["asked_s"]) * 1000
    return np.where(record.failed, np.maximum(record.latency_ms, longest), record.latency_ms)


def measurements_of(record: Record, *, is_open: bool, rows: int = 1, used: Used | None = None) -> list[Measurement]:
    """Return the measurements of a run, their subject still open.

    Parameters
    ----------
    record
        The requests of the measured time.
    is_open
        Whether requests were sent when they were due.
    rows
        In each request.
    """
    n, took_s = len(record), float(record.facts["duration_s"])
    latency_ms, note = latencies_of(record), warning(record)
    plots = _plots(latency_ms, record)
    answered = float((~record.failed).sum())
    answering_s = max(took_s, _answering_s(record)) if is_open else took_s
    if answering_s > _GROWS * took_s:
        grows = f"a queue grew: {n / took_s:.3g} requests a second came, {answered / answering_s:.3g} were answered"
        note = sentences([grows, note])

    def counted(name: str, value: float | None, unit: str = "", method: str = "", more: str = "") -> Measurement:
        notes = sentences([more, note])
        return Measurement(
            name=f"load.{name}", subject="", value=value, unit=unit, n=n if value is not None else 0, method=method,
            note=notes,
        )  # fmt: skip

    found = [
        *(
            replace(_quantile(name, latency_ms, q, record, note, is_open=is_open), artefacts=plots)
            for name, q in QUANTILES.items()
        ),
        counted(
            "failures", float(record.failed.mean()) if n else 0.0, "", "share of requests that failed", _kinds(record)
        ),
        *_failures(record, counted),
        counted("throughput", answered / answering_s, "1/s", "answered requests a second"),
        counted("rows_throughput", answered * rows / answering_s, "1/s", "answered rows a second"),
        counted("requests", n),
        counted("duration", took_s, "s", "from when all users were spawned and warm"),
        counted(
            "generator_cpu",
            float(record.facts["cpu_share"]),
            "",
            "share of one core that the generator used; of several processes, the busiest",
        ),
    ]
    if is_open and n:
        late = counted("lateness", quantile(record.lateness_ms, 0.99), "ms", "p99 of sent later than due")
        found.append(late)
    return [*found, *_used(used or Used(), n, counted)]


def is_latency(measurement: Measurement) -> bool:
    """Say whether a measurement is a quantile of the latency."""
    return measurement.short_name in QUANTILES


def first_request(record: Record) -> Measurement:
    """Return how long the very first request took, of those of the warm-up too; its subject still open."""
    has_one = len(record) > 0 and not record.facts.get("slot_s")
    return Measurement(
        name="load.first_request",
        subject="",
        value=float(record.latency_ms[0]) if has_one and not record.failed[0] else None,
        unit="ms",
        n=int(has_one and not record.failed[0]),
        method="latency of the first request after the service was ready",
        note="" if has_one else "not known: workers elsewhere send histograms" if len(record) else "nothing was sent",
    )


def _failures(record: Record, counted: Callable[..., Measurement]) -> Iterable[Measurement]:
    """Yield the shares of requests that failed in one way."""
    n = max(len(record), 1)
    kinds = record.kinds()
    told = sum(1 for number in record.problem[record.failed] if record.problems[number] not in PROBLEMS)
    more = f"{told:,} failures are told in words alone, see failures" if told else ""
    for name, words in _KINDS.items():
        share = None if told else sum(kinds.get(word, 0) for word in words) / n
        yield counted(name, share, "", f"share of: {', '.join(words)}", more)
    for digit in (4, 5):
        share = float(((record.status // 100 == digit) & (record.problem == 0)).sum()) / n
        yield counted(f"failures_{digit}xx", share, "", f"share of answers with status {digit}xx")


def _kinds(record: Record) -> str:
    kinds = record.kinds()
    if kinds:
        return ", ".join(f"{words} ({count:,} times)" for words, count in kinds.items())
    return f"none of {len(record):,} failed; up to {3 / max(len(record), 1):.2%} may" if len(record) else ""


def _answering_s(record: Record) -> float:
    """Return in which time a service answered what came: longer than it took to come where a queue grew meanwhile.

    The time between the ends of the first and of the last hundredth, so that one slow answer does not count as a queue.
    """
    done_s = record.done_s[~record.failed]
    if len(done_s) == 0:
        return 0.0
    return (quantile(done_s, 1 - _ENDS) - quantile(done_s, _ENDS)) / (1 - 2 * _ENDS)


_ENDS = 0.01
_GROWS = 1.1  # times as long as it took to come: a queue that only grows


def _used(used: Used, n: int, counted: Callable[..., Measurement]) -> Iterable[Measurement]:
    """Yield what the service used."""
    unknown = "not known: the service is not ours, or this system has no /proc"
    first, last = used.first, used.last
    has_both = first is not None and last is not None and n > 0
    cpu_ms = (last.cpu_s - first.cpu_s) / n * 1000 if has_both else None  # type: ignore[union-attr]
    yield counted("server_cpu", cpu_ms, "ms", "CPU time of the service a request", "" if has_both else unknown)
    growth = (last.memory - first.memory) / _MIB / n * 1000 if has_both and n >= _FEWEST_FOR_GROWTH else None  # type: ignore[union-attr]
    few = f"needs {_FEWEST_FOR_GROWTH} requests, got {n:,}" if has_both else unknown
    yield counted(
        "memory_growth", growth, "MiB", "resident memory of the service at the end, less that at the beginning, a "
        "thousand requests", "" if growth is not None else few,
    )  # fmt: skip
    yield counted("startup", used.startup_s, "s", "from start to ready", "" if used.startup_s is not None else unknown)


def _quantile(name: str, latency_ms: Floats, q: float, record: Record, note: str, *, is_open: bool) -> Measurement:
    low, high = quantile_interval(latency_ms, q)
    known = f"every request, within {WITHIN:.1%}" if record.facts.get("slot_s") else "every request"
    failed = int(record.failed.sum())
    notes: Sequence[str] = [
        _too_few(latency_ms, q) if np.isnan(low) or np.isnan(high) else "",
        f"{failed:,} failed requests count as long as the run" if failed else "",
        "" if is_open else "a closed loop: while the service stands still nothing is sent, and no queue is seen",
        note,
    ]
    return Measurement(
        name=f"load.{name}",
        subject="",
        value=quantile(latency_ms, q),
        unit="ms",
        n=len(latency_ms),
        method=f"{'from when a request was due' if is_open else 'from when it was sent'}, {known}; order "
        "statistics, dependence by batch means",
        interval=Interval(low, high, CONFIDENCE),
        resolution=RESOLUTION_MS,
        note=sentences(notes),
    )


def _plots(latency_ms: Floats, record: Record) -> tuple[Artefact, ...]:
    """Return what each quantile shows, whichever of them is judged; the page draws it once."""
    if not len(latency_ms):
        return ()
    return latency_plot(latency_ms), tail_plot(latency_ms), over_time_plot(record), rate_plot(record)


RESOLUTION_MS = 0.1  # the generator is woken as late as that


def _too_few(latency_ms: Floats, q: float) -> str:
    """Say how many requests it takes, or that the slow ones came in too few groups."""
    enough, n = enough_for(q), len(latency_ms)
    if n < enough:
        return f"an interval needs at least {enough:,} requests, got {n:,}. Hint: run longer"
    needed = _two_digits(enough_for_both_ends(latency_ms, q))
    return f"the slow requests came in too few groups for both ends of an interval. Hint: it takes {needed:,} or more"


def _two_digits(count: int) -> int:
    """Return a count rounded up to two digits that matter: it is a guess."""
    step: int = 10 ** max(len(str(count)) - 2, 0)
    return math.ceil(count / step) * step


def about(
    measurements: Iterable[Measurement], subject: str, seed: int, parameters: dict[str, float]
) -> list[Measurement]:
    """Return measurements of a subject."""
    return [replace(one, subject=subject, seed=seed, parameters=parameters) for one in measurements]
