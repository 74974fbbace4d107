"""Statistics of a change: equal to the textbook's where there is one, and of the right rate on unequal sides."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from pytest_mlops.stats.change import (
    category_statistics,
    change,
    heap_statistic,
    ordered_statistics,
    share_statistic,
)
from pytest_mlops.stats.permutation import adjusted_p, relabellings, scores

SEEN = np.array([[0.0, 0.0, 1.0, 1.0]])


def test_a_share_has_the_z_of_two_proportions() -> None:
    """Units of one row: the spread is that of independent rows, as the pooled two-sample z test has it."""
    part = np.concatenate([np.arange(200) < 60, np.arange(300) < 120]).astype(float)
    labels = (np.arange(500) >= 200).astype(float)[None, :]
    pooled = 180 / 500
    z = (120 / 300 - 60 / 200) / np.sqrt(pooled * (1 - pooled) * (1 / 200 + 1 / 300))
    assert share_statistic(part, np.ones(500), labels)[0] == pytest.approx(z)


def test_the_spread_is_that_of_units_and_not_of_rows() -> None:
    table = np.array([[90.0, 10.0], [10.0, 90.0], [80.0, 20.0], [20.0, 80.0]])
    changed = change(table, table.sum(axis=1), SEEN)
    assert changed.difference == pytest.approx(np.zeros((1, 2)))
    assert changed.spread == pytest.approx(np.sqrt([[2 * 40**2 / 200**2 + 2 * 30**2 / 200**2] * 2]))


def test_chi_square_is_pearsons_for_rows() -> None:
    rng = np.random.default_rng(1)
    cells = rng.integers(0, 2, 400)
    labels = (np.arange(400) >= 150).astype(float)[None, :]
    observed = [[np.sum(cells[:150] == k) for k in (0, 1)], [np.sum(cells[150:] == k) for k in (0, 1)]]
    expected = stats.chi2_contingency(observed, correction=False).statistic
    assert category_statistics(np.eye(2)[cells], labels)["chi_square"][0] == pytest.approx(2 * expected, rel=0.02)


@pytest.mark.parametrize(
    ("name", "shift"),
    [("location", lambda x: x + 0.5), ("spread", lambda x: x * 1.4), ("tails", lambda x: np.where(x > 1.6, 9, x))],
)
def test_each_statistic_finds_what_it_is_for(name: str, shift: object) -> None:
    rng = np.random.default_rng(2)
    edges = stats.norm.ppf(np.arange(1, 40) / 40)
    old, new = rng.normal(size=(100, 30)), shift(rng.normal(size=(100, 30)))  # type: ignore[operator]
    table = np.array([np.bincount(np.searchsorted(edges, unit), minlength=40) for unit in (*old, *new)], dtype=float)
    found = ordered_statistics(table, relabellings(rng, 100, 100, 199).astype(float))
    assert adjusted_p(scores(found[name][None, :]))[0] == pytest.approx(0.005)


def test_rows_that_gather_in_one_cell_are_found() -> None:
    rng = np.random.default_rng(3)
    table = rng.poisson(1.0, (100, 50)).astype(float)
    table[50:, 7] += 1
    labels = relabellings(rng, 50, 50, 199).astype(float)
    assert adjusted_p(scores(heap_statistic(table, labels)[None, :]))[0] <= 0.01


def test_what_can_not_change_is_no_change() -> None:
    """One value in the lower tail, one in the upper, and a column of one value: no spread, and nothing but rounding."""
    rng = np.random.default_rng(4)
    labels = relabellings(rng, 60, 60, 199).astype(float)
    tails = rng.multinomial(53, [0.04, 0.47, 0.46, 0.03], size=120).astype(float)
    found = ordered_statistics(tails, labels)
    assert not found["low_tail"].any()
    assert not found["high_tail"].any()
    constant = np.stack([np.zeros(120), rng.integers(1, 99, 120)], axis=1).astype(float)
    assert not any(statistic.any() for statistic in ordered_statistics(constant, labels).values())
    assert not share_statistic(constant[:, 1], constant.sum(axis=1), labels).any()
