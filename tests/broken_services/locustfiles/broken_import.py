"""Users whose module asks for what is not installed."""

import no_such_module  # type: ignore[import-not-found]

from tests.broken_services.locustfiles.travellers import Traveller

__all__ = ["Traveller", "no_such_module"]
