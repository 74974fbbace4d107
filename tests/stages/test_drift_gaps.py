"""Gaps in time: a day that is missing is seen; nights, weekends and few rows are no gaps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_mlops import no_drift
from pytest_mlops.stages.drift import measure_drift, read_reference, reference_of, reference_text
from pytest_mlops.stages.drift.gaps import Gaps, gap_change

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

WORKDAYS = [day for day in range(31) if day % 7 < 5]


def month(seed: int, start: str = "2024-01-01", days: Sequence[int] = range(31), rows: float = 60) -> pd.DataFrame:
    """Return rows at times of some days, of which there are more or fewer a day."""
    rng = np.random.default_rng(seed)
    n = rng.poisson(rows * rng.gamma(9, 1 / 9, len(days)))
    seconds = np.repeat(np.array([*days]) * 86_400, n) + rng.integers(6 * 3_600, 22 * 3_600, n.sum())
    return pd.DataFrame(
        {"seen": pd.Timestamp(start) + pd.to_timedelta(seconds, "s"), "x": rng.normal(0, 1, len(seconds))}
    )


def red(current: Any, reference: Any, **options: Any) -> set[str]:
    """Return the kinds of gaps that are not a pass."""
    result = measure_drift(current, reference=reference, name="new", unit="row", seed=5)
    judged = [*no_drift(**options).judge(result)]
    kinds = {"longest_gap", "empty_share"}
    return {j.measurement.short_name for j in judged if j.verdict != "pass"} & kinds


def without(days: Sequence[int], *gone: int) -> list[int]:
    return [day for day in days if day not in gone]


OLD, OLD_WORK = month(1), month(1, days=WORKDAYS)
RED = {
    "a day": (month(2, "2024-02-01", without(range(29), 12)), OLD, {"longest_gap"}),
    "a week": (month(2, "2024-02-01", without(range(29), *range(8, 15))), OLD, {"longest_gap", "empty_share"}),
    "every other day": (month(2, "2024-02-01", range(0, 29, 2)), OLD, {"longest_gap", "empty_share"}),
    "a Wednesday": (month(2, "2024-01-29", without(WORKDAYS, 9)), OLD_WORK, {"longest_gap"}),
    "a Monday": (month(2, "2024-01-29", without(WORKDAYS, 14)), OLD_WORK, {"longest_gap"}),
}


@pytest.mark.parametrize("name", RED)
def test_red_twins(name: str) -> None:
    current, reference, expected = RED[name]
    assert red(current, reference) == expected


QUIET = {
    "unchanged": (month(2, "2024-02-01", range(29)), OLD),
    "weekends of both": (month(2, "2024-02-05", WORKDAYS), OLD_WORK),
    "weekends are worked now": (month(2, "2024-02-05"), OLD_WORK),
    "a day is missing in both": (month(2, "2024-02-01", without(range(29), 5)), month(1, days=without(range(31), 20))),
    "a few rows a day": (month(2, rows=3), month(1, rows=3)),
    "rows in another order": (month(2, "2024-02-01", range(29)).sample(frac=1, random_state=1), OLD),
    "a longer time": (month(2, "2024-02-01", range(90)), OLD),
    "dates of long ago": (
        month(2).assign(seen=lambda rows: rows["seen"] - pd.to_timedelta(np.arange(len(rows)) * 20, "D")),
        month(1).assign(seen=lambda rows: rows["seen"] - pd.to_timedelta(np.arange(len(rows)) * 20, "D")),
    ),
}


@pytest.mark.parametrize("name", QUIET)
def test_quiet_twins(name: str) -> None:
    assert red(*QUIET[name]) == set()


def hours(seed: int, gone: Sequence[int] = ()) -> pd.DataFrame:
    """Return rows of five days, none at night, and none in some hours."""
    rng = np.random.default_rng(seed)
    known = [hour for hour in range(120) if 6 <= hour % 24 < 22 and hour not in gone]
    hour = np.repeat(known, rng.poisson(40 * rng.gamma(25, 1 / 25, len(known))))
    seconds = hour * 3_600 + rng.integers(0, 3_600, len(hour))
    return pd.DataFrame(
        {"seen": pd.Timestamp("2024-01-01") + pd.to_timedelta(seconds, "s"), "x": rng.normal(0, 1, len(hour))}
    )


def test_of_few_days_hours_are_looked_at() -> None:
    assert red(hours(2), hours(1)) == set()
    assert red(hours(2, [60, 61]), hours(1)) == {"longest_gap"}


def test_what_is_missing_is_said() -> None:
    current, reference, _ = RED["a day"]
    result = measure_drift(current, reference=reference, name="new", unit="row", seed=5)
    found = next(m for m in result.measurements if m.short_name == "longest_gap")
    assert (found.subject, found.value) == ("new[seen]", 1)
    assert found.note == "0 of 31 days without rows in the reference, 1 of 29 now, the first 2024-02-13"


def test_a_longer_gap_can_be_allowed() -> None:
    current, reference, _ = RED["a day"]
    assert red(current, reference, material={"longest_gap": 2}) == set()


def test_unchanged_times_alarm_no_more_often_than_stated() -> None:
    """Busy and idle months, with weekends and without."""
    alarms = 0
    for trial in range(60):
        rng = np.random.default_rng(trial)
        days, rows = (WORKDAYS, range(31))[trial % 2], (4, 20, 150)[trial % 3]
        sides = [Gaps("seen"), Gaps("seen")]
        for side in sides:
            n = rng.poisson(rows * rng.gamma(6, 1 / 6, len(days)))
            side.count(24 * np.array([*days])[n > 0], n[n > 0])
        found = gap_change(sides[0], sides[1], rng, 99)
        alarms += found is not None and found.longest > 0
    assert alarms <= 2


def test_a_committed_reference_gives_the_same(tmp_path: Path) -> None:
    path = tmp_path / "reference.json"
    current, reference, _ = RED["a day"]
    path.write_text(reference_text(reference_of(reference, unit="row", seed=5)), encoding="utf-8")
    there = measure_drift(current, reference=read_reference(path), name="new", seed=5)
    here = measure_drift(current, reference=reference, name="new", unit="row", seed=5)
    kinds = ("longest_gap", "empty_share")
    told = [[(m.value, m.note) for m in side.measurements if m.short_name in kinds] for side in (there, here)]
    assert told[0] == told[1]


@given(st.lists(st.integers(-10_000, 400_000), min_size=1, max_size=40))
def test_what_is_written_is_read(hours: list[int]) -> None:
    gaps = Gaps("seen")
    gaps.count(np.array(hours), np.ones(len(hours), dtype=np.int64))
    gaps = gaps.finished()
    if gaps.is_worth(0, is_name=False):
        read = Gaps.from_json(json.loads(json.dumps(gaps.to_json())))
        assert (read.counts, read.is_daily) == (gaps.counts, gaps.is_daily)
