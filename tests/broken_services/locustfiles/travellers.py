"""Users who ask for one flight after the other."""

from locust import HttpUser, constant, task

FLIGHT = {"carrier": "AA", "origin": "JFK", "dep_delay": 12.5, "distance": 2000, "hour": 9}


class Traveller(HttpUser):  # type: ignore[misc]
    """Asks, waits a little, asks again."""

    wait_time = constant(0.003)

    @task  # type: ignore[untyped-decorator]
    def ask(self) -> None:
        """Ask for one flight."""
        self.client.post("/invocations", json={"rows": [FLIGHT]})
