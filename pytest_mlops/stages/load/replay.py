"""When requests came, as it was recorded: for a replay."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_mlops.core.errors import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Sequence

_FAR_S = 1e11  # the year 5138, counted from 1970
_SECONDS, _LOCAL, _ZONED = "seconds", "times", "times with a time zone"


def read_arrivals(path: Path | str) -> Sequence[float]:
    """Return when requests came, in seconds from the first: `server(arrivals="replay", offsets_s=read_arrivals(path))`.

    Parameters
    ----------
    path
        A line a request, in any order, since a server writes it when it is done: a number of seconds, or a time in ISO
        8601 with a time zone on each line or on none.

    Raises
    ------
    DeclarationError
        When it can't be read, has no line, a line is neither, or lines are of several kinds.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise DeclarationError(f"{path.name} can't be read: {exc}") from exc
    said = [_read(line.strip(), f"{path.name}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]
    if not said:
        raise DeclarationError(f"{path.name} must have a line for each request, got none")
    kinds = {kind for kind, _ in said}
    if kinds == {_LOCAL, _ZONED}:
        raise DeclarationError(f"{path.name} must have a time zone on each line or on none")
    if len(kinds) > 1:
        raise DeclarationError(f"{path.name} must hold seconds or times, got both")
    times = sorted(at for _, at in said)
    return [at - times[0] for at in times]


def _read(line: str, place: str) -> tuple[str, float]:
    """Return what a line is, and the seconds that it says."""
    try:
        at = float(line)
    except ValueError:
        return _timestamp(line, place)
    if not math.isfinite(at):
        raise DeclarationError(f"{place}: a time must be finite, got {line!r}")
    if at > _FAR_S:
        raise DeclarationError(
            f"{place} must be seconds, got {line!r}, which looks like milliseconds or less since 1970"
        )
    return _SECONDS, at


def _timestamp(line: str, place: str) -> tuple[str, float]:
    try:
        at = datetime.fromisoformat(line)
    except ValueError:
        raise DeclarationError(f"{place} must be seconds or a time in ISO 8601, got {line!r}") from None
    if at.tzinfo is None:  # of this machine's zone an hour may lack, or come twice
        return _LOCAL, at.replace(tzinfo=UTC).timestamp()
    return _ZONED, at.timestamp()
