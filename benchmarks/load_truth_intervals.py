"""How often the 95 % interval of a percentile covers the true one, in waiting times of simulated queues."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from load_queue import true_quantile, waiting_times
from load_truth_part import Found, Part, share, table

from pytest_mlops.stats.quantiles import quantile_interval

LOADS, SIZES = (0.3, 0.5, 0.7), (500, 1_000, 2_000, 5_000, 20_000)
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
_RUNS = 100  # simulated in a trial
_Z = 1.96


def trial(cell: str, number: int) -> dict[str, Any]:
    """Simulate some runs; count those that have an interval or its lower end, and those whose interval covers."""
    load, n = (float(word) for word in cell.split())
    rng = np.random.default_rng([number, int(10 * load), int(n), 2026])
    counts: dict[str, Any] = {"runs": _RUNS}
    for _ in range(_RUNS):
        times = waiting_times(rng, int(n), load)
        ordered = np.sort(times)
        for name, q in QUANTILES.items():
            truth = true_quantile(q, load)
            low, high = quantile_interval(times, q)
            given = not math.isnan(high)
            alone = not given and not math.isnan(low)
            _count(counts, f"{name} lower end alone", yes=alone)
            _count(counts, f"{name} lower end alone above", yes=alone and low > truth)
            _count(counts, f"{name} given", yes=given)
            _count(counts, f"{name} covers", yes=given and low <= truth <= high)
            half = _Z * math.sqrt(q * (1 - q) * n)
            first, last = max(int(n * q - half), 1), min(math.ceil(n * q + half), int(n))
            _count(counts, f"{name} independent", yes=bool(ordered[first - 1] <= truth <= ordered[last - 1]))
    return counts


def _count(counts: dict[str, Any], name: str, *, yes: bool) -> None:
    counts[name] = counts.get(name, 0) + int(yes)


def page(found: Found) -> str:
    """Return the page."""
    rows = []
    for cell, trials in found.items():
        load, n = cell.split()
        total = {key: sum(one[key] for one in trials) for key in trials[0]}
        for name in QUANTILES:
            given, alone = total[f"{name} given"], total[f"{name} lower end alone"]
            below = alone - total[f"{name} lower end alone above"]
            rows.append([
                f"{float(load):.0%} load, {int(n):,} requests, {name}", f"{total['runs']:,}",
                f"{given / total['runs']:.0%}", share(total[f"{name} covers"], given),
                f"{(given - total[f'{name} covers']) / total['runs']:.1%}",
                f"{alone / total['runs']:.0%}", share(total[f"{name} covers"] + below, given + alone),
                f"{total[f'{name} independent'] / total['runs']:.0%}",
            ])  # fmt: skip
    heads = [
        "queue", "runs", "have an interval", "which covers", "misses, of all runs", "lower end alone",
        "what is given covers", "as if independent",
    ]  # fmt: skip
    return f"{_HEAD}\n{table(heads, rows)}\n"


_HEAD = """# How often the interval of a percentile covers the true one

`benchmarks/load_truth.py intervals --into docs/benchmarks/load_intervals.json` goes on from the counts there.
Times in system of simulated M/M/1 queues, whose quantiles are known; 95 % is asked for. **have an interval**: the other
runs say that there are too few requests, or too few groups of slow ones. **which covers**: of those that have one, with
the interval of that share (Clopper and Pearson, 99 %). **lower end alone**: it is known how high the percentile is at
least, and not how high at most; such a run may fail, and can't pass. **what is given covers**: of runs with both ends,
or the lower one. **as if independent**: covers, of all runs, where requests are treated as independent of each other,
as the binomial interval does.
"""

INTERVALS = Part(cells=[f"{load} {n}" for load in LOADS for n in SIZES], trials=20, trial=trial, page=page)
