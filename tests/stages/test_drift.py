"""Stage drift: each red twin turns exactly its measurement red, each quiet twin none."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import pytest

from pytest_mlops import DeclarationError, no_drift
from pytest_mlops.stages.drift import measure_drift


def month(seed: int, days: int = 30, rows: int = 200) -> pd.DataFrame:
    """Return rows of some days that differ a little from each other."""
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(days), rows)
    level = rng.normal(0, 0.15, days)[day]
    return pd.DataFrame(
        {
            "day": day,
            "size": rng.normal(level, 1),
            "count": rng.poisson(20, len(day)),
            "kind": rng.choice(["a", "b", "c"], len(day), p=[0.5, 0.3, 0.2]),
            "seen": pd.Timestamp("2013-01-01") + pd.to_timedelta(day, "D"),
        }
    )


OLD, NEW = month(1), month(2)


def red(current: Any, reference: Any = OLD, **options: Any) -> set[str]:
    """Return `column:kind` of everything that is not a pass."""
    result = measure_drift(current, reference=reference, name="new", unit="day", seed=5)
    judged = no_drift(**options).judge(result)
    return {
        f"{j.measurement.subject.partition('.')[2]}:{j.measurement.short_name}" for j in judged if j.verdict != "pass"
    }


RED = {
    "a unit": (NEW.assign(size=NEW["size"] * 2.2), {"size:ks", "size:outside_share"}),
    "a shift": (NEW.assign(count=NEW["count"] + 3), {"count:ks"}),
    "a renamed category": (
        NEW.assign(kind=NEW["kind"].replace("b", "B")),
        {"kind:total_variation", "kind:new_category_share"},
    ),
    "new nulls": (NEW.assign(size=NEW["size"].mask(np.arange(len(NEW)) % 5 == 0)), {"size:missing_share_change"}),
    "a dropped column": (NEW.drop(columns="count"), {":columns_missing"}),
    "another type": (NEW.assign(count=NEW["count"].astype(str)), {":type_changed"}),
    "an all-null column": (NEW.assign(size=np.nan), {"size:ks", "size:missing_share_change"}),
    "no rows": (NEW.head(0), {":ks"}),
}


@pytest.mark.parametrize("name", RED)
def test_red_twins(name: str) -> None:
    frame, expected = RED[name]
    assert red(frame) == expected


QUIET = {
    "unchanged": NEW,
    "rows in another order": NEW.sample(frac=1, random_state=1),
    "float noise": NEW.assign(size=NEW["size"] + 1e-12),
    "an equal resample": NEW.sample(frac=1, replace=True, random_state=2),
    "integers as floats": NEW.assign(count=NEW["count"].astype(float)),
    "categories as such": NEW.assign(kind=NEW["kind"].astype("category")),
}


@pytest.mark.parametrize("name", QUIET)
def test_quiet_twins(name: str) -> None:
    assert red(QUIET[name]) == set()


def test_unchanged_months_alarm_no_more_often_than_stated() -> None:
    """Days differ, so rows are not independent; the suite's rate counts everything that is not a pass."""
    alarms = sum(bool(red(month(2 * i + 10), month(2 * i + 11), false_alarms=0.05)) for i in range(60))
    assert alarms <= 6


def test_too_few_rows_say_so() -> None:
    result = measure_drift(month(3, days=6, rows=5), reference=OLD, name="new", unit="day", columns=["size"], seed=5)
    judgements = {j.measurement.short_name: j for j in no_drift().judge(result)}
    assert judgements["ks"].verdict == "inconclusive"
    assert "too few units to be a gate: 6 values of day show a distance of" in judgements["ks"].reason
    assert "times as many would do" in judgements["ks"].reason


def test_a_verdict_does_not_depend_on_what_else_is_judged() -> None:
    """The family is what was measured."""
    result = measure_drift(NEW, reference=OLD, name="new", unit="day", seed=5)
    together = {j.measurement.subject + j.measurement.name: j.measurement.interval for j in no_drift().judge(result)}
    alone = {
        j.measurement.subject + j.measurement.name: j.measurement.interval
        for j in no_drift(columns="size").judge(result)
    }
    assert alone.items() <= together.items()


@pytest.mark.parametrize("engine", ["polars", "pyarrow"])
def test_other_frames_give_the_same(engine: str) -> None:
    frames = [nw.from_native(frame, eager_only=True) for frame in (NEW, OLD)]
    new, old = (frame.to_polars() if engine == "polars" else frame.to_arrow() for frame in frames)
    there = measure_drift(new, reference=old, name="new", unit="day", seed=5)
    here = measure_drift(NEW, reference=OLD, name="new", unit="day", seed=5)
    assert [float(m) for m in there.measurements] == pytest.approx([float(m) for m in here.measurements], abs=1e-12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"unit": "dya"}, "the reference has no column 'dya'. Did you mean 'day'?"),
        ({"columns": ["siez"]}, "the reference has no column 'siez'. Did you mean 'size'?"),
    ],
)
def test_an_unknown_column_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(DeclarationError, match=message.replace("?", r"\?")):
        measure_drift(NEW, reference=OLD, name="new", **options)


@pytest.mark.parametrize("options", [{"false_alarms": 0}, {"false_alarms": 2}, {"material": -1}])
def test_a_wrong_gate_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(DeclarationError, match="no_drift: "):
        no_drift(**options)  # type: ignore[arg-type]
