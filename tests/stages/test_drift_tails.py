"""Each statistic of a column of numbers holds its rate alone, where a side has few rows beyond the other's extremes."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy.stats import binom

from pytest_mlops.stages.drift.grid import choose_grid
from pytest_mlops.stages.drift.number_effects import with_ends_inside
from pytest_mlops.stats.change import ordered_statistics
from pytest_mlops.stats.permutation import relabellings, scores

ROWS, GROUPS, COLUMNS, TRIALS = 150, 50, 8, 250


def counts(codes: np.ndarray, cells: int) -> np.ndarray:
    """Return how many rows each group of a side has in each cell, of shape (groups, cells)."""
    groups = np.arange(len(codes)) % GROUPS
    return np.bincount(groups * cells + codes, minlength=GROUPS * cells).reshape(GROUPS, cells).astype(float)


@pytest.mark.parametrize("skewed", [1, -1])
def test_each_statistic_alone_holds_its_rate(skewed: int) -> None:
    alarms: Counter[str] = Counter()
    for seed in range(TRIALS):
        rng = np.random.default_rng([seed, 5])
        labels = relabellings(rng, GROUPS, GROUPS, 99).astype(np.float64)
        found: dict[str, list[np.ndarray]] = {}
        for _ in range(COLUMNS):
            old, new = skewed * rng.lognormal(size=(2, ROWS))
            grid = choose_grid(old, old.min(), old.max())
            table = np.concatenate([counts(grid.codes(side), len(grid)) for side in (old, new)])
            for name, statistic in ordered_statistics(with_ends_inside(table, grid), labels).items():
                found.setdefault(name, []).append(scores(statistic))
        for name, of_columns in found.items():
            highest = np.max(of_columns, axis=0)
            alarms[name] += (highest >= highest[0]).mean() <= 0.05
    most = binom.ppf(0.9995, TRIALS, 0.05)
    assert {name: count for name, count in alarms.items() if count > most} == {}


def test_other_data_have_as_many_rows_beyond_an_edge_of_a_tail_as_the_reference() -> None:
    """Below the lowest edge within the reference, and above the highest; 600 columns of 284 rows."""
    rng = np.random.default_rng(9)
    beyond = np.zeros((2, 2))
    for _ in range(600):
        sides = rng.lognormal(size=(2, 284))
        grid = choose_grid(sides[0], sides[0].min(), sides[0].max())
        for side, values in enumerate(sides):
            inside = with_ends_inside(counts(grid.codes(values), len(grid)), grid).sum(axis=0)
            beyond[side] += inside[0], inside[-1]
    assert beyond[1] / beyond[0] == pytest.approx([1, 1], abs=0.2)
