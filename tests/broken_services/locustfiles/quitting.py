"""Users who end the whole run after some requests, as a locustfile may by its runner."""

from locust import HttpUser, constant, task

from tests.broken_services.locustfiles.travellers import FLIGHT


class Quitting(HttpUser):  # type: ignore[misc]
    """Asks a few times, and ends the run."""

    wait_time = constant(0.003)
    asked = 0

    @task  # type: ignore[untyped-decorator]
    def ask(self) -> None:
        """Ask; the twentieth time, end the run."""
        self.client.post("/invocations", json={"rows": [FLIGHT]})
        self.asked += 1
        if self.asked == 20:
            self.environment.runner.quit()
