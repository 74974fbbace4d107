"""Users who fail before their first request."""

from locust import HttpUser, task

from tests.broken_services.locustfiles.travellers import FLIGHT


class Unready(HttpUser):  # type: ignore[misc]
    """Can't log in."""

    def on_start(self) -> None:
        """Fail."""
        raise PermissionError("no token")

    @task  # type: ignore[untyped-decorator]
    def ask(self) -> None:
        """Ask for one flight."""
        self.client.post("/invocations", json={"rows": [FLIGHT]})
