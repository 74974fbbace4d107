"""How often the drift gate alarms on data that did not change: over all columns and measures, on real data.

python benchmarks/drift_calibration.py [CELL ...] [--trials N] [--into FILE.json] [--page FILE.md] [--processes N]

Each trial draws a pair of unchanged data. `alarms` are trials in which the classical test, a material limit of zero,
says of any measure that it moved; they are to be at most what was asked for, 5 % or 1 %, within the binomial interval
(Clopper and Pearson, 99 %). `fails` are trials in which the gate with its default limits fails anything, `too few` the
others in which it says that there are too few rows to be a gate.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
from drift_null import MOVED, cells
from scipy.stats import beta

from pytest_mlops import no_drift
from pytest_mlops.stages.drift import measure_drift

RATES = (0.05, 0.01)
Found = dict[str, dict[str, int]]


def trial(given: tuple[str, int]) -> dict[str, int]:
    """Return what happened in one trial."""
    name, number = given
    warnings.simplefilter("ignore")
    cell = cells()[name]
    reference, current = cell.draw(np.random.default_rng([number, 2024]))
    result = measure_drift(current, reference=reference, name="it", unit=cell.unit, seed=number, **cell.asked)
    ps = [float(m.parameters["p_value"]) for m in result.measurements if "p_value" in m.parameters]  # type: ignore[arg-type]
    found: dict[str, int] = {}
    for rate in RATES:
        found[f"alarms {rate}"] = int(min(ps) <= rate)
        verdicts = {str(j.verdict) for j in no_drift(false_alarms=rate).judge(result)}
        found[f"fails {rate}"] = int("fail" in verdicts)
        found[f"too few {rate}"] = int(verdicts == {"pass", "inconclusive"})
        found[f"other {rate}"] = int(not verdicts <= {"pass", "fail", "inconclusive"})
    return found


def measure(names: list[str], trials: int | None, into: Path | None, processes: int | None) -> Found:
    """Run the trials of each cell that are not known yet; counts are written down as they come."""
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # a core for each trial
    known = cells()
    found: Found = json.loads(into.read_text(encoding="utf-8")) if into and into.exists() else {}
    for name in names or known:
        count = trials or known[name].trials
        counts: Counter[str] = Counter(found.get(name, {}))
        with multiprocessing.get_context("fork").Pool(processes) as pool:
            numbers = [(name, number) for number in range(counts["trials"], count)]
            for done, happened in enumerate(pool.imap(trial, numbers, chunksize=4), start=1):
                counts.update({"trials": 1, **happened})
                if into and (done % _WRITTEN == 0 or done == len(numbers)):
                    found[name] = dict(counts)
                    into.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        found[name] = dict(counts)
        print(row(name, found[name]), flush=True)
    return found


_WRITTEN = 20  # trials


def interval(count: int, n: int, confidence: float = 0.99) -> tuple[float, float]:
    """Return the interval of a rate (Clopper and Pearson, Biometrika 26, 1934)."""
    tail = (1 - confidence) / 2
    low = float(beta.ppf(tail, count, n - count + 1)) if count else 0.0
    return low, float(beta.ppf(1 - tail, count + 1, n - count)) if count < n else 1.0


def row(name: str, cell: dict[str, int]) -> str:
    """Return a line of the table."""
    n = cell["trials"]
    shares = []
    for rate in RATES:
        low, high = interval(cell[f"alarms {rate}"], n)
        more = " **too often**" if low > rate and name != MOVED else ""
        shares += [
            f"{cell[f'alarms {rate}'] / n:.1%} ({low:.1%} to {high:.1%}){more}",
            f"{cell[f'fails {rate}'] / n:.1%}",
            f"{cell[f'too few {rate}'] / n:.1%}",
        ]
    return f"| {cells()[name].words} | {n:,} | {' | '.join(shares)} |"


def page(found: Found) -> str:
    """Return the page."""
    heads = [f"{what}, {rate:.0%} asked" for rate in RATES for what in ("alarms", "fails", "too few")]
    lines = [f"| unchanged data | trials | {' | '.join(heads)} |", f"| :-- | --: |{' --: |' * len(heads)}"]
    rows = [row(name, found[name]) for name in cells() if name in found]
    return "\n".join([*_HEAD.splitlines(), "", *lines, *rows]) + "\n"


_HEAD = """# How often the drift gate alarms on unchanged data

`benchmarks/drift_calibration.py --into docs/benchmarks/drift_calibration.json` goes on from the counts there.
**alarms**: the classical test (`material=0`) of all columns and measures together, with its interval (Clopper and
Pearson, 99 %). **fails**: `no_drift()` with its default limits fails anything. **too few**: it says that there are too
few rows, or days, to be a gate.
"""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="how often the drift gate alarms on unchanged data")
    parser.add_argument("cells", nargs="*", help=", ".join(cells()))
    parser.add_argument("--trials", type=int)
    parser.add_argument("--into", type=Path, help="keep the counts in this file of JSON")
    parser.add_argument("--page", type=Path, help="write the table into this file")
    parser.add_argument("--processes", type=int, help="at once; as many as there are cores")
    asked = parser.parse_args()
    table = page(measure(asked.cells, asked.trials, asked.into, asked.processes))
    print(table)
    if asked.page:
        asked.page.write_text(table, encoding="utf-8")
