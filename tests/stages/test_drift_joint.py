"""Correlations from sums of products equal those of the rows, whatever the units."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_mlops import no_drift
from pytest_mlops.stages.drift import measure_drift, reference_of
from pytest_mlops.stages.drift.joint import Axis, Joint, cut, joint_change

if TYPE_CHECKING:
    from pytest_mlops.core.measurement import Measurement


def joint_of(values: np.ndarray, units: np.ndarray) -> Joint:
    """Return the sums of rows of shape (rows, columns)."""
    joint = Joint([Axis(f"c{number}") for number in range(values.shape[1])])
    order = np.argsort(units, kind="stable")
    counts = np.bincount(units)
    present = np.flatnonzero(counts)
    joint.reach(len(counts))
    together = np.empty(values.T.shape, dtype=np.float32)
    for column, out in zip(values.T, together, strict=True):
        cut(column[order], 0.0, 1.0, out)
    joint.add(together, present, np.cumsum(counts[present]))
    return joint


@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(1, 9))
def test_the_largest_change_is_that_of_the_rows(seed: int, n_columns: int, n_units: int) -> None:
    rng = np.random.default_rng(seed)
    sides = [rng.normal(0, 1, (60, n_columns)) @ rng.normal(0, 1, (n_columns, n_columns)) for _ in range(2)]
    joints = [joint_of(side, rng.integers(0, n_units, 60)) for side in sides]
    weights = tuple(np.ones((3, len(joint.rows))) for joint in joints)
    labels = np.array([[*np.zeros(len(joints[0].rows)), *np.ones(len(joints[1].rows))]])
    found = joint_change(joints[0], joints[1], labels, (weights[0], weights[1]))
    assert found is not None
    then, now = (pd.DataFrame(np.rint(16 * np.clip(side, -3, 3))).corr().to_numpy() for side in sides)
    size = np.abs(now - then)
    assert found.distance.value == pytest.approx(size.max(), abs=1e-9)
    i, j = (int(axis.column[1:]) for axis in (found.largest.first, found.largest.second))
    assert (found.largest.then, found.largest.now) == pytest.approx((then[i, j], now[i, j]), abs=1e-9)


def test_sums_of_parts_are_the_sums_of_the_whole() -> None:
    rng = np.random.default_rng(1)
    values, units = rng.normal(0, 1, (90, 3)), rng.integers(0, 7, 90)
    whole, parts = joint_of(values, units), joint_of(values[:40], units[:40])
    rest = joint_of(values[40:], units[40:])
    parts.put(rest, np.arange(len(rest.rows)))
    for name in ("rows", "sums", "products"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name))


def test_what_is_written_is_read() -> None:
    rng = np.random.default_rng(1)
    joint = joint_of(rng.normal(0, 1, (90, 4)), rng.integers(0, 7, 90))
    read = Joint.from_json(json.loads(json.dumps(joint.to_json())))
    assert read.axes == joint.axes
    for name in ("rows", "sums", "products"):
        np.testing.assert_array_equal(getattr(joint, name), getattr(read, name))


def test_columns_that_do_not_vary_have_no_correlation() -> None:
    constant = joint_of(np.ones((20, 2)), np.arange(20) % 4)
    labels = np.array([[0.0] * 4 + [1.0] * 4])
    weights = np.ones((2, 4)), np.ones((2, 4))
    assert joint_change(constant, constant, labels, weights) is None


def planes(seed: int, n: int = 3000) -> pd.DataFrame:
    """Return flights of three carriers, each with planes of its own size, from two airports."""
    rng = np.random.default_rng(seed)
    carrier = rng.choice(["AA", "BB", "CC"], n, p=[0.4, 0.4, 0.2])
    seats = rng.normal(0, 20, n) + pd.Series(carrier).map({"AA": 150, "BB": 180, "CC": 120}).to_numpy()
    airport = np.where(rng.random(n) < np.where(carrier == "AA", 0.8, 0.3), "north", "south")
    return pd.DataFrame({"carrier": carrier, "airport": airport, "seats": seats})


def dependence(current: pd.DataFrame, **options: Any) -> Measurement:
    result = measure_drift(current, reference=planes(1), name="new", unit="row", seed=3, **options)
    assert {j.measurement.short_name for j in no_drift().judge(result) if j.verdict == "fail"} <= {"dependence_change"}
    return next(m for m in result.measurements if m.short_name == "dependence_change")


def test_two_categories_that_change_places_are_found_though_they_are_as_frequent() -> None:
    swapped = planes(2).replace({"carrier": {"AA": "BB", "BB": "AA"}})
    found = dependence(swapped, public=["carrier"])
    assert float(found) > 0.5
    assert found.note.startswith(("seats and carrier=AA: correlation -0.", "seats and carrier=BB: correlation 0."))
    assert dependence(swapped).note.startswith(("seats and carrier=category 1", "seats and carrier=category 2"))
    assert found.parameters["p_value"] == 0.001


def test_two_columns_of_categories_that_no_longer_go_together() -> None:
    rows = planes(2)
    found = dependence(
        rows.assign(airport=np.random.default_rng(5).permutation(rows["airport"])), public=["carrier", "airport"]
    )
    assert found.note.startswith("airport=south and carrier=AA: correlation -0.49 in the reference")
    assert found.parameters["p_value"] == 0.001


def test_unchanged_categories_are_quiet() -> None:
    p: Any = dependence(planes(2)).parameters["p_value"]
    assert p > 0.05


def test_some_columns_of_a_reference_are_held_together_as_if_they_alone_had_been_counted() -> None:
    """Which rows repeat in some columns is not known of a reference that was made of all of them."""
    some, whole = ["carrier", "seats"], reference_of(planes(1), unit="row", seed=3)
    kinds = [
        {
            m.short_name
            for m in measure_drift(planes(2), reference=one, name="new", unit="row", columns=some).measurements
        }
        for one in (planes(1), whole)
    ]
    assert kinds[0] - kinds[1] == {"duplicate_share_change"}
    assert "dependence_change" in kinds[1]


def test_columns_that_are_named_are_held_together() -> None:
    """What tells one from the other changes sides: each column is as it was."""
    rng = np.random.default_rng(5)
    old = pd.DataFrame({"x": rng.normal(size=2_000), "y": 1.0}).assign(o=lambda f: np.where(f["x"] > 0, "JFK", "LGA"))
    new = pd.DataFrame({"x": rng.normal(size=2_000), "y": 1.0}).assign(o=lambda f: np.where(f["x"] > 0, "LGA", "JFK"))
    for columns in (None, ["x", "o"]):
        result = measure_drift(new, reference=old, name="new", unit="row", columns=columns)
        assert [j.measurement.short_name for j in no_drift().judge(result) if j.verdict == "fail"] == [
            "dependence_change"
        ]
    twice = pd.concat([old, old])
    result = measure_drift(twice, reference=old, name="new", unit="row", columns=["x", "o"])
    failed = [j.measurement.short_name for j in no_drift().judge(result) if j.verdict == "fail"]
    assert failed == ["duplicate_share_change"]


def test_a_constant_column_is_held_together_with_none() -> None:
    old = pd.DataFrame({"x": np.random.default_rng(6).normal(size=2_000), "country": 1.0})
    new = pd.DataFrame({"x": np.random.default_rng(7).normal(size=2_000), "country": 1.0})
    result = measure_drift(new, reference=old, name="new", unit="row")
    assert {j.verdict.value for j in no_drift().judge(result)} == {"pass"}
