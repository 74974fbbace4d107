"""Pairs of real data in which one thing was changed: what a drift gate should see."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import drift_null
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    Pair = tuple[pd.DataFrame, pd.DataFrame]
    Rng = np.random.Generator
    Change = Callable[[pd.DataFrame, Rng], None]

NUMBERS = ["dep_time", "sched_dep_time", "dep_delay", "arr_delay", "air_time", "distance", "flight", "hour", "minute"]
WORDS = ["carrier", "origin", "dest"]
DAY = "date"
TARGET = "arr_delay"
_KM = 1.609344


@cache
def flights() -> pd.DataFrame:
    """Return 12 columns of the flights from New York in 2013, and their day as a number."""
    return drift_null.flights()[[*NUMBERS, *WORDS, DAY]]


@dataclass(frozen=True)
class Cell:
    """How a pair of unchanged data is drawn: its unit, rows of a side, trials of unchanged and of changed data."""

    words: str
    unit: str
    n: int
    is_year: bool = True
    trials: tuple[int, int] = (100, 25)

    def draw(self, rng: Rng) -> Pair:
        """Return reference and current data; their rows, or their days, are drawn at random."""
        rows = flights()
        if self.unit == "row":
            order = rng.permutation(len(rows))
            return _taken(rows.drop(columns=DAY), order[: self.n]), _taken(
                rows.drop(columns=DAY), order[self.n : 2 * self.n]
            )
        if not self.is_year:
            rows = rows[rows[DAY] // 100 == rng.integers(1, 13)]
        days = rng.permutation(rows[DAY].unique())
        first = rows[DAY].isin(days[: len(days) // 2]).to_numpy()
        halves = [rng.permutation(np.flatnonzero(side))[: self.n] for side in (first, ~first)]
        return _taken(rows, halves[0]), _taken(rows, halves[1])


def _taken(rows: pd.DataFrame, places: Any) -> pd.DataFrame:
    return rows.iloc[np.sort(places)].reset_index(drop=True)


CELLS = {
    "rows-500": Cell("500 rows of the year a side", "row", 500),
    "rows-5000": Cell("5,000 rows of the year a side", "row", 5_000),
    "rows-50000": Cell("50,000 rows of the year a side", "row", 50_000, trials=(60, 10)),
    "days-500": Cell("500 rows of half of a month's days a side", DAY, 500, is_year=False),
    "days-5000": Cell("5,000 rows of half of a month's days a side", DAY, 5_000, is_year=False),
    "days-50000": Cell("50,000 rows of half of the year's days a side", DAY, 50_000, trials=(60, 10)),
}


def _some(rows: pd.DataFrame, share: float, rng: Rng, column: str | None = None) -> Any:
    """Return the places of a share of the rows, of those that have a value."""
    places = np.arange(len(rows)) if column is None else np.flatnonzero(rows[column].notna())
    return np.sort(rng.permutation(places)[: round(share * len(rows))])


def _shift(rows: pd.DataFrame, _: Rng, *, column: str, by: float) -> None:
    rows[column] = (rows[column] + by * rows[column].std()).round()


def _spread(rows: pd.DataFrame, _: Rng, *, column: str, times: float) -> None:
    middle = rows[column].mean()
    rows[column] = (middle + times * (rows[column] - middle)).round()


def _tail(rows: pd.DataFrame, _: Rng, *, column: str, share: float, times: float) -> None:
    end = rows[column].quantile(1 - share)
    rows[column] = (rows[column] + (times - 1) * (rows[column] - end).clip(lower=0)).round()


def _missing(rows: pd.DataFrame, rng: Rng, *, column: str, share: float) -> None:
    rows.loc[_some(rows, share, rng, column), column] = np.nan


def _rename(rows: pd.DataFrame, _: Rng, *, column: str, words: dict[str, str]) -> None:
    rows[column] = rows[column].replace(words)


def _put(rows: pd.DataFrame, rng: Rng, *, column: str, share: float, value: Any) -> None:
    rows.loc[_some(rows, share, rng, column), column] = value


def _stuck(rows: pd.DataFrame, rng: Rng, *, column: str, share: float) -> None:
    _put(rows, rng, column=column, share=share, value=rows[column].median().round())


def _factor(rows: pd.DataFrame, rng: Rng, *, column: str, share: float, by: float) -> None:
    places = _some(rows, share, rng, column)
    rows[column] = rows[column].astype(float)
    rows.loc[places, column] = (rows.loc[places, column] * by).round()


def _copies(rows: pd.DataFrame, rng: Rng, *, share: float) -> None:
    order = rng.permutation(len(rows))
    n = round(share * len(rows))
    rows.iloc[order[:n]] = rows.iloc[order[n : 2 * n]].to_numpy()


def _shuffled(rows: pd.DataFrame, rng: Rng, *, column: str, share: float) -> None:
    places = _some(rows, share, rng, column)
    rows.loc[places, column] = rng.permutation(rows.loc[places, column].to_numpy())


def _flipped(rows: pd.DataFrame, _: Rng, *, by: str, column: str, segment: tuple[str, str]) -> None:
    """Give the largest values of a column to the rows with the smallest of another; each column stays as it is."""
    some = rows[(rows[segment[0]] == segment[1]) & rows[by].notna() & rows[column].notna()]
    order = some[by].sort_values(kind="stable").index
    rows.loc[order, column] = np.sort(some[column].to_numpy())[::-1]


CHANGES: dict[str, Change] = {
    "mean of air_time by 0.1 sd": partial(_shift, column="air_time", by=0.1),
    "mean of dep_time by 0.1 sd": partial(_shift, column="dep_time", by=0.1),
    "spread of air_time by 1.2": partial(_spread, column="air_time", times=1.2),
    "spread of arr_delay by 1.2": partial(_spread, column="arr_delay", times=1.2),
    "tail of dep_delay: top 5 % half as far again": partial(_tail, column="dep_delay", share=0.05, times=1.5),
    "1 % of air_time missing": partial(_missing, column="air_time", share=0.01),
    "3 % of air_time missing": partial(_missing, column="air_time", share=0.03),
    "a carrier of 4 % renamed": partial(_rename, column="carrier", words={"WN": "SW"}),
    "two carriers swapped, 17 % and 10 %": partial(_rename, column="carrier", words={"UA": "AA", "AA": "UA"}),
    "two carriers swapped, 16 % each": partial(_rename, column="carrier", words={"B6": "EV", "EV": "B6"}),
    "a new carrier in 0.2 %": partial(_put, column="carrier", share=0.002, value="ZZ"),
    "distance in km, all rows": partial(_factor, column="distance", share=1.0, by=_KM),
    "distance in km, 2 % of the rows": partial(_factor, column="distance", share=0.02, by=_KM),
    "sign of dep_delay flipped, 1 %": partial(_factor, column="dep_delay", share=0.01, by=-1),
    "sign of dep_delay flipped, 2 %": partial(_factor, column="dep_delay", share=0.02, by=-1),
    "air_time stuck, 2 %": partial(_stuck, column="air_time", share=0.02),
    "air_time stuck, 10 %": partial(_stuck, column="air_time", share=0.10),
    "3 % of the rows are copies": partial(_copies, share=0.03),
    "arr_delay shuffled": partial(_shuffled, column="arr_delay", share=1.0),
    "arr_delay shuffled in 20 % of the rows": partial(_shuffled, column="arr_delay", share=0.2),
    "arr_delay reversed against dep_delay for US": partial(
        _flipped, by="dep_delay", column="arr_delay", segment=("carrier", "US")
    ),
}
UNCHANGED = "nothing"


def planted(current: pd.DataFrame, change: str, rng: Rng) -> pd.DataFrame:
    """Return the data with one thing changed."""
    rows = current.copy()
    if change != UNCHANGED:
        CHANGES[change](rows, rng)
    return rows
