"""Users one of whose workers is killed in the middle of the run."""

import os
import signal
import time

from locust import HttpUser, constant, task

from tests.broken_services.locustfiles.travellers import FLIGHT

_AFTER_S = 2.0


class Leaving(HttpUser):  # type: ignore[misc]
    """Asks; in the first worker, not for long."""

    wait_time = constant(0.003)

    def on_start(self) -> None:
        """Look at the clock."""
        self.begun = time.monotonic()

    @task  # type: ignore[untyped-decorator]
    def ask(self) -> None:
        """Ask for one flight, or be killed."""
        self.client.post("/invocations", json={"rows": [FLIGHT]})
        if self.environment.runner.worker_index == 0 and time.monotonic() > self.begun + _AFTER_S:
            os.kill(os.getpid(), signal.SIGKILL)
