"""Checks whose import fails."""

import no_such_module  # type: ignore[import-not-found]  # noqa: F401 - that is the point


def check(url: str) -> None:
    """Never there."""
