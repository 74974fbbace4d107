"""Flights of two months that are alike, and a second month with planted defects: what deepchecks must see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from numpy.typing import NDArray


ROWS = 600
CANARY = "canaryq7x"


def month(seed: int, rows: int = ROWS) -> dict[str, NDArray[Any]]:
    """Return the columns of an ordinary month; the label depends on the delay, with noise."""
    draw = np.random.default_rng(seed)
    delay = draw.normal(size=rows)
    minute = np.sort(draw.choice(40_000, rows, replace=False)) + seed * 50_000
    return {
        "flight": np.arange(rows) + seed * 10_000,
        "departs": np.datetime64("2013-01-01", "us") + minute * np.timedelta64(60, "s"),
        "delay": delay,
        "distance": draw.normal(size=rows),
        "carrier": draw.choice(["UA", "DL", "AA"], rows),
        "late": delay + draw.normal(size=rows) > 0,
    }


def january() -> pa.Table:
    return pa.table(month(1))


def february() -> pa.Table:
    """Return a month that is like January."""
    return pa.table(month(2))


def broken_february() -> pa.Table:
    """Return a month with a new carrier, another distance, flipped labels, rows of January and rows that contradict."""
    columns, old = month(2), month(1)
    columns["carrier"][:60] = CANARY
    columns["distance"] = columns["distance"] * 0.1 + 4
    columns["late"] = columns["late"] | (np.arange(ROWS) % 3 > 0)
    for name in columns:
        columns[name][200:300] = old[name][200:300]
        columns[name][401:500:2] = columns[name][400:500:2]
    columns["late"][401:500:2] = ~columns["late"][400:500:2]
    return pa.table(columns)


def sloppy_january() -> Any:
    """Return a pandas frame with a constant, a column of two types, spellings of one word, twins and symbols."""
    import pandas as pd

    columns = month(1)
    frame = pd.DataFrame({name: columns[name] for name in ("delay", "late")})
    frame["always"] = 1
    frame["mixed"] = [f"gate {n}" if n % 20 == 0 else n for n in range(ROWS)]
    frame["word"] = ["late", "Late!", "early", "LATE"] * (ROWS // 4)
    frame["symbol"] = ["?!", "ok", "fine", "good"] * (ROWS // 4)
    return pd.concat([frame, frame.iloc[:100]], ignore_index=True)


def scores(rows: Any) -> NDArray[np.float64]:
    """Return what a fair model says of the rows of a pandas frame: the probability of being late."""
    return np.asarray(1 / (1 + np.exp(-2 * rows["delay"].to_numpy(dtype=float))))


def constant_scores(rows: Any) -> NDArray[np.float64]:
    """Return what a useless model says."""
    return np.full(len(rows), 0.7)
