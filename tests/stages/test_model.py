"""Stage model: metrics with their intervals, slices, and what is never a pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from pytest_mlops import DeclarationError, ToolError
from pytest_mlops.stages.model import ModelUnderTest, slices_of

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(1)
FRAME = pd.DataFrame({"x": RNG.random(600)})
FRAME["late"] = RNG.random(600) < FRAME["x"]


def under_test(model: Any = lambda frame: frame["x"]) -> ModelUnderTest:
    return ModelUnderTest(model=model, name="m", target="late")


@pytest.mark.parametrize(
    ("name", "function", "threshold"),
    [
        ("roc_auc", metrics.roc_auc_score, None),
        ("average_precision", metrics.average_precision_score, None),
        ("log_loss", metrics.log_loss, None),
        ("brier_score", metrics.brier_score_loss, None),
        ("accuracy", metrics.accuracy_score, 0.5),
        ("balanced_accuracy", metrics.balanced_accuracy_score, 0.5),
        ("f1", metrics.f1_score, 0.5),
        ("precision", metrics.precision_score, 0.5),
        ("recall", metrics.recall_score, 0.5),
    ],
)
def test_each_metric_is_scikit_learns(name: str, function: Any, threshold: float | None) -> None:
    measured = getattr(under_test(), name)(FRAME)
    given = FRAME["x"] if threshold is None else FRAME["x"] >= threshold
    assert float(measured) == pytest.approx(function(FRAME["late"], given), abs=1e-12)
    assert measured.interval.low < float(measured) < measured.interval.high
    assert measured.n == 600


def test_no_rows_measure_nothing() -> None:
    assert (under_test().roc_auc(FRAME.head(0)) >= 0.5).verdict == "not_run"


def test_one_class_is_never_a_pass() -> None:
    frame = FRAME.assign(late=True)
    for name in ("roc_auc", "average_precision", "balanced_accuracy", "f1"):
        assert not getattr(under_test(), name)(frame) >= 0.0


def test_rows_without_a_label_are_left_out_and_counted() -> None:
    frame = FRAME.assign(late=FRAME["late"].astype("boolean").mask(FRAME.index < 100))
    measured = under_test().roc_auc(frame)
    assert (measured.n, measured.note) == (500, "100 rows without late left out")


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda frame: frame["x"] * np.nan, "must give finite scores, got 600 NaN of 600"),
        (lambda frame: frame["x"][:5], r"must give a score a row, got shape \(5,\) for 600 rows"),
    ],
)
def test_bad_scores_are_an_error(model: Any, message: str) -> None:
    with pytest.raises(ToolError, match=message):
        under_test(model).roc_auc(FRAME)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(DeclarationError, match=r"no target column 'late'\. Did you mean 'lat'"):
        under_test().roc_auc(FRAME.rename(columns={"late": "lat"}))
    with pytest.raises(AttributeError, match=r"no metric 'roc_acu'\. Did you mean 'roc_auc'"):
        _ = under_test().roc_acu


def test_rare_values_are_one_slice(tmp_path: Path) -> None:
    frame = pd.DataFrame({"carrier": ["UA"] * 50 + ["AA"] * 40 + ["HA"] * 20 + ["AS"] * 15 + [None] * 9})
    frame.to_parquet(tmp_path / "f.parquet")
    slices = slices_of(tmp_path / "f.parquet", "carrier", min_n=30)
    assert [str(part) for part in slices] == ["carrier=AA", "carrier=UA", "carrier=other-2"]
    assert [len(frame[part]) for part in slices] == [40, 50, 35]


def test_an_unknown_slice_column_is_refused(tmp_path: Path) -> None:
    FRAME.to_parquet(tmp_path / "f.parquet")
    with pytest.raises(DeclarationError, match=r"has no column 'lates'\. Did you mean 'late'"):
        slices_of(tmp_path / "f.parquet", "lates", min_n=1)
