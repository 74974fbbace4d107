"""What tests of several stages share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.broken_services.joining import Joiner

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def joiner() -> Iterator[Joiner]:
    """Return what starts a worker with the command that a run prints; it is ended with the test."""
    joiner = Joiner()
    yield joiner
    joiner.kill()
