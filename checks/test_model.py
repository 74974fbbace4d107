"""Stage `model`: the champion on flights that training did not see, as a whole and by airport."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import pandas as pd

    from examples.flight_delay.champion import Champion


@pytest.mark.mlops(rubric="model-3")
def test_it_ranks_late_flights_first(mlops_model: Any, champion: Champion, holdout: pd.DataFrame) -> None:
    assert mlops_model(champion, target="late").roc_auc(holdout) >= 0.66


@pytest.mark.mlops(rubric="model-3")
def test_its_probabilities_are_worth_something(mlops_model: Any, champion: Champion, holdout: pd.DataFrame) -> None:
    """Better than to say the base rate every time, which gives a Brier score of 0.180."""
    assert mlops_model(champion, target="late").brier_score(holdout) <= 0.178


@pytest.mark.mlops(rubric="model-3")
def test_it_is_no_worse_than_before(
    mlops_model: Any, champion: Champion, holdout: pd.DataFrame, mlops_baseline: Any
) -> None:
    """`pytest --mlops --mlops-update` writes the baseline, for a person to look at and commit."""
    auc = mlops_model(champion, target="late").roc_auc(holdout)
    assert auc >= mlops_baseline(auc) - 0.02


@pytest.mark.mlops(rubric="model-6")
@pytest.mark.mlops_slices("origin", of="fixtures/flights/holdout.parquet", min_n=500)
def test_no_airport_is_left_behind(
    mlops_model: Any, champion: Champion, holdout: pd.DataFrame, mlops_slice: Any
) -> None:
    assert mlops_model(champion, target="late").roc_auc(holdout[mlops_slice]) >= 0.60
