"""Users who wait for ever after their first request."""

import gevent.event
from locust import HttpUser, task

from tests.broken_services.locustfiles.travellers import FLIGHT


class Hanging(HttpUser):  # type: ignore[misc]
    """Asks, then waits for what never comes."""

    @task  # type: ignore[untyped-decorator]
    def ask(self) -> None:
        """Ask once."""
        self.client.post("/invocations", json={"rows": [FLIGHT]})
        gevent.event.Event().wait()
