"""Users who number their requests, and note each beside Locust: in `$NOTES`, a file for each process."""

import json
import os
import uuid
from pathlib import Path
from typing import Any

from locust import HttpUser, constant, events, task


def note(*, start_time: float, response_time: float, response: Any = None, **_: object) -> None:
    """Note number, time and latency of a request."""
    number = None if response is None else response.request.headers["X-Number"]
    with Path(os.environ["NOTES"], str(os.getpid())).open("a", encoding="utf-8") as file:
        file.write(f"{json.dumps([number, start_time, response_time])}\n")


events.request.add_listener(note)


class Numbered(HttpUser):  # type: ignore[misc]
    """Asks for work."""

    wait_time = constant(0.003)

    @task  # type: ignore[untyped-decorator]
    def ask(self) -> None:
        """Ask, with a number that nobody else has."""
        self.client.get("/work", headers={"X-Number": uuid.uuid4().hex})
