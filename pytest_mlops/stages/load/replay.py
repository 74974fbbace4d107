"""When requests came, as it was recorded: for a replay."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING

from pytest_mlops.core.errors import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def read_arrivals(path: Path) -> Sequence[float]:
    """Return when requests came, in seconds from the first: `server(arrivals="replay", offsets_s=read_arrivals(path))`.

    Parameters
    ----------
    path
        A line a request, in any order, since a server writes it when it is done: a number of seconds, or ISO 8601 with
        a time zone on each line or on none.

    Raises
    ------
    DeclarationError
        When it can't be read, has no line, or a line is neither.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise DeclarationError(f"{path.name} can't be read: {exc}") from exc
    said = [(number, line.strip()) for number, line in enumerate(lines, start=1) if line.strip()]
    if not said:
        raise DeclarationError(f"{path.name} must have a line for each request, got none")
    times = sorted(_seconds(line, f"{path.name}, line {number}") for number, line in said)
    return [at - times[0] for at in times]


def _seconds(line: str, place: str) -> float:
    try:
        at = float(line)
    except ValueError:
        at = _timestamp(line, place)
    if not math.isfinite(at):
        raise DeclarationError(f"{place}: a time must be finite, got {line!r}")
    return at


def _timestamp(line: str, place: str) -> float:
    try:
        return datetime.fromisoformat(line).timestamp()
    except ValueError:
        raise DeclarationError(f"{place} must be seconds or a time in ISO 8601, got {line!r}") from None
