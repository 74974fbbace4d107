"""Users without tasks."""

from locust import HttpUser


class Idle(HttpUser):  # type: ignore[misc]
    """Has nothing to do."""
