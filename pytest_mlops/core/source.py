"""Where in the user's project a limit was written."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGE = str(Path(__file__).parent.parent) + os.sep
_ROOT: ContextVar[Path | None] = ContextVar("_ROOT", default=None)
_DECLARED: ContextVar[str] = ContextVar("_DECLARED", default="")


def show_places_from(root: Path) -> None:
    """Show places relative to the project's root, so that a report reads the same on every machine."""
    _ROOT.set(root)


def place_of(path: Path | str) -> str:
    """Return a file as a report shows it: relative to the root (else the working directory) where it lies below."""
    root = str(_ROOT.get() or Path.cwd()) + os.sep
    return str(path).removeprefix(root)


@contextmanager
def written_at(place: str) -> Iterator[None]:
    """Let the limits that are made inside be those of a declaration, which no line of code has written."""
    token = _DECLARED.set(place)
    try:
        yield
    finally:
        _DECLARED.reset(token)


def calling_place() -> str:
    """Return `file:line` of the nearest frame outside this package, or the declaration that is being read."""
    if declared := _DECLARED.get():
        return declared
    frame = sys._getframe(1)  # noqa: SLF001 - inspect.stack() reads every source file on the way, which costs 10 ms
    while frame.f_back is not None and (frame.f_code.co_filename.startswith((_PACKAGE, "<"))):
        frame = frame.f_back
    return f"{place_of(frame.f_code.co_filename)}:{frame.f_lineno}"
