"""A service that stands still for 1 s in every 10 s: what its callers wait, and what load runs say of it."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from load_queue import stalled
from load_truth_part import Found, Part, table

sys.path.append(str(Path(__file__).parents[1]))

from pytest_mlops.adapters.http import Request
from pytest_mlops.stages.load import Load, closed, measure_load, server
from pytest_mlops.stages.service import start_service
from pytest_mlops.stats.quantiles import quantile
from tests.broken_services import queue_service

if TYPE_CHECKING:
    from pytest_mlops.stages.load import Scenario

RATE, SERVICE_S, STALL_S, EVERY_S = 100.0, 0.003, 1.0, 10.0
LENGTH_S = 60.0  # some whole stretches
QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
SCENARIOS: dict[str, Scenario] = {
    "open loop, 100/s, evenly": server(RATE, arrivals="constant"),
    "open loop, 100/s, Poisson": server(RATE),
    "closed loop, 10 users": closed(10),
}


def trial(cell: str, number: int) -> dict[str, Any]:
    """Run a load on the service."""
    words = [
        "--service-ms", str(SERVICE_S * 1000), "--stall-s", str(STALL_S), "--every-s", str(EVERY_S), "--port", "{port}"
    ]  # fmt: skip
    command = [sys.executable, queue_service.__file__, *words]
    with tempfile.TemporaryDirectory() as folder, start_service(command, name="it", workdir=Path(folder)) as service:
        asked = Load(scenario=SCENARIOS[cell], duration_s=LENGTH_S, seed=number, workdir=Path(folder))
        result = measure_load(service, asked, [Request(method="POST", path="/", body=b"{}")])
    found = {name: result[name].value for name in [*QUANTILES, "requests"]}
    return {**found, "why": result.details["why"]}


def truth() -> dict[str, dict[str, float]]:
    """Return what callers wait in the queue, simulated request by request for many stretches."""
    n = int(RATE * EVERY_S * 2_000)
    rng = np.random.default_rng(5)
    arrivals = {
        "open loop, 100/s, evenly": np.arange(n) / RATE + 0.5 / RATE,
        "open loop, 100/s, Poisson": np.cumsum(rng.exponential(1 / RATE, n)),
    }
    return {
        name: {short: 1000 * quantile(stalled(at, SERVICE_S, STALL_S, EVERY_S), q) for short, q in QUANTILES.items()}
        for name, at in arrivals.items()
    }


def page(found: Found) -> str:
    """Return the page."""
    simulated = truth()
    rows = [
        [f"simulated, {name}", "-", *(f"{said[short]:.1f}" for short in QUANTILES), "-", "-"]
        for name, said in simulated.items()
    ]
    for cell, trials in found.items():
        valid = [one for one in trials if not one["why"]]
        values = {short: [float(one[short]) for one in valid] for short in QUANTILES}
        off = [
            f"{max((abs(value / simulated[cell][short] - 1) for value in values[short]), default=float('nan')):.1%}"
            if cell in simulated
            else "-"
            for short in ("p95", "p99")
        ]
        middle = [f"{np.median(one):.1f}" if one else "-" for one in values.values()]
        rows.append([f"measured, {cell}", f"{len(valid)} of {len(trials)}", *middle, *off])
    heads = [
        "",
        "runs that prove themselves",
        *(f"{short} ms" for short in QUANTILES),
        "p95 off, most",
        "p99 off, most",
    ]
    return f"{_HEAD}\n{table(heads, rows)}\n"


_HEAD = f"""# A service that stands still for a second in every ten

`benchmarks/load_truth.py stall --into docs/benchmarks/load_stall.json` goes on from the runs there.
One server, {SERVICE_S * 1000:g} ms a request, which stands still for {STALL_S:g} s at the end of each {EVERY_S:g} s;
runs of {LENGTH_S:g} s. The simulated queue is what callers wait who come whatever the service does; of measured runs
the median stands here, and the largest difference of any run from the simulated queue.
"""

STALL = Part(cells=[*SCENARIOS], trials=5, trial=trial, page=page)
