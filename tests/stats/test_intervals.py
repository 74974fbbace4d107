"""Statistics against SciPy and scikit-learn, and their coverage in seeded simulations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp
from sklearn.metrics import roc_auc_score

from pytest_mlops.stats.clusters import Resampled, draw_weights, half_sum, hold_together, largest_gap
from pytest_mlops.stats.intervals import bootstrap_interval, roc_auc_interval

SCORES = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=60)


@settings(deadline=None, max_examples=200)
@given(SCORES)
def test_the_area_equals_scikit_learns(pairs: list[tuple[bool, int]]) -> None:
    """Ties as well; without both classes there is none."""
    truth = np.array([late for late, _ in pairs])
    score = np.array([float(score) for _, score in pairs])
    area, low, high = roc_auc_interval(truth, score)
    if truth.all() or not truth.any():
        assert np.isnan(area)
    else:
        assert area == pytest.approx(roc_auc_score(truth, score), abs=1e-12)
        assert np.isnan(low) or low <= area <= high


def test_the_interval_of_the_area_covers() -> None:
    """The area of two normals a standard deviation apart is 0.7602."""
    rng, hits = np.random.default_rng(1), 0
    for _ in range(400):
        truth = rng.random(300) < 0.3
        _, low, high = roc_auc_interval(truth, rng.normal(size=300) + truth)
        hits += low <= 0.76025 <= high
    assert hits >= 0.92 * 400


def test_the_bootstrap_interval_of_a_mean_covers() -> None:
    rng, hits = np.random.default_rng(2), 0
    for i in range(200):
        values = rng.exponential(size=200)
        low, high = bootstrap_interval(lambda rows, v=values: float(v[rows].mean()), 200, seed=i)  # type: ignore[misc]
        hits += low <= 1 <= high
    assert hits >= 0.88 * 200


def test_the_bootstrap_of_nothing_is_nan() -> None:
    assert np.isnan(bootstrap_interval(lambda _: float("nan"), 10, seed=0)).all()


def counts(rng: np.random.Generator, days: int, rows: int, spread: float) -> np.ndarray:
    """Return counts by day of ten ordered bins; days differ by `spread`."""
    centres = rng.normal(4.5, spread, size=days)
    values = np.clip(np.rint(rng.normal(np.repeat(centres, rows), 1.5)), 0, 9).astype(np.intp)
    table: np.ndarray = np.bincount(np.repeat(np.arange(days), rows) * 10 + values, minlength=10 * days)
    return table.reshape(days, 10).astype(np.float64)


def test_the_distance_is_kolmogorovs_and_smirnovs() -> None:
    rng = np.random.default_rng(3)
    a, b = counts(rng, 10, 50, 0.5), counts(rng, 12, 40, 0.5)
    weights = draw_weights(rng, 10, 12, 5)
    expected = ks_2samp(*(np.repeat(np.arange(10), table.sum(axis=0).astype(int)) for table in (a, b))).statistic
    assert Resampled.of(a, b, weights).distance(largest_gap).value == pytest.approx(expected, abs=1e-12)


def test_total_variation_by_hand() -> None:
    a, b = np.array([[5.0, 5.0, 0.0]]), np.array([[2.0, 5.0, 3.0]])
    weights = np.ones((2, 1)), np.ones((2, 1))
    assert Resampled.of(a, b, weights).distance(half_sum).value == pytest.approx(0.3)


def test_the_error_bound_holds_where_days_are_the_units() -> None:
    """Nothing has changed, so the truth is 0: the distance exceeds its width in at most the stated share of trials."""
    rng, alarms = np.random.default_rng(4), 0
    for _ in range(200):
        a, b = counts(rng, 30, 200, 0.7), counts(rng, 28, 200, 0.7)
        distance = Resampled.of(a, b, draw_weights(rng, 30, 28, 400)).distance(largest_gap)
        alarms += distance.value > hold_together([distance], 28).width(0, 0.05)
    assert alarms <= 0.08 * 200
