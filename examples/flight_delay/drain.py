"""Ending a waitress server without dropping what it has accepted; by itself it cancels requests that wait."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import Any

_LONGEST_S = 8.0  # less than what is usually left between SIGTERM and SIGKILL
_LOOK_S = 0.05
_QUIET_LOOKS = 2


def drain_on_sigterm(server: Any) -> None:
    """On SIGTERM accept nothing more, answer what has come, and end; a second SIGTERM ends at once.

    Parameters
    ----------
    server
        What `waitress.create_server` returns for one address.
    """

    def drain(*_: object) -> None:
        server.accepting = False
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        threading.Thread(target=_end_when_quiet, args=(server,), daemon=True).start()

    signal.signal(signal.SIGTERM, drain)


def _end_when_quiet(server: Any) -> None:
    deadline, quiet = time.monotonic() + _LONGEST_S, 0
    while quiet < _QUIET_LOOKS and time.monotonic() < deadline:
        time.sleep(_LOOK_S)
        quiet = 0 if _is_busy(server) else quiet + 1
    os.kill(os.getpid(), signal.SIGTERM)


def _is_busy(server: Any) -> bool:
    channels = list(server.active_channels.values())
    return any(channel.request or channel.requests or channel.total_outbufs_len for channel in channels)
