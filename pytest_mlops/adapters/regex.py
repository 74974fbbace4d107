"""regex: patterns that need back-tracking, with a limit on the time that one text may take."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pytest_mlops.core.errors import MissingExtra, ToolError

_SECONDS = 1.0


def search(pattern: str, text: str) -> bool:
    """Say whether a text contains a pattern.

    Raises
    ------
    ToolError
        When the pattern has not come to an end in time.
    """
    try:
        return _compiled(pattern).search(text, timeout=_SECONDS) is not None
    except TimeoutError as exc:
        raise ToolError(
            f"the pattern {pattern!r} took over {_SECONDS:g} s on one value of {len(text)} characters. "
            "Hint: write it without nested repetition"
        ) from exc


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> Any:
    try:
        import regex
    except ImportError as exc:
        raise MissingExtra(needs=f"the pattern {pattern!r}", library="regex", extra="data") from exc
    return regex.compile(pattern)
