"""What counts leave open of a distance: SciPy's, of the values, always lies within, and each end is reached."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from pytest_mlops.stats.binned import ks_bounds
from pytest_mlops.stats.distances import sample_distances

SAMPLE = st.lists(st.integers(-40, 40).map(lambda value: value / 4), min_size=2, max_size=60)
EDGES = st.lists(st.integers(-10, 10).map(float), min_size=1, max_size=8, unique=True).map(sorted)
COUNTS = st.integers(1, 8).flatmap(
    lambda size: st.tuples(*[st.lists(st.integers(0, 9), min_size=size, max_size=size).filter(any)] * 2)
)
MANY = settings(deadline=None, max_examples=200)
EXACT = 1e-12


def counts(values: list[float], edges: list[float]) -> list[int]:
    bins = np.searchsorted(edges, values, side="left")
    return [int((bins == cell).sum()) for cell in range(len(edges) + 1)]


@MANY
@given(SAMPLE, SAMPLE, EDGES)
def test_scipy_lies_within_the_bounds(x: list[float], y: list[float], edges: list[float]) -> None:
    least, most = ks_bounds(counts(x, edges), counts(y, edges))
    exact = ks_2samp(x, y, method="asymp").statistic
    assert least - EXACT <= exact <= most + EXACT


@MANY
@given(COUNTS)
def test_each_bound_is_the_distance_of_some_values(pair: tuple[list[int], list[int]]) -> None:
    least, most = ks_bounds(*pair)
    found = {order: _distance(*pair, order) for order in ((0.5, 0.5), (0.25, 0.75), (0.75, 0.25))}
    assert found[0.5, 0.5] == pytest.approx(least, abs=EXACT)
    assert max(found.values()) == pytest.approx(most, abs=EXACT)


def _distance(reference: list[int], current: list[int], places: tuple[float, float]) -> float:
    x, y = (
        [cell + place for cell, n in enumerate(side) for _ in range(n)]
        for side, place in zip((reference, current), places, strict=True)
    )
    return sample_distances(x, y).ks


def test_a_bin_a_value_of_each_side_is_told_to_its_share() -> None:
    assert ks_bounds([1] * 4, [1] * 4) == (0.0, 0.25)


def test_no_values_have_no_bounds() -> None:
    assert all(math.isnan(bound) for bound in ks_bounds([0, 0], [1, 2]))
