"""Whether a run is a partial one: then it gives no release verdict, whatever its checks say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from pytest_mlops.core.configuration import Configuration
    from pytest_mlops.plugin.state import State


def why_partial(
    config: pytest.Config, state: State, *, vanished: int, deselected: int, lost_workers: int, interrupted: bool
) -> str:
    """Return why this run is not the whole of what the project declares; empty when it is."""
    reasons = [
        (interrupted, "the run was interrupted"),
        (lost_workers, f"{lost_workers} xdist workers were lost"),
        (state.profile == "commit", "the commit profile leaves out stages"),
        (deselected, f"{deselected} lifecycle checks deselected"),
        (vanished, f"{vanished} collected checks did not run"),
        (_fewer_paths(config, state), "paths were given on the command line"),
        (_ignored(config), "files were ignored"),
        # --lf leaves out passed checks without telling anybody that they are deselected.
        (config.getoption("lf", default=False), "--lf repeats the last failures only"),
    ]
    return "; ".join(words for is_so, words in reasons if is_so)


def _fewer_paths(config: pytest.Config, state: State) -> bool:
    """Say whether the command line names less than the declared paths."""
    if config.args_source is not config.ArgsSource.ARGS:
        return False
    given = {Path(config.invocation_params.dir, path).resolve() for path in config.args}
    declared = {path.resolve() for path in declared_paths(config, state.configuration)}
    return not declared <= given and config.rootpath.resolve() not in given


def declared_paths(config: pytest.Config, configuration: Configuration) -> Sequence[Path]:
    """Return what is collected when the command line names nothing; declarations are never left out silently."""
    named = configuration.paths or config.getini("testpaths") or ["."]
    paths = [config.rootpath / path for path in named]
    own = config.rootpath / configuration.file
    if configuration.declares and not any(own.is_relative_to(path) for path in paths):
        paths.append(own)
    return paths


def _ignored(config: pytest.Config) -> bool:
    return any(config.getoption(name, None) for name in ("ignore", "ignore_glob"))
