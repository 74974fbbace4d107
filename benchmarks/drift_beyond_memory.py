"""50 million rows by 10 columns in Parquet, sketched and compared within 2 GiB of memory.

python benchmarks/drift_beyond_memory.py [rows]

The reference has as many rows as the current data. One process writes the reference's sketch, another one compares the
current data with it; neither may hold more than 2 GiB: its own peak is shown, and more than that ends it with an error.
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
_FILES, _BLOCK, _DAYS = 10, 500_000, 60
WORDS = np.array(["EWR", "JFK", "LGA", "SEA"])


def write_data(folder: Path, rows: int, seed: int, shift: float = 0.0) -> None:
    """Write ten files: a day, five columns of fractions, two of whole numbers, two of text."""
    draw = np.random.default_rng(seed)
    folder.mkdir()
    days = draw.normal(0, 0.02, _DAYS)
    for number in range(_FILES):
        with pq.ParquetWriter(folder / f"part-{number}.parquet", _table(draw, days, 1, shift).schema) as writer:
            for start in range(0, rows // _FILES, _BLOCK):
                writer.write_table(_table(draw, days, min(_BLOCK, rows // _FILES - start), shift))


def _table(draw: np.random.Generator, days: Any, rows: int, shift: float) -> pa.Table:
    day = draw.integers(0, _DAYS, rows)
    columns: dict[str, Any] = {"day": day}
    columns |= {f"x{number}": draw.normal(days[day] + (number == 0) * shift, 1) for number in range(5)}
    columns |= {f"k{number}": draw.integers(0, 1000, rows) for number in range(2)}
    columns |= {f"w{number}": WORDS[draw.integers(0, len(WORDS), rows)] for number in range(2)}
    return pa.table(columns)


def sketch(folder: str, sketched: str) -> dict[str, Any]:
    """Write the sketch of the reference."""
    from pytest_mlops.stages.drift import reference_of, reference_text

    text = reference_text(reference_of(f"{folder}/part-*.parquet", unit="day"))
    return {"sketch_kib": Path(sketched).write_text(text, encoding="utf-8") / 1024}


def compare(folder: str, sketched: str) -> dict[str, Any]:
    """Compare data with a sketch."""
    from pytest_mlops import no_drift
    from pytest_mlops.stages.drift import measure_drift, read_reference

    result = measure_drift(f"{folder}/part-*.parquet", reference=read_reference(Path(sketched)), name="it", unit="day")
    judged = list(no_drift().judge(result))
    return {"fails": sorted(j.measurement.subject for j in judged if j.verdict == "fail"), "measures": len(judged)}


def timed(what: str, *paths: str) -> None:
    """Do one of both in this process, and print what it took."""
    began = time.perf_counter(), time.process_time()
    found = {"sketch": sketch, "compare": compare}[what](*paths)
    found |= {"s": time.perf_counter() - began[0], "cpu_s": time.process_time() - began[1]}
    status = Path("/proc/self/status").read_text().splitlines()
    found["peak_mib"] = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    print(json.dumps(found))


def main(rows: int) -> None:
    """Write the data, judge it in processes of their own, and say whether memory held."""
    with tempfile.TemporaryDirectory() as folder:
        sketched = str(Path(folder, "reference.json"))
        for name, seed, shift in (("reference", 7, 0.0), ("current", 8, 0.4)):
            data = Path(folder, name)
            write_data(data, rows, seed, shift)
            size = sum(path.stat().st_size for path in data.iterdir()) / 2**30
            print(f"{name}: {rows:,} rows by 10 columns, {size:.2f} GiB in {_FILES} Parquet files", flush=True)
            figures = _in_process("sketch" if name == "reference" else "compare", str(data), sketched)
            print({key: round(value, 1) if isinstance(value, float) else value for key, value in figures.items()})
            if figures["peak_mib"] > LIMIT_MIB:
                raise SystemExit(f"memory must stay below {LIMIT_MIB} MiB, got {figures['peak_mib']:.0f}")
            for path in data.iterdir():
                path.unlink()
        if figures["fails"] != ["it.x0"]:
            raise SystemExit(f"only x0 moved, got {figures['fails']}")


def _in_process(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, __file__, *arguments]
    done = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=False, timeout=3600)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


if __name__ == "__main__":
    if sys.argv[2:]:
        timed(*sys.argv[1:])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000_000)
