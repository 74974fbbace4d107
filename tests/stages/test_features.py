"""Feature code that breaks one law at a time, and changes that break none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from pytest_mlops import DeclarationError, RequirementNotMet, ToolError, pure_features
from pytest_mlops.stages.features import LAWS, measure_features

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS = pd.DataFrame({"a": np.arange(200.0), "b": ["x", "y"] * 100, "c": [1.0, None] * 100})


def good(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"half": rows["a"] / 2, "is_x": rows["b"] == "x", "c": rows["c"], "word": rows["b"] + "!"})


def infinite(rows: pd.DataFrame) -> pd.DataFrame:
    with np.errstate(divide="ignore"):
        return good(rows).assign(inverse=1 / rows["a"].to_numpy())


def unseeded(rows: pd.DataFrame) -> pd.DataFrame:
    noise = np.random.default_rng().random(len(rows))
    return good(rows).assign(noise=noise)


def changing(rows: pd.DataFrame) -> pd.DataFrame:
    rows["a"] = rows["a"].clip(upper=5)
    return pd.DataFrame({"half": rows["a"].clip(upper=5) / 2})


def ordered(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"step": rows["a"].diff().fillna(0.0)})


def scaled(rows: pd.DataFrame) -> pd.DataFrame:
    """Look at the neighbours, but not at their order."""
    return pd.DataFrame({"share": rows["a"] / max(rows["a"].max(), 1.0)})


def broken(build: Callable[[pd.DataFrame], Any]) -> set[str]:
    result = measure_features(build, ROWS.copy(), name="rows", seed=7)
    return {law for law in LAWS if result[law].value}


@pytest.mark.parametrize(
    ("build", "laws"),
    [
        (good, set()),
        (infinite, {"not_finite"}),
        (unseeded, {"not_repeated", "order_dependent", "neighbour_dependent"}),
        (changing, {"input_changed"}),
        (ordered, {"order_dependent", "neighbour_dependent"}),
        (scaled, {"neighbour_dependent"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_each_fault_breaks_its_laws(build: Any, laws: set[str]) -> None:
    assert broken(build) == laws


def test_the_message_says_how_many_cells_and_where() -> None:
    result = measure_features(ordered, ROWS.copy(), name="january", seed=7)
    with pytest.raises(
        RequirementNotMet, match=r"january: features.order_dependent must be at most 0 cells, got \d+ cells"
    ) as story:
        result.require(pure_features())
    assert "Most in step" in str(story.value)
    assert "2 of 5 requirements not met" in str(story.value)


def test_noise_in_the_last_digit_is_no_difference() -> None:
    """A sum in another order."""
    assert broken(lambda rows: good(rows).assign(noisy=rows["a"] + 1e-12 * rows["a"].mean())) == set()


@pytest.mark.parametrize("rows", [pl.DataFrame({"a": [1.0, 2.0, None]}), pd.DataFrame({"a": [1.0, 2.0, 3.0]})])
def test_frames_of_both_kinds_and_arrays_do(rows: Any) -> None:
    result = measure_features(lambda frame: np.array(frame["a"], dtype=float)[:, None] * 2, rows, name="rows", seed=1)
    result.require(pure_features())


def test_what_can_not_be_measured_is_refused() -> None:
    with pytest.raises(DeclarationError, match="need at least two rows, got 1"):
        measure_features(good, ROWS.head(1), name="rows", seed=1)
    with pytest.raises(ToolError, match="must have a row for each row, got 199 for 200"):
        measure_features(lambda rows: good(rows).iloc[1:], ROWS, name="rows", seed=1)
    with pytest.raises(ToolError, match="must have a column at least"):
        measure_features(lambda rows: rows[[]], ROWS, name="rows", seed=1)
