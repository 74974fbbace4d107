"""Users of the live API: each asks for one flight at a time, as a web page would.

locust -f examples/flight_delay/locustfile.py --host http://127.0.0.1:8000
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

from locust import FastHttpUser, between, task

_SENT = Path(__file__).parents[2] / "fixtures" / "requests" / "flights.jsonl"
_ROWS = itertools.cycle([json.loads(line) for line in _SENT.read_text(encoding="utf-8").splitlines()])


class Traveller(FastHttpUser):  # type: ignore[misc] # Locust has no types
    """Asks about ten times a second, each in a rhythm of his own."""

    wait_time = between(0.05, 0.15)

    @task  # type: ignore[untyped-decorator]
    def ask(self) -> None:
        """Ask about one flight; an answer that is not JSON with one prediction is a failure."""
        with self.client.post("/invocations", json={"rows": [next(_ROWS)]}, catch_response=True) as answer:
            if answer.status_code != 200 or len(answer.json()["predictions"]) != 1:  # noqa: PLR2004 - OK
                answer.failure(f"status {answer.status_code}")
