"""The examples in the documentation of the pure functions hold."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest

MODULES = (
    "core.messages", "core.verdict", "plugin.duration", "runners.histogram",
    "stats.binned", "stats.clusters", "stats.distances", "stats.intervals", "stats.quantiles",
)  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    done = doctest.testmod(import_module(f"pytest_mlops.{name}"))
    assert done.attempted > 0
    assert done.failed == 0
