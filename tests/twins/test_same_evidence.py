"""The same evidence, to the last digit: with no xdist, `-n 0` and `-n 2`, in any order of the checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

    from tests.twins.conftest import Lifecycle

FILES = ["test_data.py", "test_drift.py", "test_model.py", "test_serving.py"]
ORDER = """
def pytest_collection_modifyitems(items):
    import os, random
    order = os.environ["ORDER"]
    if order == "reversed":
        items.reverse()
    elif order == "shuffled":
        random.Random(3).shuffle(items)
"""
OF_THE_MACHINE = {"duration_s", "worker"}
OF_TIME = ("ready_means_ready", "sigterm_answers_what_is_in_flight", "time_is_linear")  # laws that watch a clock


def evidence(record: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for check in record["checks"]:
        left_out = {*OF_THE_MACHINE, *(["evidence"] if any(name in check["id"] for name in OF_TIME) else [])}
        found.append({key: value for key, value in check.items() if key not in left_out})
    return found


def test_the_evidence_is_the_same_in_every_mode_and_order(
    lifecycle: Lifecycle, monkeypatch: pytest.MonkeyPatch
) -> None:
    lifecycle.write(FILES, fixtures=ORDER)
    found = []
    for order, words in (
        ("as written", []),
        ("reversed", ["-p", "xdist", "-n", "2"]),
        ("shuffled", ["-p", "xdist", "-n", "0"]),
    ):
        monkeypatch.setenv("ORDER", order)
        found.append(evidence(lifecycle.record(*words)))
    assert len(found[0]) == 79
    assert all(check["evidence"] for check in found[0] if "evidence" in check)
    assert sum("evidence" not in check for check in found[0]) == len(OF_TIME)
    assert found[1] == found[0]
    assert found[2] == found[0]
