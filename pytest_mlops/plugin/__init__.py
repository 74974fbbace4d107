"""The pytest plugin. Without `--mlops` it registers its markers, skips lifecycle checks, and does nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlops.plugin import options

if TYPE_CHECKING:
    import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the `--mlops` options."""
    options.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers, and the room for the mode that is on."""
    options.add_markers(config)
    if options.is_on(config):
        from pytest_mlops.plugin.setup import register_on

        register_on(config)
    else:
        from pytest_mlops.plugin.off import OffPlugin

        options.refuse_without_flag(config)
        config.pluginmanager.register(OffPlugin(), "mlops-off")
