"""Users whose requests take, as they say, from 0.1 ms to 60 s; each is noted."""

import random
import time

from locust import User, constant, task

from tests.broken_services.locustfiles.numbered import note

__all__ = ["Known", "note"]


class Known(User):  # type: ignore[misc]
    """Says how long a request took."""

    wait_time = constant(0.002)

    @task  # type: ignore[untyped-decorator]
    def say(self) -> None:
        """Say a time, all orders of magnitude being as frequent."""
        self.environment.events.request.fire(
            request_type="SAY", name="known", response_time=0.1 * 600_000 ** random.random(),  # noqa: S311 - no secret
            response_length=0, exception=None, start_time=time.time(), context={},
        )  # fmt: skip
