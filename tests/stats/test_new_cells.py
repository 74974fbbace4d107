"""New cells: as surprising as they are, alone, many together, and where many come and go or come together."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from pytest_mlops.stats.new_cells import beyond_surprise, new_cells_surprise
from pytest_mlops.stats.permutation import adjusted_p, relabellings

RNG = np.random.default_rng(3)
LABELS = relabellings(RNG, 100, 100, 999).astype(float)


def _table(cells: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return units that have none of some cells, and all many rows in one more."""
    return np.hstack([np.zeros((200, cells)), np.full((200, 1), 1e4)])


def test_one_new_cell_is_as_surprising_as_its_chance() -> None:
    """All ten units that have it are current: Fisher's exact test of two proportions, for units."""
    table = _table(1)
    table[110:120, 0] = 3
    exact = stats.fisher_exact([[10, 0], [90, 100]], alternative="greater").pvalue
    assert new_cells_surprise(table, LABELS)[0] == pytest.approx(-math.log(exact), rel=1e-3)


def test_a_bound_for_many_is_never_below_the_tail() -> None:
    """Cells of one unit each come and go independently of each other: the binomial tail, by Chernoff's bound."""
    table = _table(60)
    table[np.where(np.arange(60) < 45, 100, 0) + np.arange(60), np.arange(60)] = 1
    found = new_cells_surprise(table, LABELS)[0]
    exact = stats.hypergeom(200, 60, 100).sf(44)
    assert 0.5 * -math.log(exact) < found <= -math.log(exact)


def test_what_comes_together_counts_less() -> None:
    """Twenty units with five cells each, or a hundred units with one each: the former say less."""
    alone, together = _table(100), _table(100)
    alone[100 + np.arange(100), np.arange(100)] = 1
    together[np.repeat([3, 7, *range(100, 118)], 5), np.arange(100)] = 1
    found = [new_cells_surprise(table, LABELS)[0] for table in (alone, together)]
    assert found[0] > 60
    assert found[1] < 15


def test_natural_new_categories_are_expected_whatever_the_sizes() -> None:
    """A long tail: a small reference lacks many categories of a large current side, and nothing has changed."""
    rng, alarms = np.random.default_rng(4), 0
    for _ in range(100):
        drawn = rng.zipf(1.5, 2200).clip(max=3000)
        units = np.concatenate([rng.permutation(200) % 50, 50 + rng.permutation(2000) % 50])
        table = np.zeros((100, 3001))
        np.add.at(table, (units, drawn), 1)
        labels = relabellings(rng, 50, 50, 199).astype(float)
        alarms += adjusted_p(new_cells_surprise(table[:, table.any(axis=0)], labels)[None, :])[0] <= 0.05
    assert alarms <= 12


def test_sides_of_any_size_and_no_cells() -> None:
    table = RNG.poisson(0.3, (6, 5)).astype(float)
    labels = np.array([[0, 0, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0], [1, 1, 1, 0, 1, 1], [1, 1, 1, 1, 1, 1]], dtype=float)
    assert np.isfinite(new_cells_surprise(table, labels)).all()
    assert new_cells_surprise(np.zeros((6, 3)), labels).tolist() == [0.0] * 4


def test_units_beyond_the_reference_hold_their_rate() -> None:
    """Whether a current unit reaches further than all of the reference is a coin's toss, many do so seldom."""
    rng, alarms, rows = np.random.default_rng(8), 0, np.full(80, 50.0)
    labels = relabellings(rng, 40, 40, 199).astype(float)
    for _ in range(400):
        ends = rng.normal(size=(2, 80))
        beyond = [int((end[40:] > end[:40].max()).sum()) for end in ends]
        alarms += adjusted_p(beyond_surprise((beyond[0], beyond[1]), rows, labels, rng)[None, :])[0] <= 0.05
    assert alarms <= 36  # of 20 that are expected
    alone = -np.log(stats.hypergeom(80, 12, 40).pmf(12))
    assert beyond_surprise((12, 0), rows, labels, rng)[0] == pytest.approx(alone - np.log1p(alone))
