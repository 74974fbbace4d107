"""Users of two kinds, told apart by what they call their requests."""

from locust import HttpUser, constant, task

from tests.broken_services.locustfiles.travellers import FLIGHT


class Booker(HttpUser):  # type: ignore[misc]
    """Asks for one flight after the other."""

    wait_time = constant(0.003)

    @task  # type: ignore[untyped-decorator]
    def book(self) -> None:
        """Ask for one flight."""
        self.client.post("/invocations", json={"rows": [FLIGHT]}, name="booking")


class Watcher(HttpUser):  # type: ignore[misc]
    """Looks whether the service is there."""

    wait_time = constant(0.003)

    @task  # type: ignore[untyped-decorator]
    def look(self) -> None:
        """Look once."""
        self.client.get("/ping", name="watching")
