"""What users write by mistake, and columns of time: each is refused in words, or seen; nothing is green unmeasured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression

from pytest_mlops import DeclarationError, ToolError, no_change, no_drift, same_within
from pytest_mlops.stages.drift import measure_drift, measure_timeline

if TYPE_CHECKING:
    from collections.abc import Callable


def month(seed: int, start: str = "2024-01-01") -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(30), 100)
    x = rng.normal(size=len(day))
    return pd.DataFrame(
        {
            "day": day,
            "seen": pd.Timestamp(start) + pd.to_timedelta(day, "D"),
            "x": x,
            "kind": rng.choice(list("abc"), len(day)),
            "y": (x + rng.normal(size=len(day)) > 0).astype(int),
        }
    )


OLD, NEW = month(1), month(2, "2024-02-01")


def not_green(current: Any, reference: Any = OLD, gate: Any = None, **options: Any) -> dict[str, str]:
    result = measure_drift(current, reference=reference, name="new", **({"unit": "day"} | options))
    return {
        f"{j.measurement.subject.partition('.')[2]}:{j.measurement.short_name}": j.verdict.value
        for j in (gate or no_drift()).judge(result)
        if j.verdict != "pass"
    }


TIMES: dict[str, tuple[Any, dict[str, str]]] = {
    "another month": (NEW, {}),
    "gone": (NEW.drop(columns="seen"), {":columns_missing": "fail"}),
    "all missing": (NEW.assign(seen=NEW["seen"].mask(NEW["x"] < 99)), {"seen:missing_share_change": "fail"}),
    "some missing": (NEW.assign(seen=NEW["seen"].mask(NEW.index % 3 == 0)), {"seen:missing_share_change": "fail"}),
    "as texts": (NEW.assign(seen=NEW["seen"].astype(str)), {":type_changed": "fail"}),
    "as numbers": (NEW.assign(seen=NEW["seen"].astype("int64")), {":type_changed": "fail"}),
}


@pytest.mark.parametrize("name", TIMES)
def test_columns_of_time_are_there_and_filled(name: str) -> None:
    current, expected = TIMES[name]
    assert not_green(current) == expected


def test_labels_that_are_not_there_are_not_measured() -> None:
    """Without a model nothing can be said of the relation, and that is no pass."""
    gone = not_green(NEW.drop(columns="y"), target="y")
    assert gone == {":columns_missing": "fail", ":relation_change": "not_run"}
    assert not_green(NEW.assign(y=np.nan), target="y")[":relation_change"] == "not_run"
    assert not not_green(NEW, target="y")


@pytest.mark.parametrize("kind", [pl.Categorical, pl.Enum(["a", "b", "c"])])
def test_categories_of_polars_are_read(kind: Any) -> None:
    new = pl.from_pandas(NEW).with_columns(pl.col("kind").cast(kind))
    assert not not_green(new)
    assert not not_green(NEW, pl.from_pandas(OLD).with_columns(pl.col("kind").cast(kind)))


def test_a_limit_beyond_what_must_be_seen_moves_that() -> None:
    assert not not_green(NEW, gate=no_drift(material=0.3))
    assert not not_green(NEW, gate=no_drift(material={"missing_share_change": 0.5}))


def test_what_every_unit_has_of_its_own_can_not_be_judged() -> None:
    old, new = (side.assign(build=prefix + side["day"].astype(str)) for prefix, side in (("o", OLD), ("n", NEW)))
    found = not_green(new, old)
    assert found["build:new_category_share"] == "inconclusive"
    assert not not_green(new, old, gate=no_drift(columns=["x", "kind"]))


MISTAKES: dict[str, tuple[Callable[[], Any], str]] = {
    "must_see nan": (lambda: no_drift(must_see=float("nan")), "must_see must be a number, got nan"),
    "must_see below 0": (lambda: no_drift(must_see=-1), "must_see must be above 0 and at most 10"),
    "must_see that all show": (lambda: no_drift(must_see=100), "must_see must be above 0 and at most 10"),
    "must_see within material": (
        lambda: no_drift(must_see=0.1),
        r"must_see=0.1 is a distance of 0.040, and material=0.1 says that this does not matter",
    ),
    "a rate as text": (lambda: no_drift(false_alarms=any_("0.01")), "false_alarms must be a number, got '0.01'"),
    "material as text": (lambda: no_drift(material=any_("0.1")), "material must be a number, got '0.1'"),
    "material beyond all": (lambda: no_drift(material=1), "material of ks must be from 0 to below 1, got 1"),
    "auc below chance": (lambda: no_drift(material={"domain_auc": 0.4}), "domain_auc must be from 0.5 to below 1"),
    "a limit that all keep": (lambda: same_within(1), "limit must be above 0 and below 1, got 1"),
    "columns as text": (
        lambda: not_green(NEW, columns="x"),
        r"columns must be a list of names, got 'x'. Hint: \['x'\]",
    ),
    "measures as text": (lambda: not_green(NEW, measures="energy"), "measures must be a list of names, got 'energy'"),
    "no measures": (lambda: not_green(NEW, measures=None), "measures must be a list of names, got None"),
    "a list as unit": (lambda: not_green(NEW, unit=["day"]), r"unit must be the name of a column.*got \['day'\]"),
    "a list as target": (lambda: not_green(NEW, target=["y"]), "target must be the name of a column"),
    "a misspelled measure": (lambda: not_green(NEW, measures=["enrgy"]), "no measure 'enrgy'. Did you mean 'energy'"),
    "a unit of nothing": (
        lambda: not_green(NEW.assign(day=np.nan), OLD),
        "the unit 'day' has no value in the data",
    ),
    "a timeline and no_drift": (
        lambda: [*no_drift().judge(measure_timeline(OLD, name="old", windows="day"))],
        "a timeline is judged by no_change",
    ),
    "a class as model": (
        lambda: not_green(NEW, target="y", model=LogisticRegression, gate=None),
        "the model must be a fitted model, got the class LogisticRegression",
    ),
    "numbers as names": (
        lambda: measure_drift(pd.DataFrame([[1.0, 2.0]]), reference=pd.DataFrame([[1.0, 2.0]]), name="x"),
        "columns must be named by texts, got 0",
    ),
}


def test_a_model_that_fails_says_why() -> None:
    with pytest.raises(ToolError, match=r"the model failed on 3,000 rows: NotFittedError: This LogisticRegression"):
        not_green(NEW, target="y", model=LogisticRegression())


def any_(value: object) -> Any:
    return value


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_named(name: str) -> None:
    make, message = MISTAKES[name]
    with pytest.raises(DeclarationError, match=message):
        make()


def test_a_measure_that_is_always_taken_may_be_named() -> None:
    assert not not_green(NEW, measures=["new_category_share", "ks"])


def test_a_classifier_that_can_not_tell_is_within() -> None:
    found = not_green(NEW, measures=["domain_auc"], gate=same_within(0.4, columns=["(together)"]))
    assert ":domain_auc" not in found


def test_a_limit_below_a_bin_is_judged() -> None:
    assert "y:ks" in not_green(NEW, gate=same_within(0.02))


def test_a_timeline_is_not_refused() -> None:
    assert [*no_change().judge(measure_timeline(OLD, name="old", windows="day"))]


@pytest.mark.parametrize("engine", ["pandas", "polars", "pyarrow"])
def test_durations_and_times_of_the_day_are_numbers(engine: str) -> None:
    rng = np.random.default_rng(4)
    sides = []
    for factor, hours in ((1.0, 0), (3.0, 5)):
        seconds = rng.exponential(600, 2_000)
        frame = pl.DataFrame(
            {
                "took": (seconds * factor * 1e6).astype("int64"),
                "at": ((rng.normal(9 * 3600, 3600, 2_000) + hours * 3600) % 86_400).astype("int64") * 1_000_000_000,
            }
        ).with_columns(pl.col("took").cast(pl.Duration("us")), pl.col("at").cast(pl.Time))
        sides.append({"polars": frame, "pyarrow": frame.to_arrow(), "pandas": frame.to_pandas()}[engine])
    found = not_green(sides[1], sides[0], unit="row")
    assert found["took:ks"] == "fail"
    if engine != "pandas":  # which holds times of the day as objects
        assert found["at:ks"] == "fail"
    assert not not_green(sides[0][:1_000], sides[0][1_000:], unit="row")
