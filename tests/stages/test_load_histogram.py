"""The histograms of workers elsewhere: counts exact, latencies within 0.05 % over all magnitudes, merged by adding."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_mlops.runners.histogram import Histograms, bin_of, middle_ns
from pytest_mlops.stages.load.histograms import read_histograms
from pytest_mlops.stats.quantiles import quantile

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


@given(st.integers(0, 2**42))
def test_a_latency_is_near_the_middle_of_its_bin(latency_ns: int) -> None:
    assert abs(middle_ns(bin_of(latency_ns)) - latency_ns) <= latency_ns / 2048


@given(st.integers(0, 2**42), st.integers(0, 2**42))
def test_bins_are_in_order(one: int, other: int) -> None:
    assert (one <= other) <= (bin_of(one) <= bin_of(other))


def test_every_latency_from_a_tenth_of_a_millisecond_to_a_minute() -> None:
    exact = np.geomspace(1e-4, 60, 200_000)
    found = np.array([middle_ns(bin_of(round(one * 1e9))) / 1e9 for one in exact])
    assert np.abs(found / exact - 1).max() < 0.0005


def merged(tmp_path: Path, latencies_s: NDArray[np.float64], workers: int) -> Path:
    """Let workers report twice each, merge the reports as plain JSON, and write what a master writes."""
    total = Histograms()
    for share in np.array_split(latencies_s, 2 * workers):
        one = Histograms()
        for at, latency_s in enumerate(share):
            one.add((at % 100, "GET", "/", 500 if latency_s > 50 else 200, "slow" if latency_s > 50 else ""), latency_s)
        total.merge(json.loads(json.dumps(one.take())))
        assert one.take() == []
    rows = [[*kind, [[middle_ns(number), count] for number, count in counts]] for *kind, counts in total.take()]
    (tmp_path / "histograms.json").write_text(json.dumps(rows), encoding="utf-8")
    return tmp_path / "histograms.json"


@pytest.mark.parametrize("workers", [1, 7])
def test_merging_loses_nothing(tmp_path: Path, workers: int) -> None:
    exact = np.exp(np.random.default_rng(3).uniform(np.log(1e-4), np.log(60), 50_000))
    rows = read_histograms(merged(tmp_path, exact, workers), 0.1, seed=1)
    assert len(rows) == len(exact)
    assert sum(status == 500 and problem == "slow" for _, _, status, _, problem in rows) == (exact > 50).sum()
    found = np.array([done - sent for sent, done, *_ in rows])
    for share in (0.001, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0):
        assert quantile(found, share) == pytest.approx(quantile(exact, share), rel=0.0006)


def test_requests_are_spread_over_their_slot(tmp_path: Path) -> None:
    rows = read_histograms(merged(tmp_path, np.full(1_000, 0.01), 1), 0.5, seed=1)
    sent = np.array([row[0] for row in rows])
    assert (np.diff(sent) > 0).all()
    assert (np.bincount((sent / 0.5).astype(int)) == 10).all()
