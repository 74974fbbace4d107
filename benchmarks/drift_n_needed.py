"""How many rows, or days, the drift gate needs until it is green on unchanged data, with its default limits.

python benchmarks/drift_n_needed.py [--page FILE.md]

The smallest of some sizes at which the whole suite passes in at least nine of ten trials; before it, it says that there
are too few and how many more it would take.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from pytest_mlops import no_drift
from pytest_mlops.stages.drift import measure_drift

TRIALS, ENOUGH = 10, 9
ROWS = (200, 300, 500, 700, 1000, 1400, 2000, 3000, 5000)
DAYS = (8, 10, 14, 20, 30, 45, 60, 90, 120)
A_DAY = 200


def drawn(rng: np.random.Generator, n: int, columns: int, days: int = 0, spread: float = 0.0) -> pd.DataFrame:
    """Return columns of numbers, every fourth of categories; of days whose levels differ by a part of a deviation."""
    frame = pd.DataFrame({"day": np.repeat(np.arange(days), n // days)} if days else {"row": np.arange(n)})
    level = rng.normal(0, spread, (max(days, 1), columns))
    for number in range(columns):
        values = rng.normal(0, 1, n) + (level[frame["day"], number] if days else 0.0)
        cut = pd.cut(values, [-np.inf, -1, -0.3, 0.3, 1, np.inf], labels=list("abcde")).astype(str)
        frame[f"c{number}"] = cut if number % 4 == 3 else values  # noqa: PLR2004 - the fourth
    return frame if days else frame.drop(columns="row")


def share_green(n: int, columns: int, rate: float, *, days: int = 0, spread: float = 0.0) -> float:
    """Return in which share of the trials everything passes."""
    green = 0
    for trial in range(TRIALS):
        rng = np.random.default_rng([n, columns, days, trial])
        old, new = (drawn(rng, n, columns, days, spread) for _ in range(2))
        if days:
            new["day"] += days
        result = measure_drift(new, reference=old, name="it", unit="day" if days else "row", seed=trial)
        green += {str(j.verdict) for j in no_drift(false_alarms=rate).judge(result)} == {"pass"}
    return green / TRIALS


def needed(columns: int, rate: float, spread: float | None) -> str:
    """Return the smallest size at which the gate is green; `spread` None for rows that are independent."""
    for size in ROWS if spread is None else DAYS:
        found = (
            share_green(size, columns, rate)
            if spread is None
            else share_green(size * A_DAY, columns, rate, days=size, spread=spread)
        )
        if found * TRIALS >= ENOUGH:
            return f"{size:,}"
    return "more"


def page() -> str:
    """Return the table."""
    lines = [
        f"| columns | rate | rows a side | days of {A_DAY} rows, levels by 0.1 sd | levels by 0.3 sd |",
        "| --: | --: | --: | --: | --: |",
    ]
    for columns in (1, 10, 35):
        for rate in (0.05, 0.01):
            cells = [needed(columns, rate, spread) for spread in (None, 0.1, 0.3)]
            lines.append(f"| {columns} | {rate:.0%} | {' | '.join(cells)} |")
            print(lines[-1], flush=True)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="how many rows the drift gate needs to be green")
    parser.add_argument("--page", type=Path, help="write the table into this file")
    asked = parser.parse_args()
    table = page()
    if asked.page:
        asked.page.write_text(table, encoding="utf-8")
