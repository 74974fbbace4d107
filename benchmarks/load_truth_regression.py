"""Base and candidate beside a busy neighbour: how often a regression is seen, where there is one and where not."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from load_truth_part import Found, Part, share, table

sys.path.append(str(Path(__file__).parents[1]))

from pytest_mlops.adapters.http import Request
from pytest_mlops.stages.load import Load, measure_regression, server
from pytest_mlops.stages.service import Service, start_service
from tests.broken_services import busy_service

if TYPE_CHECKING:
    from collections.abc import Iterator

CPU_MS, RATE, LENGTH_S = 2.0, 60.0, 60.0
CELLS = {"the same": 1.0, "20 % more CPU": 1.2}
RATIOS = ("p50_ratio", "p90_ratio", "server_cpu_ratio")
_LIMIT = 1.1
# Works for a while, rests for a while: nobody knows when.
_NEIGHBOUR = """
import random, time
while True:
    until = time.perf_counter() + random.expovariate(1 / 0.5)
    while time.perf_counter() < until: pass
    time.sleep(random.expovariate(1 / 0.5))
"""


@contextlib.contextmanager
def neighbour() -> Iterator[None]:
    """Keep one core busy, on and off."""
    process = subprocess.Popen([sys.executable, "-c", _NEIGHBOUR])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def serve(folder: str, name: str, cpu_ms: float) -> Service:
    """Start a service that works for some time a request."""
    command = [sys.executable, busy_service.__file__, "--cpu-ms", str(cpu_ms), "--port", "{port}"]
    return start_service(command, name=name, workdir=Path(folder))


def trial(cell: str, number: int) -> dict[str, Any]:
    """Compare once."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(folder, "base", CPU_MS) as base,
        serve(folder, "candidate", CPU_MS * CELLS[cell]) as candidate,
        neighbour(),
    ):
        asked = Load(scenario=server(RATE), duration_s=LENGTH_S, seed=number, workdir=Path(folder))
        result = measure_regression(candidate, base, asked, [Request(method="POST", path="/", body=b"{}")])
    found: dict[str, Any] = {"why": result.details["why"]}
    for name in RATIOS:
        one = result[name]
        found[name] = [one.value, *([one.interval.low, one.interval.high] if one.interval else [None, None])]
    return found


def page(found: Found) -> str:
    """Return the page."""
    rows = []
    for cell, trials in found.items():
        valid = [one for one in trials if not one["why"]]
        for name in RATIOS:
            lows = [one[name][1] for one in valid if one[name][1] is not None]
            widths = sorted(one[name][2] / one[name][1] for one in valid if one[name][1] is not None)
            width = f"{widths[len(widths) // 2]:.3f}" if widths else "-"
            seen = [sum(low > limit for low in lows) for limit in (1.0, _LIMIT)]
            rows.append(
                [f"{cell}, {name}", f"{len(valid)} of {len(trials)}", *(share(one, len(valid)) for one in seen), width]
            )
    heads = ["candidate", "runs that prove themselves", "surely slower", f"surely by more than {_LIMIT - 1:.0%}",
             "high over low, median"]  # fmt: skip
    return f"{_HEAD}\n{table(heads, rows)}\n"


_HEAD = f"""# Base and candidate beside a busy neighbour

`benchmarks/load_truth.py regression --into docs/benchmarks/load_regression.json` goes on from the runs there.
Two services of {CPU_MS:g} ms of CPU a request, {RATE:g} requests a second in all for {LENGTH_S:g} s, beside a process
that keeps a core busy for half of the time, in stretches of random length. **surely slower**: the whole interval (99 %)
of candidate over base lies above 1. Each run has its own time: no two overlap.
"""

REGRESSION = Part(cells=[*CELLS], trials=20, trial=trial, page=page)
