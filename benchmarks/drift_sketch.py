"""Whether a committed sketch says what the data say, and how far its distances are from those of the values.

python benchmarks/drift_sketch.py [--trials N] [--into FILE.json] [--page FILE.md]

Each trial draws a pair of real data, plants a change or none, of a size that brings it near a limit, and judges it
twice: against the reference itself, and against what was read back from its committed text. Verdicts are compared of
every measure, and of the whole. The Kolmogorov-Smirnov distance of the bins is compared with that of the raw values,
which must lie between it and it plus the resolution that the measurement states.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from drift_planted import CELLS, NUMBERS

from pytest_mlops import no_drift
from pytest_mlops.core.verdict import combine
from pytest_mlops.stages.drift import measure_drift, read_reference, reference_of, reference_text
from pytest_mlops.stats.distances import sample_distances

if TYPE_CHECKING:
    import pandas as pd

    from pytest_mlops.core.measurement import Measurement
    from pytest_mlops.core.result import Result

    Rng = np.random.Generator

HOW = ("rows-500", "rows-5000", "days-500", "days-5000")
_ROUNDING = 1e-9


def near_a_limit(current: pd.DataFrame, rng: Rng) -> tuple[pd.DataFrame, str]:
    """Return the data with one change of random size, about that at which a verdict turns; or with none."""
    rows, what = current.copy(), str(rng.choice(["nothing", "shift", "missing", "renamed", "outside", "shuffled"]))
    some = rng.random(len(rows))
    if what == "shift":
        column = str(rng.choice(["air_time", "dep_time", "distance"]))
        rows[column] += round(float(rng.uniform(0.1, 0.8) * rows[column].std()))
    elif what == "missing":
        rows.loc[some < rng.uniform(0.01, 0.1), "air_time"] = np.nan
    elif what == "renamed":
        rows.loc[some < rng.uniform(0.005, 0.2), "carrier"] = "ZZ"
    elif what == "outside":
        rows.loc[some < rng.uniform(0.005, 0.05), "distance"] = 100_000
    elif what == "shuffled":
        places = np.flatnonzero(some < rng.uniform(0.05, 0.6))
        rows.loc[places, "arr_delay"] = rng.permutation(rows.loc[places, "arr_delay"].to_numpy())
    return rows, what


def verdicts(result: Result) -> dict[str, str]:
    """Return the verdict of each measure, and of all together."""
    judged = list(no_drift().judge(result))
    of_each = {f"{j.measurement.subject} {j.measurement.short_name}": str(j.verdict) for j in judged}
    return {**of_each, "all": str(combine(j.verdict for j in judged))}


def trial(cell: str, number: int, folder: Path) -> Counter[str]:
    """Count what agreed, and whether every distance lies where it must."""
    rng = np.random.default_rng([number, 99])
    reference, current = CELLS[cell].draw(rng)
    rows, _ = near_a_limit(current, rng)
    unit = CELLS[cell].unit
    of_data = measure_drift(rows, reference=reference, name="it", unit=unit, seed=number)
    path = folder / "reference.json"
    path.write_text(reference_text(reference_of(reference, unit=unit, seed=number)), encoding="utf-8")
    of_sketch = measure_drift(rows, reference=read_reference(path), name="it", unit=unit, seed=number)
    said, again = verdicts(of_data), verdicts(of_sketch)
    counts: Counter[str] = Counter(trials=1, equal=said == again, worst=said["all"] == again["all"])
    counts["measures"], counts["differ"] = (
        len(said) - 1,
        sum(said[name] != again.get(name) for name in said) - (said["all"] != again["all"]),
    )
    counts[f"verdict {said['all']}"] += 1
    for measurement in of_sketch.measurements:
        if measurement.short_name == "ks":
            counts.update(_distance(measurement, reference, rows))
    return counts


def _distance(measured: Measurement, reference: pd.DataFrame, current: pd.DataFrame) -> dict[str, Any]:
    column = measured.subject.partition(".")[2]
    if column not in NUMBERS:
        return {}
    exact = sample_distances(reference[column], current[column]).ks
    off, stated = exact - float(measured), float(measured.resolution or 0)
    is_within = -_ROUNDING <= off <= stated + _ROUNDING
    return {
        "distances": 1,
        "within": int(is_within),
        "off": max(off, 0.0),
        "stated": stated,
        "exact": int(off < _ROUNDING),
    }


def page(found: dict[str, dict[str, Any]]) -> str:
    """Return the table."""
    heads = [
        *("data", "trials", "same verdict of the whole", "of every measure", "measures that differ"),
        *("distances within the stated error", "equal to those of the values", "mean error", "mean stated"),
    ]
    lines = [f"| {' | '.join(heads)} |", f"| :-- |{' --: |' * (len(heads) - 1)}"]
    for cell, counts in found.items():
        n, distances = counts["trials"], counts["distances"]
        lines.append(
            f"| {CELLS[cell].words} | {n:,} | {counts['worst'] / n:.1%} | {counts['equal'] / n:.1%} | "
            f"{counts['differ']:,} of {counts['measures']:,} | {counts['within']:,} of {distances:,} | "
            f"{counts['exact'] / distances:.0%} | {counts['off'] / distances:.5f} | "
            f"{counts['stated'] / distances:.4f} |"
        )
    return "\n".join(lines) + "\n"


def main(asked: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Run the trials; counts are written down as they come, and go on from there."""
    warnings.simplefilter("ignore")
    into: Path | None = asked.into
    found: dict[str, dict[str, Any]] = json.loads(into.read_text(encoding="utf-8")) if into and into.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(asked.trials):
            for cell in HOW:
                known = Counter(found.get(cell, {}))
                if known["trials"] <= number:
                    known.update(trial(cell, number, Path(folder)))
                    found[cell] = dict(known)
            if into:
                into.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="whether a committed sketch says what the data say")
    parser.add_argument("--trials", type=int, default=250, help="of each of the four kinds of data")
    parser.add_argument("--into", type=Path, help="keep the counts in this file of JSON")
    parser.add_argument("--page", type=Path, help="write the table into this file")
    given = parser.parse_args()
    told = page(main(given))
    print(told)
    if given.page:
        given.page.write_text(told, encoding="utf-8")
