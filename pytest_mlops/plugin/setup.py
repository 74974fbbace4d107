"""Setting up a session with `--mlops`."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.core.configuration import Configuration, read_configuration
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.messages import did_you_mean
from pytest_mlops.core.source import show_places_from
from pytest_mlops.core.stages import STAGES
from pytest_mlops.plugin.selection import declared_paths
from pytest_mlops.plugin.state import STATE, State

if TYPE_CHECKING:
    from collections.abc import Mapping


def register_on(config: pytest.Config) -> None:
    """Register everything that `--mlops` brings."""
    from pytest_mlops.plugin import (
        baselines,
        settings,
        tools_canary,
        tools_data,
        tools_deepchecks,
        tools_drift,
        tools_load,
        tools_model,
        tools_schemathesis,
        tools_serving,
        tools_timeline,
    )
    from pytest_mlops.plugin.alive import start_watching
    from pytest_mlops.plugin.checks import ChecksPlugin
    from pytest_mlops.plugin.controller import ControllerPlugin
    from pytest_mlops.plugin.declared import DeclaredPlugin

    show_places_from(config.rootpath)
    state = _new_state(config)
    config.stash[STATE] = state
    _select_paths(config, state.configuration)
    drift = (tools_drift, tools_timeline, tools_deepchecks)
    serving = (tools_serving, tools_schemathesis, tools_canary)
    tools = (tools_data, *drift, tools_model, *serving, tools_load)
    for plugin in (settings, *tools, baselines):
        config.pluginmanager.register(plugin)
    config.pluginmanager.register(ChecksPlugin(state), "mlops-checks")
    config.pluginmanager.register(DeclaredPlugin(state), "mlops-declared")
    if not state.worker:
        config.pluginmanager.register(ControllerPlugin(config, state), "mlops-controller")
    start_watching(config, state)


def _new_state(config: pytest.Config) -> State:
    workerinput: Mapping[str, Any] = getattr(config, "workerinput", {})
    try:
        configuration = read_configuration(config.rootpath)
    except DeclarationError as exc:
        raise pytest.UsageError(str(exc)) from exc
    report_dir = config.rootpath / (config.getoption("mlops_report") or ".mlops")
    _refuse_unwritable(report_dir, "the report")
    if configuration.trends:
        _refuse_unwritable(config.rootpath / configuration.trends, "trends of mlops.toml")
    run_dir = workerinput.get("mlops_run_dir") or tempfile.mkdtemp(prefix="pytest-mlops-")
    seed = config.getoption("mlops_seed")
    return State(
        configuration=configuration,
        profile=_profile(config, configuration),
        seed=configuration.seed if seed is None else seed,
        root=config.rootpath,
        run_dir=Path(run_dir),
        report_dir=report_dir,
        worker=str(workerinput.get("workerid", "")),
        update=_update(config),
        stages=_stages(config),
        allowed_hosts=frozenset(config.getoption("mlops_allow_host") or ()),
    )


def _profile(config: pytest.Config, configuration: Configuration) -> str:
    profile: str = config.getoption("mlops_profile") or configuration.profile
    if profile == "auto":
        return "commit" if os.environ.get("PRE_COMMIT") else "ci"
    return profile


def _stages(config: pytest.Config) -> frozenset[str]:
    given = config.getoption("mlops_stage")
    if given is None:
        return frozenset()
    names = [name.strip() for name in given.split(",")]
    for name in names:
        if name not in STAGES:
            raise pytest.UsageError(f"--mlops-stage={given}: unknown stage {name!r}. {did_you_mean(name, STAGES)}")
    return frozenset(names)


def _refuse_unwritable(folder: Path, what: str) -> None:
    """Refuse a folder that can't be written, before anything is measured for it."""
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        raise pytest.UsageError(f"{what} can't be written to {folder}: {nearest} is no folder that can be written to")


def _update(config: pytest.Config) -> bool:
    update = bool(config.getoption("mlops_update"))
    if update and os.environ.get("CI"):
        raise pytest.UsageError("--mlops-update must not run in CI: a baseline is a decision that a person commits")
    return update


def _select_paths(config: pytest.Config, configuration: Configuration) -> None:
    """Collect what the project declares when the command line names nothing."""
    if config.args_source is not config.ArgsSource.ARGS and (configuration.paths or configuration.declares):
        config.args = list(map(str, declared_paths(config, configuration)))
        config.args_source = config.ArgsSource.INVOCATION_DIR
