"""The relation of a target to its inputs, a model's loss, and all inputs together: red twins, quiet twins, rates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_mlops import DeclarationError, ToolError, no_drift
from pytest_mlops.core import declared_keys
from pytest_mlops.stages.drift import measure_drift, read_reference, reference_of, reference_text
from pytest_mlops.stages.drift.kinds import ASKED
from pytest_mlops.stats.change import ratio_change

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_mlops.core.result import Result

COLUMNS = ["hour", "carrier", "wind"]


def trips(seed: int, n: int = 12_000, **shift: float) -> pd.DataFrame:
    """Return trips that are late more often at later hours and with carrier `b`."""
    rng = np.random.default_rng(seed)
    hour = np.clip(rng.normal(12 + shift.get("hour", 0), 4, n), 0, 23)
    carrier = rng.choice(["a", "b", "c"], n, p=[0.5, 0.3, 0.2])
    wind = rng.normal(0, 1, n)
    chance = chance_of(hour, carrier)
    return pd.DataFrame(
        {
            "day": rng.integers(0, 60, n),
            "hour": hour,
            "carrier": carrier,
            "wind": wind,
            "late": rng.random(n) < chance,
            "delay": 60 * chance + rng.normal(0, 10, n),
        }
    )


def chance_of(hour: Any, carrier: Any) -> Any:
    return np.clip(0.04 * np.asarray(hour) - 0.15 + 0.1 * (np.asarray(carrier) == "b"), 0, 1)


def model(rows: pd.DataFrame) -> Any:
    return chance_of(rows["hour"], rows["carrier"])


OLD, NEW = trips(1), trips(2)


def measured(current: pd.DataFrame, reference: pd.DataFrame = OLD, **options: Any) -> Result:
    return measure_drift(
        current, reference=reference, name="new", unit="row", columns=COLUMNS, public=["carrier"], seed=5, **options
    )


def red(result: Result, rate: float = 0.01) -> set[str]:
    """Return `subject:kind` of what fails."""
    judged = no_drift(false_alarms=rate).judge(result)
    return {f"{j.measurement.subject[3:]}:{j.measurement.short_name}" for j in judged if j.verdict == "fail"}


def flipped(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the same where carrier `c` is late at early hours; as often as before."""
    chance = np.where(
        rows["carrier"] == "c", chance_of(24 - rows["hour"], "c"), chance_of(rows["hour"], rows["carrier"])
    )
    return rows.assign(late=np.random.default_rng(3).random(len(rows)) < chance)


def worse(rows: pd.DataFrame, carrier: str = "b") -> pd.DataFrame:
    """Return the same where one carrier is late otherwise than it was."""
    draw = np.random.default_rng(4).random(len(rows))
    return rows.assign(late=rows["late"] ^ ((rows["carrier"] == carrier) & (draw < 0.4)))


def test_a_flipped_relation_in_one_segment_is_found_there() -> None:
    result = measured(flipped(NEW), target="late")
    assert ".carrier:relation_slope_change" in red(result)
    notes = {m.name: m.note for m in result.measurements if m.subject == "new.carrier"}
    assert notes["drift.relation_slope_change"].startswith("where carrier=c: the target follows")
    assert not {name for name in red(result) if not name.partition(":")[2].startswith("relation")}


def test_a_target_that_is_more_frequent_where_the_inputs_are_the_same() -> None:
    more = NEW.assign(late=NEW["late"] | ((NEW["carrier"] == "b") & (np.arange(len(NEW)) % 3 == 0)))
    result = measured(more, target="late")
    assert ".carrier:relation_change" in red(result)
    note = next(m.note for m in result.measurements if m.subject == "new.carrier" and m.short_name == "relation_change")
    assert note.startswith("where carrier=b: mean target 0.4")


@pytest.mark.parametrize("target", ["late", "delay"])
def test_moved_inputs_are_no_change_of_the_relation(target: str) -> None:
    """Quiet: the target is more frequent because later hours are."""
    result = measured(trips(3, hour=4), target=target)
    assert red(result) == {".hour:ks"}


def test_a_number_as_target() -> None:
    steeper = NEW.assign(delay=NEW["delay"] * np.where(NEW["carrier"] == "a", 1.8, 1))
    assert red(measured(NEW, target="delay")) == set()
    assert ".carrier:relation_change" in red(measured(steeper, target="delay"))


def test_a_loss_that_grew_in_one_segment_is_named() -> None:
    result = measured(worse(NEW), target="late", model=model, segments=["carrier"])
    assert {"[carrier=b]:loss_increase"} <= red(result)
    assert not {"[carrier=a]:loss_increase", "[carrier=c]:loss_increase", ":prediction_ks"} & red(result)
    assert red(measured(NEW, target="late", model=model, segments=["carrier"])) == set()


def test_segments_of_a_private_column_are_numbered() -> None:
    result = measure_drift(
        NEW, reference=OLD, name="new", unit="row", columns=COLUMNS, target="late", model=model, segments=["carrier"]
    )
    assert {m.subject for m in result.measurements if m.short_name == "loss_increase"} == {
        "new", "new[carrier=category 1]", "new[carrier=category 2]", "new[carrier=category 3]",
    }  # fmt: skip
    assert "carrier=b" not in str(result.to_json())


@pytest.mark.parametrize("unlabelled", [NEW.drop(columns="late"), NEW.assign(late=None)])
def test_without_labels_the_loss_is_estimated_and_says_so(unlabelled: pd.DataFrame) -> None:
    result = measured(unlabelled, target="late", model=model)
    kinds = {m.short_name: m for m in result.measurements}
    assert not {"loss_increase", "relation_change"} & kinds.keys()
    assert kinds["estimated_loss_increase"].note.startswith(
        "estimated, not seen: mean squared error of the probability"
    )
    assert red(result) == set()


def test_the_estimate_is_near_the_truth_where_its_assumption_holds() -> None:
    """The inputs moved, the relation did not."""
    moved = trips(6, hour=-4)
    seen = next(m for m in measured(moved, target="late", model=model).measurements if m.short_name == "loss_increase")
    estimate = next(
        m
        for m in measured(moved.drop(columns="late"), target="late", model=model).measurements
        if m.short_name == "estimated_loss_increase"
    )
    assert float(seen) == pytest.approx(float(estimate), abs=0.05)
    assert float(estimate) < -0.1


def test_unchanged_relations_alarm_no_more_often_than_stated() -> None:
    """By day, whose level varies, as a storm makes it; over all measures together."""
    alarms = 0
    for seed in range(30):
        sides = []
        for side in range(2):
            rows = trips(100 + 2 * seed + side, 900)
            bad = np.random.default_rng([seed, side]).normal(0, 0.15, 60)[rows["day"]]
            chance = chance_of(rows["hour"], rows["carrier"]) + bad
            sides.append(rows.assign(late=np.random.default_rng([seed, side, 1]).random(900) < chance))
        result = measure_drift(
            sides[1].assign(day=sides[1]["day"] + 60),
            reference=sides[0], name="new", unit="day", columns=COLUMNS, target="late", model=model, seed=seed,
            measures=["domain_auc", "kernel_distance"],
        )  # fmt: skip
        ps: list[Any] = [m.parameters["p_value"] for m in result.measurements if "p_value" in m.parameters]
        alarms += min(ps) <= 0.05
    assert alarms <= 5


def test_what_no_column_and_no_correlation_shows_is_told_apart() -> None:
    """The sign of a product: each column, and each correlation, is as before."""
    rng = np.random.default_rng(7)
    old, new = (pd.DataFrame(rng.normal(0, 1, (6000, 3)), columns=list("xyz")) for _ in range(2))
    new["z"] = np.abs(new["z"]) * np.sign(new["x"] * new["y"])
    result = measure_drift(new, reference=old, name="new", unit="row", measures=["domain_auc", "kernel_distance"])
    assert red(result) == {":domain_auc"}
    kernel = next(m for m in result.measurements if m.short_name == "kernel_distance")
    p: Any = kernel.parameters["p_value"]
    assert p <= 0.01
    area = next(m for m in result.measurements if m.short_name == "domain_auc")
    assert set(area.note.removeprefix("told apart by ").split(", ")) == {"x", "y", "z"}
    assert area.interval is not None
    assert area.interval.low > 0.6


def test_rows_of_one_unit_alone_teach_nothing_of_it() -> None:
    """A column that names the day tells days apart, and not the sides: folds are of whole days."""
    rows = trips(8, 4000)
    rows["shade"] = np.random.default_rng(1).normal(0, 1, 60)[rows["day"]]
    sides = rows[rows["day"] < 30], rows[rows["day"] >= 30]
    result = measure_drift(
        sides[1], reference=sides[0], name="new", unit="day", columns=["hour", "shade"], measures=["domain_auc"]
    )
    assert red(result) == set()


def test_the_same_seed_gives_the_same_numbers() -> None:
    first, second = (
        measured(NEW, target="late", model=model, measures=["domain_auc", "kernel_distance"]).to_json()
        for _ in range(2)
    )
    assert first == second


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": model}, "drift of new: model= and segments= need target=, the column of the truth"),
        ({"target": "late", "segments": ["carrier"]}, "segments= need model=, whose loss is measured in each"),
        ({"target": "lat"}, "the reference has no column 'lat'. Did you mean 'late'?"),
        ({"target": "late", "model": model, "segments": ["carier"]}, "no column 'carier'. Did you mean 'carrier'?"),
        ({"target": "carrier"}, "the target 'carrier' must be a number, or 0 and 1, or booleans; got String"),
        ({"target": "late", "model": 3}, "the model must have predict_proba, or be a function of a frame; got int"),
    ],
)
def test_what_can_not_be_measured_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(DeclarationError) as raised:
        measured(NEW, **options)
    assert message in str(raised.value)


def test_a_model_that_answers_something_else_is_an_error() -> None:
    with pytest.raises(ToolError, match="the model must give finite scores, got 12000 NaN of 12000"):
        measured(NEW, target="late", model=lambda rows: np.full(len(rows), np.nan))


def test_a_sketch_has_no_rows_for_models(tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    path.write_text(reference_text(reference_of(OLD, unit="row")), encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"models need the reference's rows. Hint: reference=, and no sketch="):
        measure_drift(NEW, reference=read_reference(path), name="new", target="late")


def test_the_declared_measures_are_those_that_can_be_asked_for() -> None:
    assert set(declared_keys.DRIFT_MEASURES) == set(ASKED)


@given(st.integers(0, 10_000), st.integers(2, 8))
def test_the_change_of_means_is_that_of_the_rows(seed: int, n_units: int) -> None:
    rng = np.random.default_rng(seed)
    units, cells, values = rng.integers(0, n_units, 80), rng.integers(0, 3, 80), rng.normal(0, 1, 80)
    labels = np.array([np.arange(n_units) % 2], dtype=float)
    table, rows = np.zeros((n_units, 3)), np.zeros((n_units, 3))
    np.add.at(table, (units, cells), values)
    np.add.at(rows, (units, cells), 1)
    squares = np.array([(values[cells == cell] ** 2).sum() for cell in range(3)])
    changed = ratio_change(table, rows, squares, labels)
    for cell in range(3):
        sides = [values[(cells == cell) & (units % 2 == side)] for side in (0, 1)]
        if all(len(side) for side in sides):
            assert changed.difference[0, cell] == pytest.approx(sides[1].mean() - sides[0].mean(), abs=1e-12)
            everything = values[cells == cell]
            least = everything.var() * sum(1 / len(side) for side in sides)
            assert changed.spread[0, cell] ** 2 >= least - 1e-12
        else:
            assert changed.difference[0, cell] == 0
