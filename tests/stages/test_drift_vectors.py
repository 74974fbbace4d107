"""Vectors: red twins turn what they should red, quiet twins nothing; gaps, NaN and other lengths have their rule."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_mlops import no_drift
from pytest_mlops.adapters.arrow_nested import vectors_of
from pytest_mlops.stages.drift import measure_drift, read_reference, reference_of, reference_text
from pytest_mlops.stages.drift.parts import part_from_json
from pytest_mlops.stages.drift.reading import Reading
from pytest_mlops.stages.drift.vectors import WAVES, Vectors, space_of

if TYPE_CHECKING:
    from pathlib import Path

DAYS, ROWS, LENGTH = 24, 100, 12


def month(seed: int) -> pd.DataFrame:
    """Return vectors of two groups; their days differ a little."""
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(DAYS), ROWS)
    group = rng.choice([-1.0, 1.0], (len(day), 1)) * np.linspace(0, 1, LENGTH)
    vectors = rng.normal(rng.normal(0, 0.1, (DAYS, LENGTH))[day] + group, 1)
    return pd.DataFrame({"day": day, "vector": list(vectors), "x": rng.normal(0, 1, len(day))})


OLD, NEW = month(1), month(2)


def with_vectors(change: Any) -> pd.DataFrame:
    """Return the new rows, each vector changed by its number."""
    return NEW.assign(vector=[change(number, vector) for number, vector in enumerate(NEW["vector"])])


def red(current: Any, reference: Any = OLD, **options: Any) -> set[str]:
    """Return `column:kind` of everything that is not a pass."""
    result = measure_drift(current, reference=reference, name="new", unit="day", seed=5)
    judged = no_drift(**options).judge(result)
    return {
        f"{j.measurement.subject.partition('.')[2]}:{j.measurement.short_name}" for j in judged if j.verdict != "pass"
    }


RED = {
    "a shift": (with_vectors(lambda _, v: v + np.where(np.arange(LENGTH) % 2, 0.4, -0.4)), {"vector:vector_shift"}),
    "another model": (
        with_vectors(lambda _, v: np.roll(np.sort(v), 3) - 0.2),
        {"vector:vector_shift", "vector:vector_distance"},
    ),
    "one of two groups": (
        with_vectors(lambda _, v: np.abs(v @ np.linspace(0, 1, LENGTH)) / 2 * np.linspace(0, 1, LENGTH) + v / 2),
        {"vector:vector_shift", "vector:vector_distance"},
    ),
    "stuck vectors": (
        with_vectors(lambda i, v: np.zeros(LENGTH) if i % 5 == 0 else v),
        {"vector:heaped_share", "vector:vector_distance", "vector:outside_share", "vector:ks"},
    ),
    "missing vectors": (with_vectors(lambda i, v: None if i % 8 == 0 else v), {"vector:missing_share_change"}),
    "a number is missing": (
        with_vectors(lambda i, v: np.where(np.arange(LENGTH) == 3, np.nan, v) if i % 8 == 0 else v),
        {"vector:missing_share_change"},
    ),
    "some of another length": (with_vectors(lambda i, v: v[:5] if i % 8 == 0 else v), {"vector:other_length_share"}),
    "another length": (with_vectors(lambda _, v: np.append(v, 0.0)), {":type_changed"}),
    "numbers in their place": (NEW.assign(vector=1.0), {":type_changed"}),
    "texts in their place": (NEW.assign(vector="none"), {":type_changed"}),
}
MAY = {
    "one of two groups": {"vector:ks", "vector:outside_share"},
    "some of another length": {"vector:ks", "vector:outside_share"},
    "a shift": {"vector:vector_distance"},
}


@pytest.mark.parametrize("name", RED)
def test_red_twins(name: str) -> None:
    frame, expected = RED[name]
    found = red(frame)
    assert expected & found
    assert found <= expected | MAY.get(name, set())


QUIET = {
    "unchanged": NEW,
    "rows in another order": NEW.sample(frac=1, random_state=1),
    "a part of the rows": NEW.sample(frac=0.6, random_state=2),
    "lists": with_vectors(lambda _, v: v.tolist()),
    "single precision": with_vectors(lambda _, v: v.astype(np.float32)),
}


@pytest.mark.parametrize("name", QUIET)
def test_quiet_twins(name: str) -> None:
    assert red(QUIET[name]) == set()


def engines(frame: pd.DataFrame, folder: Path) -> dict[str, Any]:
    """Return the same rows as other kinds of data."""
    lists = frame.assign(vector=[vector.tolist() for vector in frame["vector"]])
    table = pa.table({name: lists[name].tolist() for name in lists})
    pa.parquet.write_table(table, folder / f"{len(frame)}.parquet")
    fixed = pl.DataFrame(table).with_columns(pl.col("vector").cast(pl.Array(pl.Float64, LENGTH)))
    return {"arrow": table, "polars": fixed, "parquet": folder / f"{len(frame)}.parquet"}


@pytest.mark.parametrize("engine", ["arrow", "polars", "parquet"])
def test_other_data_give_the_same(engine: str, tmp_path: Path) -> None:
    new, old = engines(NEW.head(1200), tmp_path)[engine], engines(OLD, tmp_path)[engine]
    there = measure_drift(new, reference=old, name="new", unit="day", seed=5)
    here = measure_drift(NEW.head(1200), reference=OLD, name="new", unit="day", seed=5)
    assert [float(m) for m in there.measurements] == pytest.approx([float(m) for m in here.measurements], abs=1e-12)


def test_a_committed_reference_gives_the_same(tmp_path: Path) -> None:
    path = tmp_path / "reference.json"
    path.write_text(reference_text(reference_of(OLD, unit="day", seed=5)), encoding="utf-8")
    there = measure_drift(NEW, reference=read_reference(path), name="new", seed=5)
    here = measure_drift(NEW, reference=OLD, name="new", unit="day", seed=5)
    assert [m.value for m in there.measurements] == [m.value for m in here.measurements]


def test_a_shift_is_in_units_of_the_spread() -> None:
    spread = np.sqrt(np.stack(OLD["vector"].tolist()).var(axis=0).sum())
    moved = with_vectors(lambda _, v: v + 0.3)
    difference = np.stack(moved["vector"].tolist()).mean(axis=0) - np.stack(OLD["vector"].tolist()).mean(axis=0)
    result = measure_drift(moved, reference=OLD, name="new", unit="day", seed=5)
    found = next(float(m) for m in result.measurements if m.short_name == "vector_shift")
    assert found == pytest.approx(np.linalg.norm(difference) / spread, rel=0.1)


def series_of(vectors: list[Any]) -> Any:
    return nw.from_native(pa.table({"v": pa.array(vectors, type=pa.list_(pa.float64()))}), eager_only=True)["v"]


@given(st.lists(st.none() | st.lists(st.floats(-9, 9) | st.none(), max_size=4), max_size=20), st.integers(0, 20))
@settings(deadline=None)
def test_vectors_of_any_length_are_read(vectors: list[Any], start: int) -> None:
    """Also from a slice of a longer series."""
    for part in vectors_of(series_of(vectors)[start:]):
        rest = vectors[start:]
        assert part.lengths.tolist() == [-1 if vector is None else len(vector) for vector in rest]
        kept, rows = part.of_length(2)
        whole = [vector for vector in rest if vector is not None and len(vector) == 2 and None not in vector]
        assert rows.tolist() == whole
        assert kept.sum() == len(whole)
        for vector, norm in zip(rest, part.norms(), strict=True):
            known = vector is not None and len(vector) and None not in vector
            assert norm == pytest.approx(np.linalg.norm(vector)) if known else np.isnan(norm)


def part_of(rows: Any, units: Any) -> Vectors:
    space = space_of({rows.shape[1]: 50}, {rows.shape[1]: np.random.default_rng(0).normal(1, 2, (50, rows.shape[1]))})
    assert space is not None
    part = Vectors("v", space)
    frame = nw.from_native(pa.table({"v": pa.array(rows.tolist(), type=pa.list_(pa.float64()))}), eager_only=True)
    part.add(Reading(frame["v"]), np.asarray(units), 3)
    return part


@pytest.mark.parametrize("length", [1, 4, 33, 700])
def test_sums_of_parts_are_the_sums_of_the_whole(length: int) -> None:
    rng = np.random.default_rng(1)
    rows, units = rng.normal(1, 3, (70, length)), rng.integers(0, 3, 70)
    whole, part = part_of(rows, units), part_of(rows[:31], units[:31])
    part.merge(part_of(rows[31:], units[31:]), np.arange(3), 3)
    assert np.array_equal(whole.sums.of(3), part.sums.of(3))
    read = part_from_json(json.loads(json.dumps(whole.to_json())))
    assert isinstance(read, Vectors)
    assert np.array_equal(whole.sums.of(3), read.sums.of(3))


@pytest.mark.parametrize("length", [3, 200])
def test_waves_give_the_kernel(length: int) -> None:
    """The mean product of the waves of two vectors is near the Gaussian kernel of their distance."""
    rng = np.random.default_rng(2)
    rows = rng.normal(1, 2, (40, length))
    space = space_of({length: 40}, {length: rows})
    assert space is not None
    waves = space.of(rows)[:, -2 * WAVES :] / 100
    scaled = np.clip((rows - space.centre) / space.scale, -4, 4)
    squares = ((scaled[:, None] - scaled[None]) ** 2).sum(axis=2)
    kernel = np.exp(-squares / 2 / space.width**2)
    assert np.abs(waves @ waves.T / WAVES - kernel).mean() < 0.12


def test_a_column_without_vectors_has_no_space() -> None:
    nothing = OLD.assign(vector=pd.Series([None] * (len(OLD) - 1) + [[1.0, 2.0]], dtype=object))
    result = measure_drift(nothing.head(1500), reference=nothing, name="new", unit="day", seed=5)
    assert not {m.short_name for m in result.measurements} & {"vector_shift", "vector_distance"}
