"""Baselines in a run: checks ask for them, the controller alone writes them, and only for checks that passed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.core.baseline import baseline_file, baseline_values, read_baseline, write_baseline
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.verdict import Verdict
from pytest_mlops.plugin.recorder import recorder_of
from pytest_mlops.plugin.state import state_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_mlops.core.measurement import Measurement


@pytest.fixture
def mlops_baseline(request: pytest.FixtureRequest) -> Callable[[Measurement], float]:
    """Return the committed value of a measurement: `assert auc >= mlops_baseline(auc) - 0.01`.

    With `--mlops-update` it is the measured value, which is written when the check passes.
    """
    state, recorder = state_of(request.config), recorder_of(request.node)
    folder = state.root / state.configuration.baselines
    seen: set[tuple[str, str]] = set()

    def baseline(measurement: Measurement) -> float:
        path = baseline_file(folder, request.node.nodeid, measurement.subject)
        key = (path.name, measurement.name)
        if key in seen:
            raise DeclarationError(
                f"{measurement.name} of {measurement.subject} has two baselines in this check. "
                "Hint: give each model a name of its own, mlops_model(..., name=...)"
            )
        seen.add(key)
        recorder.baselines.append(path.name)
        if not state.update:
            return read_baseline(path, measurement)
        recorder.updates.append((path.name, measurement.name, baseline_values(measurement)))
        return float(measurement)

    return baseline


class BaselineKeeper:
    """What became of each baseline of a run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._asked: dict[str, list[str]] = {}
        self._updates: dict[str, list[tuple[str, str, Any]]] = {}

    def gather(self, report: pytest.TestReport, check: str) -> None:
        """Take what a check asked for, from its report."""
        found = getattr(report, "mlops_baselines", None)
        if found is not None:
            self._asked[check], self._updates[check] = found["asked"], found["updates"]

    def finish(self, verdicts: dict[str, str], *, is_whole: bool) -> dict[str, list[str]]:
        """Write the updates of checks that passed; return the names of the files by what became of them."""
        written: list[str] = []
        changes: list[str] = []
        passed = [updates for check, updates in sorted(self._updates.items()) if verdicts.get(check) == Verdict.PASS]
        for name, key, value in (update for updates in passed for update in updates):
            if changed := write_baseline(self._folder / name, {key: value}):
                written.append(name)
                changes += changed
        asked = {name for names in self._asked.values() for name in names}
        known = {path.name for path in self._folder.glob("*.json")}
        return {
            "matched": sorted((asked & known) - set(written)),
            "unused": sorted(known - asked) if is_whole else [],
            "written": sorted(set(written)),
            "changes": changes,
        }
