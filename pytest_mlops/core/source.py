"""Where in the user's code a limit was written."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_PACKAGE = str(Path(__file__).parent.parent) + os.sep


def calling_place() -> str:
    """Return `file:line` of the nearest frame outside this package, relative to the working directory."""
    frame = sys._getframe(1)  # noqa: SLF001 - inspect.stack() reads every source file on the way, which costs 10 ms
    while frame.f_back is not None and (frame.f_code.co_filename.startswith((_PACKAGE, "<"))):
        frame = frame.f_back
    path = frame.f_code.co_filename
    here = str(Path.cwd()) + os.sep
    return f"{path.removeprefix(here)}:{frame.f_lineno}"
