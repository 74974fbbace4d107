"""Stage `features`: the one feature code of training, service and batch job, on a month of flights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from examples.flight_delay.features import build_features
from pytest_mlops import pure_features

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def features_of_january(january: Path) -> Any:
    import pandas as pd

    return build_features(pd.read_parquet(january))


@pytest.mark.mlops(stage="features", rubric="data-1")
@pytest.mark.mlops_expectations("fixtures/expectations/features.json")
def test_features_are_valid(mlops_data: Any, features_of_january: Any, mlops_expectation: Any) -> None:
    mlops_data(features_of_january).require(mlops_expectation)


@pytest.mark.mlops(rubric="data-7")
def test_a_flight_has_its_features_from_itself_alone(mlops_features: Any, january: Path) -> None:
    mlops_features(build_features, january).require(pure_features())
