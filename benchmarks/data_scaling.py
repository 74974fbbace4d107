"""How the cost of judging data grows with rows, columns and rules: ours on three engines, and Great Expectations.

python benchmarks/data_scaling.py [--plot FILE.svg]

Each point is the best of three judgements of the same frame, in a process of its own, imports not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import data_rules as base
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROWS, COLUMNS, RULES = 100_000, 30, 60
GROWS: dict[str, list[int]] = {
    "rows": [1_000, 10_000, 100_000, 1_000_000, 4_000_000],
    "columns": [5, 20, 80, 320],
    "rules": [15, 60, 240, 960],
}
WHO = {
    "ours, pandas": (base.ours, "pandas", 10**9),
    "ours, polars": (base.ours, "polars", 10**9),
    "ours, Parquet file": (base.ours, "file", 10**9),
    "Great Expectations, pandas": (base.great_expectations, "pandas", 1_000_000),  # of rows; more would take minutes
}


def rules(columns: int, count: int) -> base.Rules:
    """Return so many rules on so many columns: ranges, each with its own bound, and filled."""
    names = list(islice(cycle(f"n{number}" for number in range(columns)), count))
    return [
        ("not_null", name, None) if at % 2 else ("between", name, (-1.0 - at, 1000.0 + at))
        for at, name in enumerate(names)
    ]


def write(path: Path, rows: int, columns: int) -> None:
    """Write columns of fractions."""
    draw = np.random.default_rng(7)
    pq.write_table(pa.table({f"n{number}": draw.random(rows) * 1000 for number in range(columns)}), path)


def judge(who: str, path: str, columns: int, count: int) -> float:
    """Return the seconds of the best of three judgements."""
    import logging
    import time
    import warnings

    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    run, engine, _ = WHO[who]
    frame, asked, times = base.READ[engine](path), rules(columns, count), []
    for _ in range(4):
        began = time.perf_counter()
        if not all(run(frame, asked)):
            raise SystemExit(f"{who} judged wrongly")
        times.append(time.perf_counter() - began)
    return min(times[1:])


def main() -> dict[str, dict[str, list[list[float]]]]:
    """Measure each line of each plot."""
    found: dict[str, dict[str, list[list[float]]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "rows.parquet"))
        for what, sizes in GROWS.items():
            found[what] = {who: [] for who in WHO}
            for size in sizes:
                shape = {"rows": ROWS, "columns": COLUMNS, "rules": RULES} | {what: size}
                count = shape["columns"] * 2 if what == "columns" else shape["rules"]
                write(Path(path), shape["rows"], shape["columns"])
                for who in WHO:
                    if shape["rows"] <= WHO[who][2]:
                        seconds = _in_process(who, path, shape["columns"], count)
                        found[what][who].append([size, seconds])
                        print(f"{what} {size:>9,}  {who:28} {seconds:8.3f} s", flush=True)
    return found


def _in_process(who: str, path: str, columns: int, count: int) -> float:
    command = [sys.executable, __file__, "--one", who, path, str(columns), str(count)]
    environment = {**os.environ, "GX_ANALYTICS_ENABLED": "false"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=900)
    if done.returncode:
        raise SystemExit(f"{who}: {done.stderr[-2000:]}")
    return float(json.loads(done.stdout.splitlines()[-1]))


def plot(found: dict[str, dict[str, list[list[float]]]], path: Path) -> None:
    """Draw three plots side by side, both axes logarithmic."""
    from matplotlib import rcParams
    from matplotlib.figure import Figure

    rcParams["svg.hashsalt"] = "pytest-mlops"  # the same picture for the same figures
    figure = Figure(figsize=(12, 4), layout="constrained")
    fixed = {"rows": f"{COLUMNS} columns, {RULES} rules", "columns": f"{ROWS:,} rows, 2 rules a column",
             "rules": f"{ROWS:,} rows, {COLUMNS} columns"}  # fmt: skip
    axes: Any = figure.subplots(1, 3, sharey=True)
    for axis, (what, lines) in zip(axes, found.items(), strict=True):
        for (who, points), marker in zip(lines.items(), "os^D", strict=True):
            axis.plot(*zip(*points, strict=True), marker=marker, label=who)
        axis.set(xscale="log", yscale="log", xlabel=what, title=fixed[what])
        axis.grid(visible=True, alpha=0.3)
    axes[0].set_ylabel("seconds, best of three")
    axes[0].legend(fontsize="small")
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(judge(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))))
    else:
        parser = argparse.ArgumentParser(description="how the cost of judging data grows")
        parser.add_argument("--plot", type=Path, help="also draw the figures into this file")
        given = parser.parse_args()
        figures = main()
        if given.plot:
            plot(figures, given.plot)
