"""Users that talk to a host that nobody allowed."""

from locust import HttpUser, constant, task

from tests.broken_services.locustfiles.travellers import FLIGHT


class Foreign(HttpUser):  # type: ignore[misc]
    """Asks the service, then someone else."""

    wait_time = constant(0.003)

    @task  # type: ignore[untyped-decorator]
    def ask(self) -> None:
        """Ask a documentation address (RFC 5737) too."""
        self.client.post("/invocations", json={"rows": [FLIGHT]})
        self.client.get("http://192.0.2.1/", name="elsewhere")
