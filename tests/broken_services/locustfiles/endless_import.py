"""Users whose module never ends its import."""

import time

from tests.broken_services.locustfiles.travellers import Traveller

time.sleep(3600)

__all__ = ["Traveller"]
