"""Users of whom every other one is killed by an error of its own module."""

import itertools

import gevent
from locust import HttpUser, constant, task

from tests.broken_services.locustfiles.travellers import FLIGHT

NUMBERS = itertools.count()


class Traveller(HttpUser):  # type: ignore[misc]
    """Asks again and again, unless its number is odd."""

    wait_time = constant(0.003)

    def on_start(self) -> None:
        """Take a number."""
        self.number = next(NUMBERS)

    @task  # type: ignore[untyped-decorator]
    def ask(self) -> None:
        """Ask; every other user is killed without a word."""
        self.client.post("/invocations", json={"rows": [FLIGHT]})
        if self.number % 2:
            raise gevent.GreenletExit
