"""Stage drift: each red twin turns exactly its measurement red, each quiet twin none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pandas as pd
import pytest
from scipy.stats import energy_distance, ks_2samp

from pytest_mlops import DeclarationError, no_drift, same_within
from pytest_mlops.stages.drift import measure_drift
from pytest_mlops.stages.drift.measure import TOGETHER

if TYPE_CHECKING:
    from pytest_mlops.core.result import Result


def month(seed: int, days: int = 30, rows: int = 200) -> pd.DataFrame:
    """Return rows of some days that differ a little from each other."""
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(days), rows)
    level = rng.normal(0, 0.15, days)[day]
    size = rng.normal(level, 1)
    return pd.DataFrame(
        {
            "day": day,
            "size": size,
            "weight": 0.7 * size + rng.normal(0, 0.7, len(day)),
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
        {"kind:total_variation", "kind:new_category_share", "kind:vanished_category_share"},
    ),
    "new nulls": (NEW.assign(size=NEW["size"].mask(np.arange(len(NEW)) % 5 == 0)), {"size:missing_share_change"}),
    "a dropped column": (NEW.drop(columns="count"), {":columns_missing"}),
    "another type": (NEW.assign(count=NEW["count"].astype(str)), {":type_changed"}),
    "an all-null column": (NEW.assign(size=np.nan), {"size:ks", "size:missing_share_change"}),
    "no rows": (NEW.head(0), {":ks"}),
    "rows joined twice": (
        NEW.loc[np.repeat(NEW.index, 1 + (np.arange(len(NEW)) % 10 == 0))],
        {":duplicate_share_change"},
    ),
    "values of another row": (
        NEW.assign(weight=NEW["weight"].sample(frac=1, random_state=1).to_numpy()),
        {":dependence_change"},
    ),
}


@pytest.mark.parametrize("name", RED)
def test_red_twins(name: str) -> None:
    frame, expected = RED[name]
    assert red(frame) == expected


QUIET = {
    "unchanged": NEW,
    "rows in another order": NEW.sample(frac=1, random_state=1),
    "float noise": NEW.assign(size=NEW["size"] + 1e-12),
    "a part of the rows": NEW.sample(frac=0.6, random_state=2),
    "a second file": pd.concat([NEW, month(4).assign(day=lambda rows: rows["day"] + 30)]),
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


MORE = ["wasserstein", "energy", "jensen_shannon", "population_stability"]


@pytest.fixture(scope="module")
def everything() -> Result:
    """All that can be asked for, of a month whose sizes moved by one standard deviation."""
    current = NEW.assign(size=NEW["size"] + 1)
    return measure_drift(current, reference=OLD, name="new", unit="day", measures=MORE, seed=5)


@pytest.mark.parametrize("kind", MORE)
def test_what_is_asked_for_is_judged(everything: Result, kind: str) -> None:
    """A shift of a standard deviation is material by every measure, and of the shifted column alone."""
    judged = [j for j in no_drift().judge(everything) if j.measurement.short_name == kind]
    assert {j.measurement.subject for j in judged if j.verdict == "fail"} == {"new.size"}
    assert {j.verdict.value for j in judged if j.measurement.subject != "new.size"} == {"pass"}


def test_asked_measures_are_in_their_units(everything: Result) -> None:
    """Standard deviations, and their square as population stability of a normal column."""
    found = {m.short_name: float(m) for m in everything.measurements if m.subject == "new.size"}
    shift = (NEW["size"].mean() + 1 - OLD["size"].mean()) / OLD["size"].std()
    assert found["wasserstein"] == pytest.approx(shift, rel=0.02)
    assert found["population_stability"] == pytest.approx(shift**2, rel=0.1)
    assert found["energy"] == pytest.approx(scipy_energy(NEW["size"] + 1, OLD["size"]), rel=0.03)


def scipy_energy(new: pd.Series[float], old: pd.Series[float]) -> float:
    """Return the energy distance in square roots of standard deviations."""
    return float(energy_distance(new, old) / np.sqrt(old.std()))


def test_a_gate_on_a_measure_that_was_not_taken_is_refused() -> None:
    result = measure_drift(NEW, reference=OLD, name="new", unit="day", seed=5)
    for gate in (no_drift(material={"energy": 0.1}), same_within(energy=0.1)):
        with pytest.raises(DeclarationError, match=r"'energy' was not measured. Hint: measures=\['energy'\]"):
            list(gate.judge(result))


def test_what_concerns_all_columns_can_be_judged_alone() -> None:
    result = measure_drift(RED["values of another row"][0], reference=OLD, name="new", unit="day", seed=5)
    judged = list(no_drift(columns=TOGETHER).judge(result))
    assert {j.measurement.short_name: j.verdict.value for j in judged} == {
        "dependence_change": "fail",
        "duplicate_share_change": "pass",
        "longest_gap": "pass",
        "empty_share": "pass",
    }
    assert "size and weight: correlation 0.70" in judged[-2].measurement.note.replace("0.71", "0.70")
    assert {j.verdict.value for j in no_drift(columns=["size", "weight"]).judge(result)} == {"pass"}


@pytest.mark.parametrize("shift", [0.0, 0.07, 3.0])
def test_the_distance_of_the_values_is_within_the_stated_resolution(shift: float) -> None:
    result = measure_drift(NEW.assign(size=NEW["size"] + shift), reference=OLD, name="new", unit="day", seed=5)
    found = {m.subject: m for m in result.measurements if m.short_name in {"ks", "total_variation"}}
    exact = ks_2samp(NEW["size"] + shift, OLD["size"]).statistic
    stated = found["new.size"].resolution
    assert stated is not None
    assert 0 <= exact - float(found["new.size"]) <= stated < 0.02
    assert found["new.kind"].resolution == 0


def test_a_table_whose_rows_repeat_by_nature_is_quiet() -> None:
    """Rows of a few categories are equal by chance, and the more often the more there are."""
    rng = np.random.default_rng(1)
    rows = pd.DataFrame({name: rng.choice(list("abcdef"), 9000) for name in ("one", "two", "three")})
    result = measure_drift(rows.iloc[6000:], reference=rows.iloc[:6000], name="new", unit="row", seed=5)
    assert {j.verdict.value for j in no_drift().judge(result)} == {"pass"}
