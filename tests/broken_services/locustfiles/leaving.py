"""A module that ends its process with success while it is imported."""

import sys

from tests.broken_services.locustfiles.travellers import Traveller

sys.exit(0)

__all__ = ["Traveller"]
