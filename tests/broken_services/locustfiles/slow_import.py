"""Users whose module takes longer to import than the run lasts."""

import time

from tests.broken_services.locustfiles.travellers import Traveller

time.sleep(2)

__all__ = ["Traveller"]
