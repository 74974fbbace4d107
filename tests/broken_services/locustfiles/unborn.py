"""Users that one of the workers can't make."""

from typing import Any

from tests.broken_services.locustfiles import travellers


class Unborn(travellers.Traveller):
    """Asks; in the first worker it can't be made."""

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        if environment.runner.worker_index == 0:
            raise ValueError("no seat")
