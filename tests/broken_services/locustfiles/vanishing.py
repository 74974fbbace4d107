"""Users who end their process with success in the middle of the run."""

import os

from locust import HttpUser, task

from tests.broken_services.locustfiles.travellers import FLIGHT


class Vanishing(HttpUser):  # type: ignore[misc]
    """Asks, and is gone."""

    @task  # type: ignore[untyped-decorator]
    def ask(self) -> None:
        """Ask once, and end everything."""
        self.client.post("/invocations", json={"rows": [FLIGHT]})
        os._exit(0)
