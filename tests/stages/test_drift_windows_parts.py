"""Texts and vectors, one window against a history and in a timeline: red twins are seen, ordinary days are quiet."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pytest_mlops import no_change, no_drift
from pytest_mlops.stages.drift import measure_timeline, measure_windows

DAYS, ROWS, LENGTH = 40, 60, 6
WORDS = np.array([f"word{number}" for number in range(400)])
OFTEN = 1 / np.arange(1.0, 401.0)


def history() -> pd.DataFrame:
    """Return days of notes and of vectors, which differ a little from each other."""
    rng = np.random.default_rng(1)
    day = np.repeat(np.arange(DAYS), ROWS)
    ends = np.cumsum(rng.poisson(9, len(day)) + 1)
    words = rng.choice(WORDS, ends[-1], p=OFTEN / OFTEN.sum())
    return pd.DataFrame(
        {
            "seen": pd.Timestamp("2024-01-01") + pd.to_timedelta(day, "D"),
            "note": [" ".join(some) for some in np.split(words, ends[:-1])],
            "vector": list(rng.normal(rng.normal(0, 0.1, (DAYS, LENGTH))[day], 1)),
        }
    )


ALL = history()
THEN, TODAY = ALL[ALL["seen"] < "2024-02-09"], ALL[ALL["seen"] == "2024-02-09"]
TURNED = TODAY.assign(vector=[vector[::-1] + np.arange(LENGTH) / 4 for vector in TODAY["vector"]])
OTHER_WORDS = TODAY.assign(note=TODAY["note"].str.replace("word", "mot "))
CUT = TODAY.assign(note=TODAY["note"].str[:20])


def not_green(judgements: Any) -> set[str]:
    return {
        f"{j.measurement.subject.partition('.')[2]}:{j.measurement.short_name}"
        for j in judgements
        if j.verdict != "pass"
    }


def listed(frame: pd.DataFrame) -> list[pd.DataFrame]:
    return [rows.drop(columns="seen") for _, rows in frame.groupby("seen")]


@pytest.mark.parametrize("form", ["a table", "a list"])
@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (TODAY, set()),
        (OTHER_WORDS, {"note:vocabulary_distance"}),
        (CUT, {"note:text_length_ks"}),
        (TURNED, {"vector:vector_shift"}),
    ],
    ids=["ordinary", "other words", "texts that are cut", "vectors that moved"],
)
def test_a_window_of_texts_and_vectors(today: pd.DataFrame, expected: set[str], form: str) -> None:
    if form == "a list":
        result = measure_windows(today.drop(columns="seen"), reference=listed(THEN), name="today", seed=5)
    else:
        result = measure_windows(today, reference=THEN, name="today", windows="day", seed=5)
    measured = {measurement.short_name for measurement in result.measurements}
    assert {"text_length_ks", "vocabulary_distance", "vector_shift", "vector_distance"} <= measured
    found = not_green(no_drift().judge(result))
    assert found >= expected
    assert {one.partition(":")[0] for one in found} == {one.partition(":")[0] for one in expected}


def test_the_day_from_which_on_vectors_are_others() -> None:
    later = ALL["seen"] >= "2024-01-21"
    moved = ALL.assign(vector=[v + 0.5 * new for v, new in zip(ALL["vector"], later, strict=True)])
    result = measure_timeline(moved, name="year", windows="day", seed=5)
    found = {j.measurement.short_name: j for j in no_change().judge(result) if j.verdict == "fail"}
    assert found["vector_shift"].measurement.parameters["between"] == ["2024-01-20", "2024-01-21"]
    quiet = no_change().judge(measure_timeline(ALL, name="year", windows="day", seed=5))
    assert not [j for j in quiet if j.verdict == "fail"]
