"""Session fixtures that configure the tools. A project overrides them in its own `conftest.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_mlops.plugin.state import state_of

if TYPE_CHECKING:
    from pathlib import Path


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
