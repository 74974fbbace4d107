"""Users of whom one keeps the processor for ever, so that no other runs, nor the clock of the run."""

from locust import HttpUser, task

from tests.broken_services.locustfiles.travellers import FLIGHT


class Blocking(HttpUser):  # type: ignore[misc]
    """Asks, then never yields."""

    @task  # type: ignore[untyped-decorator]
    def ask(self) -> None:
        """Ask once."""
        self.client.post("/invocations", json={"rows": [FLIGHT]})
        while True:
            pass
