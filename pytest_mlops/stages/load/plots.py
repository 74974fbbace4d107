"""The plots of a load run, as artefacts: latencies, their tail, and what happened over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.core.artefact import Artefact
from pytest_mlops.core.plain import plain
from pytest_mlops.stats.quantiles import quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlops.core.plain import Json
    from pytest_mlops.stages.load.record import Record

    Floats = NDArray[np.float64]

_BINS = 40
_FASTEST_MS = 0.01
_SHOWN = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
_STEPS = 60  # of time
_TAIL = 40  # points of the tail's curve


def latency_plot(latency_ms: Floats) -> Artefact:
    """Return the latencies in bins of equal width on a logarithmic axis."""
    low = max(float(latency_ms.min()), _FASTEST_MS)
    high = max(float(latency_ms.max()), low * 1.01)
    edges = np.geomspace(low * 0.999, high * 1.001, _BINS + 1)
    counts, _ = np.histogram(np.maximum(latency_ms, low), edges)
    quantiles = {name: quantile(latency_ms, q) for name, q in _SHOWN.items()}
    return Artefact(
        "latency", "latency", {"edges_ms": plain(edges), "counts": plain(counts), "quantiles_ms": plain(quantiles)}
    )


def tail_plot(latency_ms: Floats) -> Artefact:
    """Return the latency over how rare it is: one in two, one in ten, one in a thousand requests is slower."""
    ordered, n = np.sort(latency_ms), len(latency_ms)
    one_in = np.geomspace(1.0, max(n, 2), _TAIL)
    at = np.clip(np.ceil(n * (1 - 1 / one_in)).astype(np.intp), 1, n) - 1
    ticks: list[Json] = [[10.0**power, _tail_word(power)] for power in range(int(np.log10(max(n, 10))) + 1)]
    return _lines(
        "tail of the latency",
        x="share of the requests that are slower, logarithmic",
        y="ms",
        series={"latency": (one_in, ordered[at])},
        log_x=True,
        log_y=True,
        ticks=ticks,
    )


def _tail_word(power: int) -> str:
    return "all" if power == 0 else f"{10.0 ** (2 - power):g} %"


def over_time_plot(record: Record) -> Artefact:
    """Return the latency over the time of the run: half of the requests of each step, and the slowest."""
    steps, at = _steps(record)
    latency = np.where(record.failed, np.nan, record.latency_ms)
    middle, slowest = (np.array([_of_step(latency[at == step], q) for step in range(len(steps))]) for q in (0.5, 1.0))
    return _lines(
        "latency over time",
        x="seconds",
        y="ms",
        series={"slowest": (steps, slowest), "p50": (steps, middle)},
        log_y=True,
    )


def rate_plot(record: Record) -> Artefact:
    """Return how many requests were due and how many were answered a second, and how many were in flight."""
    steps, at = _steps(record)
    width = steps[1] - steps[0] if len(steps) > 1 else 1.0
    due = np.bincount(at, minlength=len(steps)) / width
    done_at = np.clip(record.done_s[~record.failed] / width, 0, len(steps) - 1).astype(np.intp)
    done = np.bincount(done_at, minlength=len(steps)) / width
    flying = [float(((record.due_s <= step) & (record.done_s > step)).sum()) for step in steps]
    return _lines(
        "rate over time",
        x="seconds",
        y="requests a second, in flight",
        series={"due": (steps, due), "answered": (steps, done), "in flight": (steps, np.array(flying))},
    )


def ratio_plot(
    name: str, base: Floats, candidate: Floats, block_s: float, found: tuple[float, float, float]
) -> Artefact:
    """Return the ratio of candidate to base of each block, with the mean and its interval."""
    at = ((np.arange(len(base)) + 0.5) * block_s).astype(np.float64)
    ends = np.array([0.0, len(base) * block_s])
    ratio, low, high = found
    return _lines(
        f"{name.replace('_', ' ')} by block",
        x="seconds",
        y="candidate over base",
        series={
            "block": (at, candidate / base),
            "mean": (ends, np.full(2, ratio)),
            "low": (ends, np.full(2, low)),
            "high": (ends, np.full(2, high)),
        },
    )


def capacity_plot(rates: Floats, strains: Floats) -> Artefact:
    """Return how many times its limit the worst latency was, at each rate that was tried."""
    order = np.argsort(rates, kind="stable")
    drawn = _lines(
        "capacity",
        x="requests a second",
        y="worst latency, times its limit",
        series={"measured": (rates[order], strains[order])},
        log_y=True,
    )
    return Artefact(drawn.kind, drawn.title, {**drawn.data, "limit": 1.0})


def _steps(record: Record) -> tuple[Floats, NDArray[np.intp]]:
    """Return the middles of steps of time, and in which of them each request was due."""
    length = float(record.facts["duration_s"])
    n = int(np.clip(len(record) // 20, 5, _STEPS))
    width = length / n
    middles = ((np.arange(n) + 0.5) * width).astype(np.float64)
    return middles, np.clip(record.due_s / width, 0, n - 1).astype(np.intp)


def _of_step(latency_ms: Floats, q: float) -> float:
    known = latency_ms[~np.isnan(latency_ms)]
    return quantile(known, q) if len(known) else float("nan")


def _lines(
    title: str,
    *,
    x: str,
    y: str,
    series: dict[str, tuple[Floats, Floats]],
    log_x: bool = False,
    log_y: bool = False,
    ticks: list[Json] | None = None,
) -> Artefact:
    """Return curves to draw, without the points that have no value."""
    drawn: list[Json] = [
        {
            "name": name,
            "points": [[float(f"{at:.5g}"), float(f"{v:.5g}")] for at, v in zip(*line, strict=True) if np.isfinite(v)],
        }
        for name, line in series.items()
    ]
    return Artefact("lines", title, {"x": x, "y": y, "log_x": log_x, "log_y": log_y, "ticks": ticks, "series": drawn})
