"""Permutation of units: exact where units are exchangeable, whatever the statistics are."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from pytest_mlops.stats.pearson import Pearson
from pytest_mlops.stats.permutation import adjusted_p, count_relabellings, relabellings, scores


def test_the_first_labelling_is_the_one_as_seen() -> None:
    for reference, current in ((3, 2), (14, 15)):
        labels = relabellings(np.random.default_rng(1), reference, current, 99)
        assert labels[0].tolist() == [False] * reference + [True] * current
        assert (labels.sum(axis=1) == current).all()


def test_few_units_are_relabelled_in_every_way_once() -> None:
    labels = relabellings(np.random.default_rng(1), 3, 2, 99)
    assert sorted(map(tuple, labels)) == sorted({*itertools.permutations([False, False, False, True, True])})


def test_one_statistic_has_the_p_value_of_scipy() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=5), rng.normal(1, size=4)
    labels = relabellings(rng, 5, 4, 10_000).astype(float)
    both = np.concatenate([x, y])
    means = np.abs(labels @ both / 4 - (1 - labels) @ both / 5)
    expected = stats.permutation_test((x, y), lambda a, b: abs(a.mean() - b.mean()), alternative="greater")
    assert adjusted_p(scores(means[None, :]))[0] == pytest.approx(expected.pvalue)


def test_deviates_of_a_skewed_statistic_are_normal_and_go_back() -> None:
    values = np.random.default_rng(3).gamma(2.0, size=(1, 100_000))
    found = Pearson.of(values)
    deviates = found.deviates(values)
    assert stats.kstest(deviates[0], "norm").statistic < 0.01
    assert found.values(deviates) == pytest.approx(values, abs=1e-9)


def test_what_never_changes_scores_nothing() -> None:
    assert scores(np.full((1, 50), 0.1 + 0.2)).tolist() == [[0.0] * 50]


def test_the_rate_holds_over_statistics_of_any_kind() -> None:
    """Fifty statistics, some of them heavy-tailed and mostly zero: the least p-value is at most 0.05 that often."""
    rng, alarms = np.random.default_rng(4), 0
    for _ in range(400):
        units = np.concatenate([rng.standard_cauchy((40, 20)), rng.poisson(0.05, (40, 30))], axis=1)
        labels = relabellings(rng, 18, 22, 199).astype(float)
        difference = np.abs(labels @ units / 22 - (1 - labels) @ units / 18)
        alarms += adjusted_p(scores(difference.T)).min() <= 0.05
    assert stats.binomtest(alarms, 400, 0.05).pvalue > 0.001


def test_units_of_both_sides_are_swapped_and_the_others_shuffled() -> None:
    pairs = [(0, 1), (2, 0)]
    labels = relabellings(np.random.default_rng(5), 4, 3, 999, pairs)
    assert len(labels) == count_relabellings(4, 3, 2) == 4 * 3
    assert len({*map(tuple, labels)}) == len(labels)
    assert (labels[:, 0] != labels[:, 4 + 1]).all()
    assert (labels[:, 2] != labels[:, 4 + 0]).all()
    assert labels[0].tolist() == [False] * 4 + [True] * 3
    drawn = relabellings(np.random.default_rng(5), 40, 30, 99, pairs)
    assert drawn.shape == (100, 70)
    assert (drawn[:, 0] != drawn[:, 40 + 1]).all()
    assert (drawn.sum(axis=1) == 30).all()


def test_halves_of_the_same_days_hold_the_rate() -> None:
    """A day's rows are split at random: the halves add up to what the day had, and only swapping them is fair."""
    rng, alarms = np.random.default_rng(6), 0
    pairs = [(day, day) for day in range(20)]
    for _ in range(400):
        half = rng.hypergeometric(50, 50, 50, size=20)
        units = np.concatenate([half, 50 - half]).astype(float)
        labels = relabellings(rng, 20, 20, 199, pairs).astype(float)
        alarms += adjusted_p(np.abs(labels @ units - (1 - labels) @ units)[None, :])[0] <= 0.05
    assert stats.binomtest(alarms, 400, 0.05).pvalue > 0.001
