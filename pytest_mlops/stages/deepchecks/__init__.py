"""deepchecks: its tabular checks and suites, run in an interpreter of their own, each result judged."""

from pytest_mlops.stages.deepchecks.checks import Deepcheck, deepcheck, deepchecks
from pytest_mlops.stages.deepchecks.measure import measure_deepchecks
from pytest_mlops.stages.deepchecks.plan import Plan, plan_of
from pytest_mlops.stages.deepchecks.task import Task

__all__ = ["Deepcheck", "Plan", "Task", "deepcheck", "deepchecks", "measure_deepchecks", "plan_of"]
