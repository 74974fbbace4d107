"""Users who ask so rarely that a short run has next to no request."""

from locust import HttpUser, constant, task

from tests.broken_services.locustfiles.travellers import FLIGHT


class Rare(HttpUser):  # type: ignore[misc]
    """Asks every second or so."""

    wait_time = constant(0.4)

    @task  # type: ignore[untyped-decorator]
    def ask(self) -> None:
        """Ask for one flight."""
        self.client.post("/invocations", json={"rows": [FLIGHT]})
