"""Session fixtures that configure the tools. A project overrides them in its own `conftest.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_mlops.core.once import do_once
from pytest_mlops.plugin.state import state_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_mlops.core.plain import Json


@pytest.fixture(scope="session")
def mlops_seed(pytestconfig: pytest.Config) -> int:
    """Return the seed of every draw: `--mlops-seed`, else the project's, else 0."""
    return state_of(pytestconfig).seed


@pytest.fixture(scope="session")
def mlops_profile(pytestconfig: pytest.Config) -> str:
    """Return the profile of this run: `commit`, `ci` or `release`."""
    return state_of(pytestconfig).profile


@pytest.fixture(scope="session")
def mlops_run_dir(pytestconfig: pytest.Config) -> Path:
    """Return a temporary folder of this run, the same in every xdist worker; it is removed at the end."""
    return state_of(pytestconfig).run_dir


@pytest.fixture(scope="session")
def mlops_tracking_uri(mlops_run_dir: Path) -> str:
    """Return where runs and models are tracked: a SQLite store of this run alone."""
    return f"sqlite:///{mlops_run_dir / 'mlflow.db'}"


@pytest.fixture(scope="session")
def mlops_deepchecks_python(pytestconfig: pytest.Config) -> str | Path | None:
    """Return the interpreter that has deepchecks: the project's `deepchecks_python`, else None, and one is built."""
    state = state_of(pytestconfig)
    given = state.configuration.deepchecks_python
    return state.root / given if given else None


@pytest.fixture(scope="session")
def mlops_once(pytestconfig: pytest.Config) -> Callable[[str, Callable[[], Json]], Json]:
    """Do what several checks need once a run: `mlops_once("training the champion", train)`.

    The first xdist worker does it behind a file lock, the others get its answer, which is in plain JSON types. The
    words name the step while it runs, and are its key.
    """
    state = state_of(pytestconfig)

    def once(words: str, step: Callable[[], Json]) -> Json:
        state.say(words)
        answer = do_once(state.run_dir, words, step)
        state.say("")
        return answer

    return once
