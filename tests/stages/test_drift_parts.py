"""Sketches of parts, merged, are the sketch of the whole; so are samples, grids and what is committed."""

from __future__ import annotations

import pickle
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_mlops.adapters import batches
from pytest_mlops.stages.drift import measure_drift, reference_of, reference_text
from pytest_mlops.stages.drift.reference import compared
from pytest_mlops.stages.drift.sample import Sample, Sampler
from tests.stages.test_drift import NEW, OLD

if TYPE_CHECKING:
    from collections.abc import Sequence

WITH_GAPS = OLD[OLD["day"] < 9].assign(
    size=lambda rows: rows["size"].mask(rows.index % 7 == 0),
    kind=lambda rows: rows["kind"].mask(rows.index % 5 == 0),
    same=1,
)

MORE = WITH_GAPS[WITH_GAPS["day"] < 6].assign(
    key=lambda rows: [f"key {n * n % 1201}" for n in rows.index],
    note=lambda rows: [" ".join(["some", "more", "words", "yet"][: 1 + n % 4]) + f" {n % 90}" for n in rows.index],
    number=lambda rows: rows.index * 3,
    vector=lambda rows: pd.Series(
        [None if n % 9 == 0 else [n % 7, n % 5, n % 3][: 2 + n % 11] for n in rows.index],
        index=rows.index,
        dtype=object,
    ),
    seen=lambda rows: rows["seen"] + pd.to_timedelta(rows.index % 24, "h"),
)


def in_parts(monkeypatch: pytest.MonkeyPatch, ends: Sequence[int]) -> None:
    """Let every pass over data be made part by part, each pickled where it was made, as on a cluster."""

    def fold(data: Any, columns: Sequence[str], work: Any, merge: Any) -> Any:
        rows = nw.concat([*batches.batches_of(data, columns)]).select(columns)
        cuts = [0, *sorted(end for end in ends if end < len(rows)), len(rows)]
        work = pickle.loads(pickle.dumps(work))  # noqa: S301 - what was pickled here
        made = [pickle.dumps(work([rows[a:b]], a)) for a, b in pairwise(cuts) if b > a]
        first, *others = map(pickle.loads, made)
        for other in others:
            merge(first, other)
        return first

    monkeypatch.setattr("pytest_mlops.stages.drift.reference.fold_batches", fold)


@settings(max_examples=30, deadline=None)
@given(ends=st.lists(st.integers(1, 1800), max_size=6), unit=st.sampled_from(["day", None]))
def test_merged_parts_are_the_whole(ends: list[int], unit: str | None) -> None:
    whole = reference_text(reference_of(WITH_GAPS, unit=unit))
    with pytest.MonkeyPatch.context() as monkeypatch:
        in_parts(monkeypatch, ends)
        assert reference_text(reference_of(WITH_GAPS, unit=unit)) == whole


@settings(max_examples=5, deadline=None)
@given(ends=st.lists(st.integers(1, 1200), max_size=5), unit=st.sampled_from(["day", None]))
def test_merged_parts_of_texts_vectors_and_times_are_the_whole(ends: list[int], unit: str | None) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("pytest_mlops.stages.drift.column_sketch.MANY", 300)
        monkeypatch.setattr("pytest_mlops.stages.drift.values._MOST", 200)
        sketch = reference_of(MORE, unit=unit).sketch
        whole = reference_text(reference_of(MORE, unit=unit))
        in_parts(monkeypatch, ends)
        assert reference_text(reference_of(MORE, unit=unit)) == whole
    assert sorted(sketch.parts) == [
        "gaps of seen",
        "texts of key",
        "texts of note",
        "values of key",
        "values of number",
        "vectors of vector",
    ]


@settings(max_examples=6, deadline=None)
@given(ends=st.lists(st.integers(1, 799), max_size=4), labels=st.sampled_from([40, 60, 3000]))
def test_too_many_new_labels_are_one_in_whatever_parts_they_come(ends: list[int], labels: int) -> None:
    old, now = (side[side["day"] < 4] for side in (OLD, NEW))
    now = now.assign(kind=[f"{n % labels}" if n % 7 else "a" for n in range(len(now))])

    def sketched() -> tuple[list[str], list[list[int]]]:
        reference = reference_of(old, unit="day", columns=["kind"])
        column = compared(now, len(now), reference, ["kind"])[1].columns["kind"]
        return [*column.labels], column.tally.counts.tolist()

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("pytest_mlops.stages.drift.column_sketch.MANY", 50)
        whole = sketched()
        in_parts(monkeypatch, ends)
        assert sketched() == whole
    assert len(whole[0]) == (4 if labels > 50 else 3 + labels)


@pytest.mark.parametrize("now", [NEW, NEW.assign(count=NEW["count"] + 3)])
@pytest.mark.parametrize("unit", ["day", None])
def test_parts_have_the_verdict_of_the_whole(now: pd.DataFrame, unit: str | None) -> None:
    def numbers() -> list[tuple[float | None, object]]:
        found = measure_drift(now, reference=OLD, name="new", unit=unit).measurements
        return [(m.value, m.parameters.get("p_value")) for m in found]

    whole = numbers()
    with pytest.MonkeyPatch.context() as monkeypatch:
        in_parts(monkeypatch, [1000, 1001, 4000])
        assert numbers() == whole


def test_random_groups_of_parts_are_of_like_size() -> None:
    """They are drawn anew in each part, so that the verdict is another draw."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        in_parts(monkeypatch, [1000, 4000])
        rows = reference_of(OLD, unit="row").sketch.rows
    assert rows.min() >= 57
    assert rows.max() <= 63


@given(st.lists(st.integers(1, 500), min_size=1, max_size=8), st.integers(0, 99))
def test_the_same_rows_are_drawn_in_whatever_batches_they_come(lengths: list[int], seed: int) -> None:
    values = np.arange(sum(lengths), dtype=np.float64)
    rows = nw.from_native(pd.DataFrame({"a": values}), eager_only=True)
    sampler, parts = Sampler(["a"], 0.3, seed), list(pairwise(np.cumsum([0, *lengths]).tolist()))
    whole = sampler([rows], 0)
    in_batches = sampler([rows[a:b] for a, b in parts], 0)
    first, *others = [sampler([rows[a:b]], a) for a, b in parts]
    for other in others:
        first.merge(other)
    assert drawn(whole) == drawn(in_batches) == drawn(first)


def drawn(sample: Sample) -> tuple[list[float], float, float]:
    column = sample.columns["a"]
    return np.concatenate(column.values).tolist(), column.low, column.high
