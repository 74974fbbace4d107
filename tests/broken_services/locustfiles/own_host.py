"""Users who bring a host of their own."""

from locust import HttpUser, constant, task

from tests.broken_services.locustfiles.travellers import FLIGHT


class Stranger(HttpUser):  # type: ignore[misc]
    """Would ask elsewhere."""

    host = "http://192.0.2.1"
    wait_time = constant(0.003)

    @task  # type: ignore[untyped-decorator]
    def ask(self) -> None:
        """Ask for one flight."""
        self.client.post("/invocations", json={"rows": [FLIGHT]})
