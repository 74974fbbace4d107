"""Checks whose import never ends."""

import time

time.sleep(3600)


def check(url: str) -> None:
    """Never there."""
