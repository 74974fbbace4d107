"""Pictures of columns: there are bins for any values, and each holds what it says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_mlops.stages.drift import measure_drift
from pytest_mlops.stages.drift.curves import Curve
from pytest_mlops.stages.drift.pictures import picture_of_numbers

FLOATS = st.floats(-1e12, 1e12).filter(lambda value: value == 0 or abs(value) > 1e-6)
SAMPLES = st.one_of(
    st.lists(FLOATS, min_size=1, max_size=40),
    st.builds(lambda value, n: [value] * n, FLOATS, st.integers(1, 20)),
    st.builds(lambda value, parts: [value * (1 + 1e-9 * part) for part in parts], FLOATS, st.lists(st.integers(0, 99))),
)


@given(SAMPLES, SAMPLES)
def test_all_values_are_in_some_bin(old: list[float], new: list[float]) -> None:
    picture = picture_of_numbers(Curve.of_values(np.array(old)), Curve.of_values(np.array(new)))
    assert len(picture.labels) == len(picture.old) == len(picture.new)
    if old and new:
        assert [picture.old.sum(), picture.new.sum()] == pytest.approx([1.0, 1.0])
        assert picture.line().startswith("before ")


@pytest.mark.parametrize("value", [2013, 0, -1e9, 0.001, 123456.789])
def test_a_constant_column_is_drawn(value: float) -> None:
    rows = pd.DataFrame({"year": [value] * 900, "x": np.random.default_rng(1).normal(size=900)})
    measured = measure_drift(rows, reference=rows, name="now", unit="row").measurements
    drawn = next(m for m in measured if m.subject == "now.year" and m.short_name == "ks").artefacts
    assert max(drawn[0].data["reference"]) == 1.0  # type: ignore[type-var,arg-type]
