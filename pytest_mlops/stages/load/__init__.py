"""Load: a service under requests that come when they are due, or under concurrent users; every request measured."""

from pytest_mlops.stages.load.bounds import Bounds
from pytest_mlops.stages.load.capacity import measure_capacity
from pytest_mlops.stages.load.check import measure_check
from pytest_mlops.stages.load.elsewhere import measure_results
from pytest_mlops.stages.load.level import ServiceLevel, service_level
from pytest_mlops.stages.load.measure import Load, measure_load, measure_locust
from pytest_mlops.stages.load.messages import requests_of
from pytest_mlops.stages.load.regression import measure_regression
from pytest_mlops.stages.load.replay import read_arrivals
from pytest_mlops.stages.load.scenario import Scenario, closed, offline, server, single_stream
from pytest_mlops.stages.load.team import LOOPBACK, Team
from pytest_mlops.stages.load.trend import keep_run, read_runs, run_of, with_trend

__all__ = [
    "LOOPBACK",
    "Bounds",
    "Load",
    "Scenario",
    "ServiceLevel",
    "Team",
    "closed",
    "keep_run",
    "measure_capacity",
    "measure_check",
    "measure_load",
    "measure_locust",
    "measure_regression",
    "measure_results",
    "offline",
    "read_arrivals",
    "read_runs",
    "requests_of",
    "run_of",
    "server",
    "service_level",
    "single_stream",
    "with_trend",
]
