"""Users whose task fails after every request, which Locust does not count as a failure."""

from locust import HttpUser, constant, task

from tests.broken_services.locustfiles.travellers import FLIGHT


class Raising(HttpUser):  # type: ignore[misc]
    """Asks, and looks for what is not there."""

    wait_time = constant(0.003)

    @task  # type: ignore[untyped-decorator]
    def ask(self) -> None:
        """Ask, then fail."""
        self.client.post("/invocations", json={"rows": [FLIGHT]})
        raise KeyError("late")
