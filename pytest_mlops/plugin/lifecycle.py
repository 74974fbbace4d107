"""Which test items are lifecycle checks, and of which stage: by the marker, or by a tool fixture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from pytest_mlops.core.messages import did_you_mean
from pytest_mlops.core.stages import GATES, RUBRIC, STAGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# A check that uses several tools belongs to the first of these: what it judges comes before what it needs.
TOOL_STAGES = {
    "mlops_load": "load",
    "mlops_capacity": "load",
    "mlops_load_results": "load",
    "mlops_contract": "serving",
    "mlops_schemathesis": "serving",
    "mlops_canary": "serving",
    "mlops_rollback": "serving",
    "mlops_batch": "batch",
    "mlops_reproduce": "reproducibility",
    "mlops_drift": "drift",
    "mlops_deepchecks": "drift",
    "mlops_timeline": "drift",
    "mlops_model": "model",
    "mlops_features": "features",
    "mlops_privacy": "privacy",
    "mlops_data": "data",
    "mlops_tables": "data",
    "mlops_service": "serving",
}
_KEYS = ("stage", "rubric", "gate")


@dataclass(frozen=True, kw_only=True)
class Check:
    """What the plugin knows of a lifecycle check before it runs."""

    id: str
    stage: str
    rubric: Sequence[str] = ()
    gate: str = "block"


CHECK = pytest.StashKey[Check]()


def is_lifecycle(item: pytest.Item) -> bool:
    """Say whether an item is a lifecycle check."""
    return item.get_closest_marker("mlops") is not None or _tool_stage(item) is not None


def describe(item: pytest.Item) -> Check:
    """Return what an item declares.

    Raises
    ------
    pytest.UsageError
        For a marker with a position, an unknown keyword or an unknown value, and for no stage at all.
    """
    values: dict[str, object] = {}
    for marker in reversed(list(item.iter_markers("mlops"))):
        _refuse_bad_marker(marker, item)
        values.update(marker.kwargs)
    stage = values.get("stage") or _tool_stage(item)
    if stage is None:
        raise pytest.UsageError(f"{item.nodeid}: the marker mlops needs stage=...; no tool fixture tells it")
    rubric = values.get("rubric", ())
    rubric = (rubric,) if isinstance(rubric, str) else tuple(rubric)  # type: ignore[arg-type]
    gate = values.get("gate", "block")
    for name, got, valid in (("stage", [stage], STAGES), ("rubric", rubric, RUBRIC), ("gate", [gate], GATES)):
        _refuse_unknown(item, name, got, valid)
    return Check(id=item.nodeid, stage=str(stage), rubric=rubric, gate=str(gate))


def _tool_stage(item: pytest.Item) -> str | None:
    names = getattr(item, "fixturenames", ())
    tool = next((tool for tool in TOOL_STAGES if tool in names), "")
    if tool == "mlops_deepchecks":  # whose checks are of several stages, and know their own
        check = getattr(getattr(item, "callspec", None), "params", {}).get("mlops_deepcheck")
        return str(getattr(check, "stage", TOOL_STAGES[tool]))
    return TOOL_STAGES.get(tool)


def _refuse_bad_marker(marker: pytest.Mark, item: pytest.Item) -> None:
    if marker.args:
        raise pytest.UsageError(f"{item.nodeid}: the marker mlops takes keywords only, got {marker.args!r}")
    for key in marker.kwargs:
        if key not in _KEYS:
            raise pytest.UsageError(f"{item.nodeid}: the marker mlops has no {key!r}. {did_you_mean(key, _KEYS)}")


def _refuse_unknown(item: pytest.Item, name: str, got: Iterable[object], valid: Sequence[str]) -> None:
    for value in got:
        if value not in valid:
            hint = did_you_mean(str(value), valid)
            raise pytest.UsageError(f"{item.nodeid}: the marker mlops has {name}={value!r}. {hint}")
