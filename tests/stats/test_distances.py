"""Distances equal SciPy's where it has them; what SciPy leaves open is by rule."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.special import rel_entr
from scipy.stats import chi2_contingency, cramervonmises_2samp, energy_distance, ks_2samp, wasserstein_distance

from pytest_mlops.stats.distances import (
    chi_square,
    jensen_shannon,
    population_stability,
    sample_distances,
    total_variation,
)

# Ties, constants, large and tiny numbers; sums of numbers of very different sizes have no digits to agree on.
VALUES = st.one_of(
    st.integers(-3, 3).map(float),
    st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 3)),
)
SAMPLE = st.lists(VALUES, min_size=2, max_size=60)
COUNTS = st.integers(1, 12).flatmap(
    lambda size: st.tuples(*[st.lists(st.integers(0, 80), min_size=size, max_size=size)] * 2)
)
MANY = settings(deadline=None, max_examples=300)
INF = math.inf


@MANY
@given(SAMPLE, SAMPLE)
def test_samples_as_scipy(x: list[float], y: list[float]) -> None:
    found = sample_distances(x, y)
    assert found.ks == pytest.approx(ks_2samp(x, y, method="asymp").statistic, abs=1e-12)
    assert found.wasserstein == pytest.approx(wasserstein_distance(x, y), rel=1e-12, abs=1e-12)
    assert found.energy == pytest.approx(energy_distance(x, y), rel=1e-12, abs=1e-12)
    expected = cramervonmises_2samp(x, y, method="asymptotic").statistic
    assert found.cramer_von_mises == pytest.approx(expected, rel=1e-12, abs=1e-12)


@MANY
@given(COUNTS)
def test_tables_as_scipy(counts: tuple[list[int], list[int]]) -> None:
    a, b = (np.array(side, dtype=float) for side in counts)
    if not a.sum() or not b.sum():
        assert math.isnan(jensen_shannon(a, b))
        assert math.isnan(total_variation(a, b))
        assert math.isnan(chi_square(a, b).statistic)
        return
    assert jensen_shannon(a, b) == pytest.approx(jensenshannon(a, b, base=2), abs=1e-7)  # a root: near 0 digits halve
    assert jensen_shannon(a, b) ** 2 == pytest.approx(jensenshannon(a, b, base=2) ** 2, abs=1e-12)
    p, q = ((side + 0.5) / (side + 0.5).sum() for side in (a, b))
    assert population_stability(a, b) == pytest.approx((rel_entr(p, q) + rel_entr(q, p)).sum(), rel=1e-12, abs=1e-12)
    assert total_variation(a, b) == pytest.approx(np.abs(a / a.sum() - b / b.sum()).sum() / 2, abs=1e-12)
    some = a + b > 0
    expected = chi2_contingency(np.stack([a, b])[:, some], correction=False)
    found = chi_square(a, b, smallest=0)
    assert found.statistic == pytest.approx(expected.statistic, rel=1e-12, abs=1e-12)
    assert found.freedom == expected.dof


@MANY
@given(COUNTS)
def test_small_cells_are_taken_together(counts: tuple[list[int], list[int]]) -> None:
    """Each category that is left is expected five times on each side, unless there are too few rows for even one."""
    a, b = (np.array(side, dtype=float) for side in counts)
    found = chi_square(a, b)
    if not math.isnan(found.statistic) and min(a.sum(), b.sum()) >= 5 and found.freedom:
        assert found.freedom + 1 <= min(a.sum(), b.sum()) / 5
    assert math.isnan(found.statistic) or found.freedom <= chi_square(a, b, smallest=0).freedom


def test_the_law_of_chi_square_holds_for_rare_categories() -> None:
    """500 rows over 200 categories, most of them seen once: 5 % of unchanged data are over the 95 % quantile."""
    from scipy.stats import chi2

    draw, over = np.random.default_rng(1), 0
    shares = 1 / np.arange(1, 201)
    for _ in range(1000):
        a, b = draw.multinomial(500, shares / shares.sum(), size=2)
        found = chi_square(a, b)
        over += found.statistic > chi2.ppf(0.95, found.freedom)
    assert 30 <= over <= 72  # within four standard errors


@pytest.mark.parametrize(
    ("x", "y", "ks", "wasserstein"),
    [
        ([], [1.0], math.nan, math.nan),
        ([math.nan], [1.0], math.nan, math.nan),
        ([math.nan, 1.0], [1.0, math.nan, math.nan], 0, 0),
        ([1.0], [1.0], 0, 0),
        ([1.0], [3.0], 1, 2),
        ([2.0, 2.0, 2.0], [2.0], 0, 0),
        ([INF], [INF], 0, 0),
        ([0.0, INF], [1.0, INF], 0.5, 0.5),
        ([0.0, INF], [0.0, 1.0], 0.5, INF),
        ([-INF, 0.0], [0.0, 0.0], 0.5, INF),
        ([-INF, INF], [INF, -INF], 0, 0),
        ([-INF, -INF], [-INF, 0.0], 0.5, INF),
    ],
)
def test_what_is_missing_infinite_constant_or_alone(
    x: list[float], y: list[float], ks: float, wasserstein: float
) -> None:
    found = sample_distances(x, y)
    assert found.ks == pytest.approx(ks, nan_ok=True)
    assert found.wasserstein == pytest.approx(wasserstein, nan_ok=True)


@MANY
@given(SAMPLE, SAMPLE, st.sampled_from([2.0, 0.5, 1024.0]))
def test_the_unit_and_the_sides_do_not_matter(x: list[float], y: list[float], factor: float) -> None:
    there, back = sample_distances(x, y), sample_distances(y, x)
    assert there.ks == pytest.approx(back.ks, abs=1e-12)
    assert there.wasserstein == pytest.approx(back.wasserstein, rel=1e-12, abs=1e-12)
    scaled = sample_distances(np.array(x) * factor, np.array(y) * factor)
    assert scaled.ks == there.ks
    assert scaled.wasserstein == pytest.approx(there.wasserstein * factor, rel=1e-12)
