"""Searches of the capacity in simulated queues: hundreds of each kind, in the time that a real one takes."""

from __future__ import annotations

import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from load_truth_part import Found, Part, table

sys.path.append(str(Path(__file__).parents[1]))

from pytest_mlops import at_most, service_level
from pytest_mlops.stages.load import Load, measure_capacity, single_stream
from tests.simulated_queue import SimulatedQueue, answered_at, service_times

# law of the service times, their mean in seconds, servers, limit of the p95 in seconds
QUEUES = {
    "M/M/1, 5 ms, p95 at most 100 ms": ("exponential", 0.005, 1, 0.1),
    "M/M/1, 10 ms, p95 at most 100 ms": ("exponential", 0.010, 1, 0.1),
    "M/M/1, 10 ms, p95 at most 200 ms": ("exponential", 0.010, 1, 0.2),
    "M/D/1, 10 ms, p95 at most 50 ms": ("constant", 0.010, 1, 0.05),
    "M/D/1, 2 ms, p95 at most 10 ms": ("constant", 0.002, 1, 0.01),
    "M/M/4, 20 ms, p95 at most 100 ms": ("exponential", 0.020, 4, 0.1),
    "M/G/4, 20 ms, lognormal, p95 at most 100 ms": ("lognormal", 0.020, 4, 0.1),
    "M/G/1, 4 ms, one in 50 takes ten times as long, p95 at most 60 ms": ("seldom slow", 0.004, 1, 0.06),
    "M/M/8, 100 ms, p95 at most 400 ms": ("exponential", 0.100, 8, 0.4),
}
_SEARCHES = 25  # in a trial
_LONG = 150_000  # requests, by which the true capacity is found
_NEAR = (0.1, 0.15)
_LONGEST_S = 90.0


@cache
def true_rate(cell: str) -> float:
    """Return the rate at which the p95 of a long run reaches its limit, by bisection."""
    law, mean_s, servers, limit_s = QUEUES[cell]
    low, high = 0.0, servers / mean_s
    for _ in range(14):
        rate, rng = (low + high) / 2, np.random.default_rng(1)
        due = np.cumsum(rng.exponential(1 / rate, _LONG))
        waited = answered_at(due, service_times(rng, law, mean_s, _LONG), servers) - due
        low, high = (rate, high) if np.quantile(waited[2_000:], 0.95) <= limit_s else (low, rate)
    return low


def trial(cell: str, number: int) -> dict[str, Any]:
    """Search some times."""
    law, mean_s, servers, limit_s = QUEUES[cell]
    found: dict[str, Any] = {"true": true_rate(cell), "found": [], "took_s": []}
    for search in range(_SEARCHES):
        queue = SimulatedQueue(law, mean_s, servers, np.random.default_rng([number, search]))
        level = service_level(p95=at_most(limit_s * 1000, "ms", by="point"), failures=at_most(0.001))
        with tempfile.TemporaryDirectory() as folder:
            asked = Load(
                scenario=single_stream(), duration_s=1.0, warmup_s=0.5, seed=1, workdir=Path(folder), level=level
            )
            with (
                mock.patch("pytest_mlops.stages.load.capacity_search.measure_load", queue.measure),
                mock.patch("pytest_mlops.stages.load.capacity.endpoint", lambda service, **_: service),
            ):
                capacity = measure_capacity(queue, asked, [])["capacity"]  # type: ignore[arg-type]
        found["found"].append(capacity.value and round(capacity.value, 3))
        found["took_s"].append(round(queue.took_s, 1))
    return found


def page(found: Found) -> str:
    """Return the page."""
    rows = []
    for cell, trials in found.items():
        truth, (_, mean_s, servers, _) = trials[0]["true"], QUEUES[cell]
        values = np.array([value or np.nan for one in trials for value in one["found"]])
        took_s = np.array([took for one in trials for took in one["took_s"]])
        off = values / truth - 1
        low, middle, high = np.nanquantile(off, [0.05, 0.5, 0.95])
        rows.append([
            cell, f"{truth:.0f}", f"{len(values)}", f"{np.mean(np.abs(off) <= _NEAR[0]):.0%}",
            f"{np.mean(np.abs(truth / values - 1) <= _NEAR[1]):.0%}", f"{middle:+.1%}", f"{low:+.0%} to {high:+.0%}",
            f"{np.mean(values > servers / mean_s):.1%}", f"{np.median(took_s):.0f}",
            f"{np.mean(took_s > _LONGEST_S):.0%}",
        ])  # fmt: skip
    heads = [
        "queue", "true capacity", "searches", "within 10 %", "truth in the interval", "median error",
        "90 % of the errors", "above saturation", "median, s", "over 90 s",
    ]  # fmt: skip
    return f"{_HEAD}\n{table(heads, rows)}\n"


_HEAD = """# Searches of the capacity in simulated queues

`benchmarks/load_truth.py searches --into docs/benchmarks/load_searches.json` goes on from the searches there.
Poisson arrivals, first come first served; the search is that of `mlops_capacity`, the load runs that it asks for are
simulated, so that hundreds of searches take seconds. The true capacity is that of runs of 150,000 requests. Times are
those that the runs would take, and 0.7 s for each. **truth in the interval**: of the result, 15 % to either side. A
run of 50 s at the right rate knows the capacity of these queues to 2 % (the second of M/D/1) to 6 % (the second of
M/M/1), one standard deviation.
"""

SEARCHES = Part(cells=list(QUEUES), trials=20, trial=trial, page=page)
