"""Suites as Hypothesis strategies: data that keeps to a suite, and data that breaks exactly one expectation.

from pytest_mlops.strategies import broken_rows, frames, rows

@given(rows("fixtures/expectations/flights.json"))
def test_a_valid_flight_is_scored(row): ...
"""

from pytest_mlops.stages.data.strategies import broken_frames, broken_rows, frames, rows

__all__ = ["broken_frames", "broken_rows", "frames", "rows"]
