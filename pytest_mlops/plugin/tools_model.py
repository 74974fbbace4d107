"""The tool fixtures of models and jobs: `mlops_model`, `mlops_reproduce`, `mlops_batch`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.core.plain import Json, plain
from pytest_mlops.plugin.duration import seconds
from pytest_mlops.plugin.tool import Paths, Tool, new_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_mlops.core.result import Result
    from pytest_mlops.stages.model import ModelUnderTest


@pytest.fixture
def mlops_model(request: pytest.FixtureRequest) -> Callable[..., ModelUnderTest]:
    """Measure a metric of a binary classifier: `mlops_model(champion, target="late").roc_auc(holdout) >= 0.7`."""
    tool = Tool.of(request)

    def bind(model: Any, *, target: str, name: str | None = None, threshold: float = 0.5) -> ModelUnderTest:
        from pytest_mlops.stages.model import ModelUnderTest

        subject = tool.name_of(model, name)
        if isinstance(getattr(model, "digest", None), str):
            tool.recorder.about({f"model:{subject}": model.digest})
        part = tool.parameters.get("mlops_slice")
        return ModelUnderTest(
            model=model,
            name=subject if part is None else f"{subject}[{part}]",
            target=target,
            threshold=threshold,
            seed=tool.state.seed,
            about=lambda measurement: measurement.recorded_by(tool.recorder),
        )

    return bind


@pytest.fixture
def mlops_reproduce(request: pytest.FixtureRequest) -> Callable[..., Result]:
    """Train in fresh processes and compare: `mlops_reproduce("package.module:train", seed=7).require(same())`."""
    tool = Tool.of(request)

    def run(
        trainer: str, *, seed: int | None = None, times: int = 2, timeout: str | float = "10min", **arguments: Json
    ) -> Result:
        from pytest_mlops.stages.reproduce import measure_reproduction

        seed = tool.state.seed if seed is None else seed
        tool.state.say(f"training {trainer}, {times} times")
        return tool.shared(
            ["reproduce", trainer, seed, times, arguments],
            lambda: measure_reproduction(
                trainer,
                seed=seed,
                arguments=arguments,
                times=times,
                timeout_s=seconds(timeout),
                workdir=new_folder(tool.state, "reproduce"),
                project_root=tool.state.root,
                progress=tool.state.say,
            ),
        )

    return run


@pytest.fixture
def mlops_batch(request: pytest.FixtureRequest) -> Callable[..., Result]:
    """Run a batch job from Parquet to Parquet: twice to the end, and killed midway."""
    tool = Tool.of(request)

    def run(
        command: Sequence[str],
        *,
        input: Paths,  # noqa: A002 - the word of the job
        key: str | Sequence[str] | None = None,
        timeout: str | float = "10min",
        name: str | None = None,
    ) -> Result:
        from pytest_mlops.core.digest import digest_tree
        from pytest_mlops.stages.batch import measure_batch

        subject, path = tool.name_of(input, name), tool.path(input)
        tool.state.say(f"batch job on {subject}")
        return tool.shared(
            ["batch", list(command), digest_tree(path), plain(key), subject],
            lambda: measure_batch(
                command,
                input=path,
                name=subject,
                workdir=new_folder(tool.state, "batch"),
                key=key,
                timeout_s=seconds(timeout),
                project_root=tool.state.root,
                progress=tool.state.say,
            ),
        )

    return run
