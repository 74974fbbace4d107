"""Users that ask for what is not there."""

from locust import HttpUser, constant, task


class Lost(HttpUser):  # type: ignore[misc]
    """Every request fails."""

    wait_time = constant(0.003)

    @task  # type: ignore[untyped-decorator]
    def ask(self) -> None:
        """Ask at the wrong path."""
        self.client.get("/no-such-path")
