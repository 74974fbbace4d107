"""Users that stop after their first request."""

from locust import HttpUser, task
from locust.exception import StopUser

from tests.broken_services.locustfiles.travellers import FLIGHT


class Dying(HttpUser):  # type: ignore[misc]
    """Asks once."""

    @task  # type: ignore[untyped-decorator]
    def ask(self) -> None:
        """Ask, and give up."""
        self.client.post("/invocations", json={"rows": [FLIGHT]})
        raise StopUser
