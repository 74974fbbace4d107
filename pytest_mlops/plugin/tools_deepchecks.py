"""The tool fixture of deepchecks: `mlops_deepchecks`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.plain import Json, plain
from pytest_mlops.plugin.duration import seconds
from pytest_mlops.plugin.tool import Tool, new_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_mlops.core.result import Result
    from pytest_mlops.stages.deepchecks import Deepcheck, Plan

    Asked = str | Deepcheck | Sequence[str | Deepcheck] | None


@pytest.fixture
def mlops_deepchecks(
    request: pytest.FixtureRequest, mlops_deepchecks_python: str | Path | None
) -> Callable[..., Result]:
    """Run deepchecks in its own interpreter: `mlops_deepchecks(january, february, label="late").require(deepchecks())`.

    What is run is said by the marker `mlops_deepchecks_checks`, or by `checks`. The interpreter is built on first use,
    unless the fixture `mlops_deepchecks_python`, or `python`, gives one.
    """
    tool = Tool.of(request)

    def run(
        train: Any,
        test: Any = None,
        *,
        checks: Asked = None,
        without: Sequence[str] = (),
        label: str | None = None,
        categorical: Sequence[str] | None = None,
        features: Sequence[str] | None = None,
        index: str | None = None,
        datetime: str | None = None,
        label_type: str | None = None,
        model: Any = None,
        public: Sequence[str] = (),
        show_details: bool = False,
        python: str | Path | None = None,
        timeout: str | float = "10min",
        name: str | None = None,
    ) -> Result:
        from pytest_mlops.stages.deepchecks import Task, measure_deepchecks

        if tool.state.profile == "commit":
            pytest.skip("the commit profile leaves out deepchecks: it starts a process that takes some seconds")
        plan, sides = _plan(request, checks, without), [tool.data(train), tool.data(test)]
        names = [tool.name_of(side, None) for side in (train, test)]
        names = names if name is None else [f"{name}: {names[0]}" if test is not None else name, name]
        task = Task(
            train=sides[0],
            test=sides[1],
            names=(names[0], names[1]),
            label=label,
            categorical=categorical,
            features=features,
            index=index,
            datetime=datetime,
            label_type=label_type,
            model=model,
            model_name=tool.name_of(model, None),
            public=sorted({*public, *(column for side in sides for column in tool.public_columns(side))}),
            show_details=show_details,
            seed=tool.state.seed,
        )
        interpreter = mlops_deepchecks_python if python is None else tool.path(python)
        if isinstance(getattr(model, "digest", None), str):
            tool.recorder.about({f"model:{task.model_name}": model.digest})
        said: Json = plain(
            [label, categorical, features, index, datetime, label_type, task.public, show_details, names]
        )
        keys = [None if side is None else tool.key_of(side) for side in sides]
        key: Json = ["deepchecks", keys, tool.key_of_model(model), said, plan.to_json(), str(interpreter)]
        return tool.shared(
            key,
            lambda: measure_deepchecks(
                task,
                plan,
                folder=new_folder(tool.state, "deepchecks"),
                python=None if interpreter is None else Path(interpreter),
                timeout_s=seconds(timeout),
                progress=tool.state.say,
            ),
        )

    return run


def _plan(request: pytest.FixtureRequest, checks: Asked, without: Sequence[str]) -> Plan:
    """Return what is to be run: what the call says, else the marker."""
    from pytest_mlops.stages.deepchecks import plan_of

    marker = request.node.get_closest_marker("mlops_deepchecks_checks")
    if checks is not None:
        return plan_of(checks, without=without)
    if marker is None:
        raise DeclarationError("mlops_deepchecks needs checks=..., or the marker mlops_deepchecks_checks(...)")
    return plan_of(marker.args, without=[*marker.kwargs.get("without", ()), *without])
