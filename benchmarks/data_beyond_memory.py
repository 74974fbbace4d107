"""50 million rows by 10 columns in Parquet, judged within 2 GiB of memory.

python benchmarks/data_beyond_memory.py [rows]

The judging process may not hold more than 2 GiB: its own peak is shown, and more than that ends it with an error.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

LIMIT_MIB = 2048
_FILES, _BLOCK = 10, 500_000
AMONG = ["EWR", "JFK", "LGA", "SEA"]


def write_data(folder: Path, rows: int) -> None:
    """Write ten files: four columns of fractions, four of whole numbers, two of text."""
    draw = np.random.default_rng(7)
    for number in range(_FILES):
        with pq.ParquetWriter(folder / f"part-{number}.parquet", _table(draw, 1).schema) as writer:
            for start in range(0, rows // _FILES, _BLOCK):
                writer.write_table(_table(draw, min(_BLOCK, rows // _FILES - start)))


def _table(draw: np.random.Generator, rows: int) -> pa.Table:
    columns: dict[str, Any] = {f"x{number}": draw.random(rows) * 1000 for number in range(4)}
    columns |= {f"k{number}": draw.integers(0, 1000, rows) for number in range(4)}
    columns |= {f"w{number}": np.array(AMONG)[draw.integers(0, 4, rows)] for number in range(2)}
    return pa.table(columns)


def entries(*, failing: bool) -> list[dict[str, Any]]:
    """Return 26 expectations: filled, in range, in a set, by pattern, means, quantiles, different values."""
    high = 990 if failing else 1000
    made: list[tuple[str, dict[str, Any]]] = []
    for name in [*(f"x{number}" for number in range(4)), *(f"k{number}" for number in range(4))]:
        made += [
            ("column_values_to_not_be_null", {"column": name}),
            ("column_values_to_be_between", {"column": name, "min_value": 0, "max_value": high}),
        ]
    for name in ("w0", "w1"):
        made += [
            ("column_values_to_be_in_set", {"column": name, "value_set": AMONG}),
            ("column_values_to_match_regex", {"column": name, "regex": "^[A-Z]{3}$"}),
            ("column_unique_value_count_to_be_between", {"column": name, "min_value": 4, "max_value": 4}),
        ]
    made += [
        ("column_mean_to_be_between", {"column": "x0", "min_value": 490, "max_value": 510}),
        ("column_stdev_to_be_between", {"column": "x0", "min_value": 280, "max_value": 295}),
        ("column_median_to_be_between", {"column": "x1", "min_value": 490, "max_value": 510}),
        ("table_row_count_to_be_between", {"min_value": 1}),
    ]
    return [{"type": f"expect_{kind}", "kwargs": kwargs} for kind, kwargs in made]


def judge(folder: str, *, failing: bool) -> None:
    """Judge in this process, and print what it took."""
    from pytest_mlops.stages.data import measure_entries

    began = time.perf_counter(), time.process_time()
    outcomes = measure_entries(f"{folder}/part-*.parquet", entries(failing=failing))
    wall, cpu = time.perf_counter() - began[0], time.process_time() - began[1]
    errors = [outcome.error for outcome in outcomes if outcome.error]
    unmet = sum(not outcome.success for outcome in outcomes)
    if errors or bool(unmet) is not failing:
        raise SystemExit(f"judged wrongly: {unmet} unmet, {errors}")
    status = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    print(json.dumps({"expectations": len(outcomes), "unmet": unmet, "s": wall, "cpu_s": cpu, "peak_mib": peak}))


def main(rows: int) -> None:
    """Write the data, judge it in processes of their own, and say whether memory held."""
    with tempfile.TemporaryDirectory() as folder:
        write_data(Path(folder), rows)
        size = sum(path.stat().st_size for path in Path(folder).iterdir()) / 2**30
        print(f"{rows:,} rows by 10 columns, {size:.2f} GiB in {_FILES} Parquet files")
        for failing in ("passing", "failing"):
            command = [sys.executable, __file__, folder, failing]
            done = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=False, timeout=1800)
            if done.returncode:
                raise SystemExit(done.stderr[-2000:])
            figures = json.loads(done.stdout.splitlines()[-1])
            print(failing, {key: round(value, 1) for key, value in figures.items()}, flush=True)
            if figures["peak_mib"] > LIMIT_MIB:
                raise SystemExit(f"memory must stay below {LIMIT_MIB} MiB, got {figures['peak_mib']:.0f}")


if __name__ == "__main__":
    if sys.argv[2:]:
        judge(sys.argv[1], failing=sys.argv[2] == "failing")
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000_000)
