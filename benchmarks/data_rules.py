"""65 simple rules on a million rows by 35 columns: Great Expectations, pandera, pointblank, by hand, and ours.

python benchmarks/data_rules.py [rows] [--markdown FILE]

Each contender runs in a process of its own, on the same Parquet file, read by its engine before its clock starts: the
frame is there, as it is in a test. `start` is the time of its imports, `first` that of the first judgement, `work`
that from the frame to 65 verdicts, the best of three; `peak` is the most memory above the frame, imports included.
Rules pass, or a third of them fail on one row in a hundred. Ratios are to ours on the same frame.
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

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBERS = [f"n{number:02}" for number in range(30)]
WORDS = [f"w{number}" for number in range(5)]
AMONG = ["EWR", "JFK", "LGA", "SEA"]
Rules = list[tuple[str, str, Any]]


def write_data(path: Path, rows: int) -> None:
    """Write the rows: whole numbers and fractions, and short words."""
    draw = np.random.default_rng(7)
    columns: dict[str, Any] = {
        name: draw.integers(0, 1000, rows) if number % 2 else draw.random(rows) * 1000
        for number, name in enumerate(NUMBERS)
    }
    columns |= {name: np.array(AMONG)[draw.integers(0, 4, rows)] for name in WORDS}
    pq.write_table(pa.table(columns), path)


def rules(*, failing: bool) -> Rules:
    """Return the rules: a kind, a column, and what it needs."""
    high = [990.0 if failing and number % 3 == 0 else 1000.0 for number in range(30)]
    return [
        *(("not_null", name, None) for name in NUMBERS),
        *(("between", name, (0.0, top)) for name, top in zip(NUMBERS, high, strict=True)),
        *(("among", name, AMONG[:3] if failing and name == "w0" else AMONG) for name in WORDS),
    ]


def entries(asked: Rules) -> list[dict[str, Any]]:
    """Return the rules as Great Expectations saves them."""
    makes: dict[str, Callable[[Any], tuple[str, dict[str, Any]]]] = {
        "not_null": lambda _: ("expect_column_values_to_not_be_null", {}),
        "between": lambda ends: ("expect_column_values_to_be_between", {"min_value": ends[0], "max_value": ends[1]}),
        "among": lambda words: ("expect_column_values_to_be_in_set", {"value_set": words}),
    }
    listed = []
    for kind, column, needs in asked:
        type_, kwargs = makes[kind](needs)
        listed.append({"type": type_, "kwargs": {"column": column, **kwargs}, "severity": "critical", "meta": {}})
    return listed


def by_hand_pandas(frame: Any, asked: Rules) -> list[bool]:
    """Judge with NumPy and pandas, as directly as one can."""
    verdicts = []
    for kind, column, needs in asked:
        values = frame[column]
        if kind == "not_null":
            verdicts.append(not values.isna().any())
        elif kind == "between":
            array = values.to_numpy()
            verdicts.append(bool(array.min() >= needs[0] and array.max() <= needs[1]))
        else:
            verdicts.append(bool(values.isin(needs).all()))
    return verdicts


def by_hand_polars(frame: Any, asked: Rules) -> list[bool]:
    """Judge with one select of polars."""
    import polars as pl

    makes: dict[str, Callable[[Any, Any], Any]] = {
        "not_null": lambda column, _: column.null_count() == 0,
        "between": lambda column, ends: column.is_between(*ends).all(),
        "among": lambda column, words: column.is_in(words).all(),
    }
    built = [makes[kind](pl.col(column), needs).alias(str(n)) for n, (kind, column, needs) in enumerate(asked)]
    return list(frame.select(built).row(0))


def ours(frame: Any, asked: Rules) -> list[bool]:
    """Judge with this package."""
    from pytest_mlops.stages.data import measure_entries

    return [outcome.success for outcome in measure_entries(frame, entries(asked))]


def great_expectations(frame: Any, asked: Rules) -> list[bool]:
    """Judge with Great Expectations, counts of failures included."""
    from pytest_mlops.adapters.great_expectations import run_suite

    return [outcome.success for outcome in run_suite(frame, {"expectations": entries(asked)})]


def pandera(frame: Any, asked: Rules) -> list[bool]:
    """Judge with pandera, lazily: all rules are judged."""
    if type(frame).__module__.startswith("polars"):
        import pandera.polars as pa_
    else:
        import pandera.pandas as pa_  # type: ignore[no-redef]
    columns: dict[str, Any] = {}
    for kind, column, needs in asked:
        made = columns.setdefault(column, {"checks": [], "nullable": True})
        if kind == "not_null":
            made["nullable"] = False
        else:
            made["checks"].append(pa_.Check.in_range(*needs) if kind == "between" else pa_.Check.isin(needs))
    schema = pa_.DataFrameSchema({name: pa_.Column(**made) for name, made in columns.items()})
    try:
        schema.validate(frame, lazy=True)
    except pa_.errors.SchemaErrors as exc:
        failed = {case.schema.name for case in exc.schema_errors if hasattr(case, "schema")}
        return [column not in failed for _, column, _ in asked]
    return [True] * len(asked)


def pointblank(frame: Any, asked: Rules) -> list[bool]:
    """Judge with pointblank."""
    import pointblank as pb

    plan = pb.Validate(frame)
    for kind, column, needs in asked:
        if kind == "not_null":
            plan = plan.col_vals_not_null(column)
        elif kind == "between":
            plan = plan.col_vals_between(column, *needs)
        else:
            plan = plan.col_vals_in_set(column, needs)
    return list((plan.interrogate().all_passed() and [True] * len(asked)) or [False])


def _relation(path: str) -> Any:
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE flights AS FROM '{path}'")
    return connection.table("flights")


READ: dict[str, Callable[[str], Any]] = {
    "pandas": lambda path: __import__("pandas").read_parquet(path),
    "polars": lambda path: __import__("polars").read_parquet(path),
    "pyarrow": pq.read_table,
    "duckdb": _relation,
    "file": lambda path: path,
}
CONTENDERS: dict[str, tuple[Callable[[Any, Rules], list[bool]], str, str]] = {
    # what judges, the frame, and the modules whose import is its start-up
    "by hand, pandas": (by_hand_pandas, "pandas", ""),
    "by hand, polars": (by_hand_polars, "polars", ""),
    "ours, pandas": (ours, "pandas", "pytest_mlops.stages.data narwhals"),
    "ours, polars": (ours, "polars", "pytest_mlops.stages.data narwhals"),
    "ours, pyarrow": (ours, "pyarrow", "pytest_mlops.stages.data narwhals"),
    "ours, duckdb": (ours, "duckdb", "pytest_mlops.stages.data narwhals"),
    "ours, file": (ours, "file", "duckdb pytest_mlops.stages.data narwhals"),
    "pandera, pandas": (pandera, "pandas", "pandera.pandas"),
    "pandera, polars": (pandera, "polars", "pandera.polars"),
    "pointblank, polars": (pointblank, "polars", "pointblank"),
    "Great Expectations, pandas": (great_expectations, "pandas", "great_expectations"),
}
SHOWN = {
    "start": "start s", "first": "first s", "work": "work s", "start_cpu": "start CPU s", "work_cpu": "work CPU s",
    "peak": "peak MiB",
}  # fmt: skip
RATIOS = {"start to verdict": ("start", "first"), "work": ("work",), "work CPU": ("work_cpu",), "peak": ("peak",)}


def contend(name: str, path: str, *, failing: bool) -> dict[str, float]:
    """Run one contender; called in a process of its own."""
    import importlib
    import logging
    import warnings

    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    judge, engine, modules = CONTENDERS[name]
    frame, asked = READ[engine](path), rules(failing=failing)
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak of reading the file is forgotten
    began = time.perf_counter(), time.process_time()
    for module in modules.split():
        importlib.import_module(module)
    start = time.perf_counter() - began[0], time.process_time() - began[1]
    times = []
    for _ in range(3):
        began = time.perf_counter(), time.process_time()
        verdicts = judge(frame, asked)
        times.append((time.perf_counter() - began[0], time.process_time() - began[1]))
    if all(verdicts) is failing:
        raise SystemExit(f"{name} judged wrongly: failing {failing}, verdicts {verdicts}")
    best = min(times)
    figures = (*start, times[0][0], *best, resident("VmHWM") - before)
    return dict(zip(("start", "start_cpu", "first", "work", "work_cpu", "peak"), figures, strict=True))


def resident(line: str) -> float:
    """Return the memory of this process in MiB: `VmRSS` now, `VmHWM` at its peak (Linux)."""
    told = next(said for said in Path("/proc/self/status").read_text().splitlines() if said.startswith(line))
    return int(told.split()[1]) / 1024


def main(rows: int) -> str:
    """Run every contender; return two tables, of figures and of ratios to ours on the same frame, in Markdown."""
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows.parquet")
        write_data(path, rows)
        for failing in (False, True):
            found = {}
            for name in CONTENDERS:
                found[name] = _in_process(name, path, failing=failing)
                print(name, {key: round(value, 3) for key, value in found[name].items()}, flush=True)
            title = f"{rows:,} rows by 35 columns, 65 rules, {'a third of which fails' if failing else 'all met'}"
            lines += [f"### {title}", "", *_tables(found)]
    return "\n".join(lines)


def _tables(found: dict[str, dict[str, float]]) -> list[str]:
    lines = [f"| | {' | '.join([*SHOWN.values(), *(f'{ratio}, of ours' for ratio in RATIOS)])} |"]
    lines.append(f"| :-- |{' --: |' * (len(SHOWN) + len(RATIOS))}")
    for name, figures in found.items():
        own = found[f"ours, {name.rpartition(', ')[2]}"]
        shown = [f"{figures[key]:.0f}" if key == "peak" else f"{figures[key]:.3f}" for key in SHOWN]
        ratios = [_ratio(figures, own, keys) for keys in RATIOS.values()]
        lines.append(f"| {name} | {' | '.join([*shown, *ratios])} |")
    return [*lines, ""]


def _ratio(figures: dict[str, float], own: dict[str, float], keys: tuple[str, ...]) -> str:
    if figures is own:
        return "1"
    return f"{sum(figures[key] for key in keys) / max(sum(own[key] for key in keys), 1e-9):.2g}"


def _in_process(name: str, path: Path, *, failing: bool) -> dict[str, float]:
    command = [sys.executable, __file__, name, str(path), "failing" if failing else "passing"]
    environment = {**os.environ, "GX_ANALYTICS_ENABLED": "false", "DISABLE_PANDERA_IMPORT_WARNING": "True"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=900)
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr[-2000:]}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


if __name__ == "__main__":
    if sys.argv[2:] and sys.argv[1] in CONTENDERS:
        print(json.dumps(contend(sys.argv[1], sys.argv[2], failing=sys.argv[3] == "failing")))
    else:
        parser = argparse.ArgumentParser(description="65 rules: Great Expectations, pandera, pointblank, and ours")
        parser.add_argument("rows", type=int, nargs="?", default=1_000_000)
        parser.add_argument("--markdown", type=Path, help="also write the tables to this file")
        given = parser.parse_args()
        tables = main(given.rows)
        print(tables)
        if given.markdown:
            given.markdown.write_text(tables + "\n", encoding="utf-8")
