"""pytest-mlops: assert an ML system's whole lifecycle as a test suite, `pytest --mlops`.

Names are loaded on first use (PEP 562), so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_mlops.core.errors import DeclarationError, MissingExtra, MlopsError, RequirementNotMet, ToolError
    from pytest_mlops.core.judge import Judgement
    from pytest_mlops.core.limit import Limit, at_least, at_most, between, equal_to, no_worse_than
    from pytest_mlops.core.measurement import Interval, Measurement
    from pytest_mlops.core.result import Requirement, Result
    from pytest_mlops.core.verdict import Verdict
    from pytest_mlops.stages.batch import complete, nothing_left_when_killed, same_twice
    from pytest_mlops.stages.contract import law
    from pytest_mlops.stages.data import expectations
    from pytest_mlops.stages.deepchecks import deepcheck, deepchecks
    from pytest_mlops.stages.drift import no_change, no_drift, same_within
    from pytest_mlops.stages.features import pure_features
    from pytest_mlops.stages.load import Bounds, closed, offline, read_arrivals, server, service_level, single_stream
    from pytest_mlops.stages.privacy import (
        k_anonymous,
        l_diverse,
        no_forbidden_features,
        no_personal_data,
        retained_at_most,
    )
    from pytest_mlops.stages.reproduce import same
    from pytest_mlops.stages.tables import (
        conserves_rows,
        disjoint,
        every_day,
        fresh,
        no_giveaway,
        no_time_leakage,
        references,
        unique_key,
    )

__version__ = "0.1.0"

_HOMES = {
    "core.errors": ("DeclarationError", "MissingExtra", "MlopsError", "RequirementNotMet", "ToolError"),
    "core.judge": ("Judgement",),
    "core.limit": ("Limit", "at_least", "at_most", "between", "equal_to", "no_worse_than"),
    "core.measurement": ("Interval", "Measurement"),
    "core.result": ("Requirement", "Result"),
    "core.verdict": ("Verdict",),
    "stages.batch": ("complete", "nothing_left_when_killed", "same_twice"),
    "stages.contract": ("law",),
    "stages.data": ("expectations",),
    "stages.deepchecks": ("deepcheck", "deepchecks"),
    "stages.drift": ("no_change", "no_drift", "same_within"),
    "stages.features": ("pure_features",),
    "stages.load": ("Bounds", "closed", "offline", "read_arrivals", "server", "service_level", "single_stream"),
    "stages.privacy": ("k_anonymous", "l_diverse", "no_forbidden_features", "no_personal_data", "retained_at_most"),
    "stages.reproduce": ("same",),
    "stages.tables": (
        "conserves_rows",
        "disjoint",
        "every_day",
        "fresh",
        "no_giveaway",
        "no_time_leakage",
        "references",
        "unique_key",
    ),
}

__all__ = [
    "Bounds",
    "DeclarationError",
    "Interval",
    "Judgement",
    "Limit",
    "Measurement",
    "MissingExtra",
    "MlopsError",
    "Requirement",
    "RequirementNotMet",
    "Result",
    "ToolError",
    "Verdict",
    "at_least",
    "at_most",
    "between",
    "closed",
    "complete",
    "conserves_rows",
    "deepcheck",
    "deepchecks",
    "disjoint",
    "equal_to",
    "every_day",
    "expectations",
    "fresh",
    "k_anonymous",
    "l_diverse",
    "law",
    "no_change",
    "no_drift",
    "no_forbidden_features",
    "no_giveaway",
    "no_personal_data",
    "no_time_leakage",
    "no_worse_than",
    "nothing_left_when_killed",
    "offline",
    "pure_features",
    "read_arrivals",
    "references",
    "retained_at_most",
    "same",
    "same_twice",
    "same_within",
    "server",
    "service_level",
    "single_stream",
    "unique_key",
]


def __getattr__(name: str) -> object:
    """Load a public name from its home on first use."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
