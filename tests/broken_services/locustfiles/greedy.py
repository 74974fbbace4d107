"""Users who empty the reports of their worker, after what it counted was written into them."""

from tests.broken_services.locustfiles import travellers


class Greedy(travellers.Traveller):
    """Asks, and keeps what was counted for itself."""

    def on_start(self) -> None:
        """Be the last to see each report."""
        self.environment.events.report_to_master.add_listener(_empty)


def _empty(client_id: str, data: dict[str, object]) -> None:  # noqa: ARG001 - Locust's names
    data.pop("pytest_mlops_counts", None)
