"""Users that send nothing."""

from locust import User, constant, task


class Silent(User):  # type: ignore[misc]
    """Does nothing, again and again."""

    wait_time = constant(0.1)

    @task  # type: ignore[untyped-decorator]
    def nothing(self) -> None:
        """Do nothing."""
