"""Stage `data`: the expectations of a Great Expectations suite, each a measurement of its own."""

from pytest_mlops.stages.data.measure import measure_entries, measure_suite
from pytest_mlops.stages.data.suite import AllExpectations, Expectation, Suite, expectations, read_suite
from pytest_mlops.stages.data.verdict import judge_expectation

__all__ = [
    "AllExpectations",
    "Expectation",
    "Suite",
    "expectations",
    "judge_expectation",
    "measure_entries",
    "measure_suite",
    "read_suite",
]
