"""A new version beside the old one, on the same requests; and the way back, while requests come."""

from pytest_mlops.stages.canary.compare import measure_canary
from pytest_mlops.stages.canary.rollback import RollBack, measure_rollback

__all__ = ["RollBack", "measure_canary", "measure_rollback"]
