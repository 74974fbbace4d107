"""Users whose file only a master can read."""

import sys

from tests.broken_services.locustfiles.travellers import Traveller

if "--worker" in sys.argv:
    raise ValueError("no worker may read this")

__all__ = ["Traveller"]
