"""Student's tail equals SciPy's; the surprise of a window and its p-value by simple means."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pytest_mlops.stats.split import orders, split_labels, splits_of
from pytest_mlops.stats.student import student_log_tail
from pytest_mlops.stats.windows import surprises, window_p


@given(st.floats(-30, 30), st.integers(1, 1500))
def test_the_tail_is_scipys(t: float, freedom: int) -> None:
    assert student_log_tail(np.array([t]), freedom)[0] == pytest.approx(stats.t.logsf(t, freedom), rel=1e-8, abs=1e-12)


def test_a_surprise_is_a_prediction_t_test() -> None:
    """By SciPy, of one window against the others."""
    values = np.random.default_rng(1).uniform(1, 9, (1, 12))
    x = values[0] ** (2 / 3)
    others = np.delete(x, 3)
    t = (x[3] - others.mean()) / (others.std(ddof=1) * np.sqrt(1 + 1 / 11))
    assert surprises(values)[0, 3] == pytest.approx(-stats.t.logsf(t, 10))


def test_exchangeable_windows_have_every_rank_equally_often() -> None:
    """The p-value of each of some windows among the others: exact, whatever they are."""
    scores = surprises(np.abs(np.random.default_rng(2).standard_cauchy((5, 20)))).max(axis=0)
    p = [window_p(scores[i : i + 1], np.delete(scores, i), np.zeros(0), np.delete(scores, i))[0] for i in range(20)]
    assert sorted(p)[1:] == pytest.approx(np.arange(2, 21) / 20)
    assert min(p) <= 1 / 20


def test_a_split_is_a_labelling() -> None:
    places = orders(np.random.default_rng(1), 7, 2)
    labels = split_labels(places, splits_of(7, 3, 9))
    assert labels[:2].tolist() == [[0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 0, 1, 1, 1]]
    assert labels.sum(axis=1).tolist() == [4, 3] * 3
