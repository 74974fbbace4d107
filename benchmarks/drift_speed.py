"""What comparing a million rows by 30 columns costs: ours, other tools, and the least that it can take.

python benchmarks/drift_speed.py [rows] [--evidently PYTHON] [--deepchecks PYTHON] [--markdown FILE.md]
python benchmarks/drift_speed.py --scaling [--plot FILE.svg]

25 columns of normal numbers and 5 of categories on both sides. Each contender runs in a process of its own on the same
Parquet files, read and its modules imported before its clock starts; ours was warmed on a thousand rows. `peak` is the
most memory above what was held then, over the size of both frames. Other tools run in interpreters that are given; how
they are made stands in `drift_power.py`. `sort` and `histogram` are the bare bounds: each numeric column of both
sides sorted, or counted into 100 bins once, and the categories counted.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBERS, CATEGORIES = 25, 5
GROWS = {"rows": [10_000, 100_000, 1_000_000, 4_000_000], "columns": [6, 30, 90]}
_QUIET = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "DO_NOT_TRACK": "1",
    "DISABLE_DEEPCHECKS_ANONYMOUS_TELEMETRY": "1",
    "DISABLE_LATEST_VERSION_CHECK": "1",
}


def write_data(folder: Path, rows: int, columns: int = NUMBERS + CATEGORIES) -> None:
    """Write both sides, drawn alike; a sixth of the columns are categories."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    draw = np.random.default_rng(7)
    words = np.array(["EWR", "JFK", "LGA", "SEA", "BOS", "ORD"])
    n_words = columns * CATEGORIES // (NUMBERS + CATEGORIES)
    for side in ("reference", "current"):
        made: dict[str, Any] = {f"n{number:02}": draw.normal(0, 1, rows) for number in range(columns - n_words)}
        made |= {f"w{number}": words[draw.integers(0, len(words), rows)] for number in range(n_words)}
        pq.write_table(pa.table(made), folder / f"{side}.parquet")


def ours(reference: Any, current: Any, *, unit: str | None) -> None:
    """Measure and judge with this package."""
    from pytest_mlops import no_drift
    from pytest_mlops.stages.drift import measure_drift

    result = measure_drift(current, reference=reference, name="it", unit=unit)
    if any(judgement.verdict == "fail" for judgement in no_drift().judge(result)):
        raise SystemExit("unchanged data failed")


def sort(reference: Any, current: Any) -> None:
    """Sort all numbers, count all categories."""
    import numpy as np

    for side in (reference, current):
        for column in side:
            if column.startswith("n"):
                np.sort(side[column].to_numpy())
            else:
                side[column].value_counts()


def histogram(reference: Any, current: Any) -> None:
    """Count all numbers into bins once, and all categories."""
    import numpy as np

    for side in (reference, current):
        for column in side:
            if column.startswith("n"):
                np.histogram(side[column].to_numpy(), 100)
            else:
                side[column].value_counts()


def evidently(reference: Any, current: Any) -> None:
    """Run the preset, as its report has it."""
    from evidently import Report
    from evidently.presets import DataDriftPreset

    Report([DataDriftPreset()], include_tests=True).run(current, reference).dict()


def evidently_html(reference: Any, current: Any) -> None:
    """Run the preset and write its report."""
    from evidently import Report
    from evidently.presets import DataDriftPreset

    Report([DataDriftPreset()], include_tests=True).run(current, reference).get_html_str(as_iframe=False)


def deepchecks(reference: Any, current: Any, *, is_report: bool) -> None:
    """Run FeatureDrift on all rows, with its report or without."""
    from deepchecks.tabular import Dataset
    from deepchecks.tabular.checks import FeatureDrift

    words = [column for column in reference if column.startswith("w")]
    sides = [
        Dataset(rows.set_axis(rows.index + 10**9 * number), cat_features=words)
        for number, rows in enumerate((reference, current))
    ]
    check = FeatureDrift(n_samples=len(reference)).add_condition_drift_score_less_than()
    check.run(*sides, with_display=is_report)


CONTENDERS: dict[str, tuple[str, Callable[[Any, Any], None]]] = {
    "ours, unit=row": ("", lambda old, new: ours(old, new, unit="row")),
    "ours, no unit said": ("", lambda old, new: ours(old, new, unit=None)),
    "bare sort": ("", sort),
    "bare histogram": ("", histogram),
    "Evidently, preset": ("evidently", evidently),
    "Evidently, preset with HTML": ("evidently", evidently_html),
    "deepchecks, FeatureDrift on all rows": ("deepchecks", lambda old, new: deepchecks(old, new, is_report=False)),
    "deepchecks, the same with report": ("deepchecks", lambda old, new: deepchecks(old, new, is_report=True)),
}
OURS = "ours, unit=row"


def contend(name: str, folder: str) -> dict[str, float]:
    """Run one contender; called in a process of its own."""
    import logging
    import warnings

    import pandas as pd

    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    sides = [pd.read_parquet(Path(folder, f"{side}.parquet")) for side in ("reference", "current")]
    frame = sum(int(side.memory_usage().sum()) for side in sides) / 2**20
    run = CONTENDERS[name][1]
    run(*(side.head(1000).copy() for side in sides))
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak of reading the file is forgotten
    began = time.perf_counter(), time.process_time()
    run(*sides)
    wall, cpu = time.perf_counter() - began[0], time.process_time() - began[1]
    return {"s": wall, "cpu_s": cpu, "frame": frame, "peak": (frame + resident("VmHWM") - before) / frame}


def resident(line: str) -> float:
    """Return the memory of this process in MiB: `VmRSS` now, `VmHWM` at its peak (Linux)."""
    told = next(said for said in Path("/proc/self/status").read_text().splitlines() if said.startswith(line))
    return int(told.split()[1]) / 1024


def in_process(name: str, folder: Path, python: str) -> dict[str, float]:
    """Run one contender in a process of its own, on one thread."""
    command = [python, __file__, "--one", name, str(folder)]
    done = subprocess.run(
        command, env={**os.environ, **_QUIET}, capture_output=True, text=True, check=False, timeout=3600
    )
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr[-2000:]}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def compare(rows: int, pythons: dict[str, str]) -> str:
    """Run every contender that has an interpreter; return a table in Markdown."""
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        write_data(Path(folder), rows)
        for name, (tool, _) in CONTENDERS.items():
            if not tool or pythons.get(tool):
                found[name] = in_process(name, Path(folder), pythons.get(tool) or sys.executable)
                print(name, {key: round(value, 2) for key, value in found[name].items()}, flush=True)
    lines = [
        f"{rows:,} rows by {NUMBERS + CATEGORIES} columns on each side.",
        "",
        "| | CPU s | s | CPU s, of ours | peak, of both frames |",
        "| :-- | --: | --: | --: | --: |",
    ]
    for name, figures in found.items():
        ratio = figures["cpu_s"] / found[OURS]["cpu_s"]
        lines.append(f"| {name} | {figures['cpu_s']:.2f} | {figures['s']:.2f} | {ratio:.2g} | {figures['peak']:.2f} |")
    return "\n".join(lines) + "\n"


def scaling() -> dict[str, dict[str, list[list[float]]]]:
    """Measure how the CPU seconds of ours and of the bare bounds grow with rows and columns."""
    found: dict[str, dict[str, list[list[float]]]] = {}
    for what, sizes in GROWS.items():
        found[what] = {name: [] for name in list(CONTENDERS)[:4]}
        for size in sizes:
            shape = {"rows": 100_000, "columns": NUMBERS + CATEGORIES} | {what: size}
            with tempfile.TemporaryDirectory() as folder:
                write_data(Path(folder), shape["rows"], shape["columns"])
                for name, points in found[what].items():
                    points.append([size, in_process(name, Path(folder), sys.executable)["cpu_s"]])
                    print(f"{what} {size:>9,}  {name:20} {points[-1][1]:8.3f} CPU s", flush=True)
    return found


def plot(found: dict[str, dict[str, list[list[float]]]], path: Path) -> None:
    """Draw two plots side by side, both axes logarithmic."""
    from matplotlib import rcParams
    from matplotlib.figure import Figure

    rcParams["svg.hashsalt"] = "pytest-mlops"  # the same picture for the same figures
    figure = Figure(figsize=(9, 4), layout="constrained")
    axes: Any = figure.subplots(1, 2, sharey=True)
    fixed = {"rows": f"{NUMBERS + CATEGORIES} columns", "columns": "100,000 rows"}
    for axis, (what, lines) in zip(axes, found.items(), strict=True):
        for (name, points), marker in zip(lines.items(), "os^D", strict=True):
            axis.plot(*zip(*points, strict=True), marker=marker, label=name)
        axis.set(xscale="log", yscale="log", xlabel=f"{what} of a side", title=fixed[what])
        axis.grid(visible=True, alpha=0.3)
    axes[0].set_ylabel("CPU seconds")
    axes[0].legend(fontsize="small")
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(contend(sys.argv[2], sys.argv[3])))
    else:
        parser = argparse.ArgumentParser(description="what comparing a million rows costs")
        parser.add_argument("rows", type=int, nargs="?", default=1_000_000)
        parser.add_argument("--evidently", metavar="PYTHON")
        parser.add_argument("--deepchecks", metavar="PYTHON")
        parser.add_argument("--markdown", type=Path, help="also write the table to this file")
        parser.add_argument("--scaling", action="store_true", help="how cost grows, of ours and of the bare bounds")
        parser.add_argument("--plot", type=Path, help="draw that into this file")
        given = parser.parse_args()
        if given.scaling:
            grown = scaling()
            if given.plot:
                plot(grown, given.plot)
        else:
            told = compare(given.rows, {"evidently": given.evidently, "deepchecks": given.deepchecks})
            print(told)
            if given.markdown:
                given.markdown.write_text(told, encoding="utf-8")
