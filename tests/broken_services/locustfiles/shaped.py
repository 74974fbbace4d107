"""Users whose number is given by the module, not by the check."""

from locust import LoadTestShape

from tests.broken_services.locustfiles.travellers import Traveller


class Falling(LoadTestShape):  # type: ignore[misc]
    """No users at all."""

    def tick(self) -> None:
        """End at once."""


__all__ = ["Falling", "Traveller"]
