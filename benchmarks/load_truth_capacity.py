"""Searches of the capacity of a queue whose answer is known."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from load_queue import true_capacity
from load_truth_part import Found, Part, table

sys.path.append(str(Path(__file__).parents[1]))

from pytest_mlops import at_most
from pytest_mlops.adapters.http import Request
from pytest_mlops.stages.load import Load, measure_capacity, service_level, single_stream
from pytest_mlops.stages.service import start_service
from tests.broken_services import queue_service

CELLS = {"5 ms a request, p95 at most 100 ms": (0.005, 0.1), "10 ms a request, p95 at most 100 ms": (0.010, 0.1)}
_Q = 0.95
_NEAR = 0.1


def trial(cell: str, number: int) -> dict[str, Any]:
    """Search once."""
    service_s, limit_s = CELLS[cell]
    words = ["--service-ms", str(service_s * 1000), "--law", "exponential", "--seed", str(number), "--port", "{port}"]
    command = [sys.executable, queue_service.__file__, *words]
    with tempfile.TemporaryDirectory() as folder, start_service(command, name="it", workdir=Path(folder)) as service:
        level = service_level(p95=at_most(limit_s * 1000, "ms", by="point"), failures=at_most(0.001))
        asked = Load(
            scenario=single_stream(), duration_s=1.0, warmup_s=0.5, seed=number, workdir=Path(folder), level=level
        )
        begun = time.perf_counter()
        result = measure_capacity(service, asked, [Request(method="POST", path="/", body=b"{}")])
        took_s = time.perf_counter() - begun
    capacity = result["capacity"]
    rates = capacity.parameters["rates"]
    return {"found": capacity.value, "took_s": round(took_s, 2), "rates": rates, "note": capacity.note}


def page(found: Found) -> str:
    """Return the page."""
    rows = []
    for cell, trials in found.items():
        service_s, limit_s = CELLS[cell]
        truth = true_capacity(service_s, _Q, limit_s)
        values = np.array([one["found"] for one in trials if one["found"]], dtype=np.float64)
        off = values / truth - 1
        rows.append([
            cell, f"{truth:.0f}", f"{1 / service_s:.0f}", f"{len(trials)}", f"{int((np.abs(off) <= _NEAR).sum())}",
            f"{np.median(off):+.1%}", f"{off.min():+.1%} to {off.max():+.1%}",
            f"{int((values > 1 / service_s).sum())}", f"{max(one['took_s'] for one in trials):.0f}",
        ])  # fmt: skip
    heads = [
        "queue (M/M/1)", "true capacity", "saturated at", "searches", "within 10 %", "median error", "errors",
        "above saturation", "longest, s",
    ]  # fmt: skip
    return f"{_HEAD}\n{table(heads, rows)}\n"


_HEAD = """# The capacity of a queue whose answer is known

`benchmarks/load_truth.py capacity --into docs/benchmarks/load_capacity.json` goes on from the searches there.
One server with exponential service times and Poisson arrivals: the p95 of the time in system is ln 20 / (mu - lambda),
so that the rate at which it reaches its limit is known. Rates are requests a second.
"""

CAPACITY = Part(cells=[*CELLS], trials=10, trial=trial, page=page)
