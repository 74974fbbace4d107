"""Timelines: a planted change is found, dated and sized; a sequence that only varies by itself is quiet."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pytest_mlops import DeclarationError, no_change
from pytest_mlops.stages.drift import measure_timeline


def sequence(seed: int, weeks: int = 24, at: int = 15, shift: float = 0.0, rows: int = 150) -> pd.DataFrame:
    """Return weeks with a level of their own each; from week `at` on another one."""
    rng = np.random.default_rng(seed)
    week = np.repeat(np.arange(weeks), rows)
    level = rng.normal(0, 0.05, weeks)[week] + shift * (week >= at)
    seen = pd.Timestamp("2024-01-01") + pd.to_timedelta(7 * week + rng.integers(0, 7, len(week)), "D")
    return pd.DataFrame({"seen": seen, "size": rng.normal(level, 1), "kind": rng.choice(["a", "b", "c"], len(week))})


def judged(rows: Any, **options: Any) -> dict[str, tuple[str, str]]:
    result = measure_timeline(rows, name="year", seed=3, **({"windows": "week"} | options))
    return {
        f"{j.measurement.subject.partition('.')[2]}:{j.measurement.short_name}": (j.verdict.value, j.reason)
        for j in no_change().judge(result)
    }


def test_a_change_is_found_and_dated() -> None:
    found = judged(sequence(1, shift=0.6))
    assert {name for name, (verdict, _) in found.items() if verdict != "pass"} == {"size:ks"}
    assert found["size:ks"][0] == "fail"
    assert found["size:ks"][1].startswith("changed between 2024-04-08 and 2024-04-15: the whole interval lies beyond")


def test_a_sequence_that_does_not_change_is_quiet() -> None:
    found = judged(sequence(1))
    assert {verdict for verdict, _ in found.values()} == {"pass"}
    assert found["size:ks"][1].startswith("24 windows would have shown a distance of")


def test_unchanged_sequences_alarm_no_more_often_than_stated() -> None:
    """The rate holds over splits, columns and measures, where rows of a week share what is the week's."""
    alarms = 0
    for seed in range(12):
        rows = sequence(seed + 100, weeks=12, rows=40)
        result = measure_timeline(rows, name="year", windows="week", columns=["size"], seed=seed)
        alarms += min(float(m.parameters["p_value"]) for m in result.measurements) <= 0.1  # type: ignore[arg-type]
    assert alarms <= 4


def test_each_window_has_a_distance() -> None:
    """Red twin: one strange week is the furthest of all, from the others and from a reference."""
    rows = sequence(2)
    strange = rows.assign(size=rows["size"] + 2 * (rows["seen"].between("2024-03-04", "2024-03-10")))
    for reference in (None, sequence(5)):
        result = measure_timeline(strange, name="year", windows="week", reference=reference, seed=3)
        drawn: Any = next(a for m in result.measurements for a in m.artefacts if a.title == "year.size").data
        distances = drawn["series"][0]["distances"]
        assert len(distances) == len(drawn["windows"]) == 24
        assert drawn["windows"][int(np.argmax(distances))] == "2024-03-04"
        assert max(distances) > 0.5
        assert float(np.median(distances)) < 0.2
        assert drawn["change"] is None


def test_a_drawn_change_is_where_it_was_found() -> None:
    result = measure_timeline(sequence(1, shift=0.6), name="year", windows="week", seed=3)
    drawn: Any = {a.title: a.data for m in result.measurements for a in m.artefacts}
    assert drawn["year.size"]["change"] == 15
    assert drawn["year.kind"]["change"] is None
    assert [one["name"] for one in drawn["year"]["series"]] == ["size", "kind"]


def test_neighbours_that_are_alike_are_taken_together() -> None:
    """A level that wanders slowly makes neighbours alike, which a permutation of single weeks must not break."""
    rng = np.random.default_rng(4)
    level = np.zeros(60)
    for later in range(1, 60):
        level[later] = 0.8 * level[later - 1] + rng.normal(0, 0.3)
    week = np.repeat(np.arange(60), 60)
    rows = pd.DataFrame({"week": week, "size": rng.normal(level[week], 1)})
    result = measure_timeline(rows, name="year", windows="week", seed=3)
    unit = str(result.measurements[0].parameters["unit"])
    assert unit.startswith("60 values of week; neighbouring windows are alike in size, ")
    quiet = measure_timeline(rows.assign(size=rng.normal(0, 1, len(rows))), name="year", windows="week", seed=3)
    assert quiet.measurements[0].parameters["unit"] == "60 values of week"


def test_a_short_sequence_says_so() -> None:
    found = judged(sequence(1, weeks=8, shift=0.6, at=4))
    assert found["size:ks"] == ("inconclusive", "too few windows for a change point: 8, 10 would do")


def test_a_list_of_data_is_a_sequence() -> None:
    rows = sequence(1, shift=0.6)
    weeks = [week for _, week in rows.groupby(rows["seen"].dt.isocalendar().week)]
    assert judged(weeks, windows=None)["size:ks"][1].startswith("changed between window 15 and window 16")


def test_values_of_a_column_are_not_shown_unless_they_may_be() -> None:
    rows = sequence(1, shift=0.6).assign(batch=lambda frame: 7000 + (frame["seen"] - frame["seen"].min()).dt.days // 7)
    columns = ["size"]
    hidden, shown = (judged(rows, windows="batch", columns=columns, public=public) for public in ((), ("batch",)))
    assert "changed between window 15 and window 16" in hidden["size:ks"][1]
    assert "changed between 7014 and 7015" in shown["size:ks"][1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"windows": "kind"}, "a timeline needs windows in an order, and 'kind' holds no whole numbers"),
        ({"measures": ["kernel_distance"]}, "kernel_distance needs rows, and windows are compared by their counts"),
    ],
)
def test_mistakes_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        judged(sequence(1), **options)
