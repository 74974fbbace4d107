"""The laws tried on a faulty service: what the tests of laws share."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.limit import between
from pytest_mlops.stages.contract import measure_contract
from pytest_mlops.stages.service import start_service
from tests.broken_services import faulty_service

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_mlops.core.result import Result

SERVICE = [sys.executable, faulty_service.__file__, "--port", "{port}"]
DELAYS = (-3.0, 12.5, None, 80.25, 31.0)
ROWS: list[dict[str, Any]] = [
    {"carrier": "UA", "origin": "JFK", "dep_delay": delay, "distance": 400 + 300 * place, "hour": 6 + 2 * place}
    for place, delay in enumerate(DELAYS)
]
FULL = [{**row, "dep_delay": row["dep_delay"] or 3.0} for row in ROWS]
OPTIONS: dict[str, dict[str, Any]] = {
    "out_of_range": {"outputs": {"minutes": between(0, 1500)}},
    "sums_elsewhere": {"outputs": {"shares": "probabilities"}},
    "quiet_labels": {"outputs": {"probabilities": (0, 1)}},
    "fills_in": {"examples": FULL},
    "quiet_filled": {"examples": FULL},
}


def measure_faulty(tmp_path: Path, fault: str, *laws: str, **options: Any) -> Result:
    """Return what trying laws on the service with a fault gives."""
    given: dict[str, Any] = {
        "offline": functools.partial(faulty_service.predict, fault=fault),
        "committed": faulty_service.document(fault),
        "examples": ROWS,
        "directions": {"dep_delay": "increasing", "distance": "decreasing"},
        "score": "probability",
        "deployed": {"model_digest": "sha256:0"},
        "max_examples": 5,
    }
    given |= OPTIONS.get(fault, {}) | options
    with start_service([*SERVICE, "--fault", fault], name="delay_api", workdir=tmp_path) as service:
        return measure_contract(service, seed=1, laws=laws or None, public=list(ROWS[0]), **given)


def red(result: Result) -> set[str]:
    """Return the laws that do not hold."""
    return {one.short_name for one in result.measurements if not (one <= 0)}
