"""The options and the markers: what is registered whether the plugin is on or off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_mlops.core.stages import PROFILES

if TYPE_CHECKING:
    from collections.abc import Sequence

_MARKERS = (
    "mlops(stage=None, rubric=(), gate='block'): a lifecycle check; a tool fixture tells the stage",
    "mlops_expectations(suite): one test item an expectation of a Great Expectations suite, as `mlops_expectation`",
    "mlops_slices(column, of, min_n=30): one test item a value of a column of a committed file, as `mlops_slice`",
    "mlops_columns(of, columns=None): one test item a column of a committed file, as `mlops_column`",
    "mlops_laws(contract, laws=None, also=(), without=(), directions=None, score=''): an item a law, as `mlops_law`",
    "mlops_schemathesis_checks(contract, without=()): one test item a check, as `mlops_schemathesis_check`",
    "mlops_deepchecks_checks(*names, without=(), warn='fail'): one test item a deepcheck, as `mlops_deepcheck`",
)


def add_options(parser: pytest.Parser) -> None:
    """Add the options, every one of them beginning with `--mlops`."""
    group = parser.getgroup("mlops", "the lifecycle of an ML system (pytest-mlops)")
    group.addoption("--mlops", action="store_true", help="run the lifecycle checks and write the report")
    group.addoption(
        "--mlops-profile", choices=PROFILES, help="commit (seconds, no servers), ci, release, or auto; needs --mlops"
    )
    group.addoption("--mlops-stage", metavar="STAGES", help="run these stages only, split by commas: data,drift")
    group.addoption("--mlops-report", metavar="DIR", help="folder of the reports (default: .mlops)")
    group.addoption(
        "--mlops-update",
        action="store_true",
        default=None,
        help="write baselines and drift references; never in CI",
    )
    group.addoption(
        "--mlops-allow-host",
        metavar="HOST",
        action="append",
        help="may be talked to, where a check allows it too; without it loopback alone. May be given several times",
    )
    group.addoption("--mlops-seed", type=int, help="seed of every draw (default: the project's, else 0)")


def add_markers(config: pytest.Config) -> None:
    """Register the markers, so that `--strict-markers` knows them."""
    for line in _MARKERS:
        config.addinivalue_line("markers", line)


def is_on(config: pytest.Config) -> bool:
    """Say whether `--mlops` was given."""
    return bool(config.getoption("mlops"))


def refuse_without_flag(config: pytest.Config) -> None:
    """Refuse an option that would silently do nothing."""
    names = ("profile", "stage", "report", "seed", "update", "allow_host")
    given: Sequence[str] = [
        f"--mlops-{name.replace('_', '-')}" for name in names if config.getoption(f"mlops_{name}") is not None
    ]
    if given:
        raise pytest.UsageError(f"{given[0]} does nothing without --mlops. Hint: pytest --mlops {given[0]} ...")
