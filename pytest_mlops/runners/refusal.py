"""How a runner says that what it was told can't be: in one line, and by its exit code."""

from __future__ import annotations

import sys
from typing import NoReturn

REFUSED = 78  # EX_CONFIG of sysexits.h: what was said is wrong, and no library or machine failed


def refuse(words: str) -> NoReturn:
    """Say what is wrong, in the last line of the log, and end."""
    print(words, file=sys.stderr, flush=True)
    sys.exit(REFUSED)
