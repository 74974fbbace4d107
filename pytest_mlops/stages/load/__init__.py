"""Load: a service under concurrent users, every request measured."""

from pytest_mlops.stages.load.measure import measure_load

__all__ = ["measure_load"]
