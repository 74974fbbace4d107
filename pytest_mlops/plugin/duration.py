"""Durations as people write them: `10s`, `2min`, `500ms`, or a number of seconds."""

from __future__ import annotations

import re

from pytest_mlops.core.errors import DeclarationError

_UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}


def seconds(duration: str | float) -> float:
    """Return a duration in seconds.

    >>> seconds("10s"), seconds("2min"), seconds(3)
    (10.0, 120.0, 3.0)

    Raises
    ------
    DeclarationError
        For anything else, or a duration that is not above zero.
    """
    if isinstance(duration, int | float) and not isinstance(duration, bool):
        value = float(duration)
    else:
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|min|h)\s*", str(duration))
        if match is None:
            raise DeclarationError(f"a duration must be like '10s', '2min' or '500ms', got {duration!r}")
        value = float(match[1]) * _UNITS[match[2]]
    if value <= 0:
        raise DeclarationError(f"a duration must be above zero, got {duration!r}")
    return value
