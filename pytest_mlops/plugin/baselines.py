"""Baselines in a run: checks ask for them, the controller alone writes them.

Numbers are written for checks that passed. A drift reference is written whatever became of its check: it is a summary
of data that were named, and says nothing of what was compared with them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.core.baseline import baseline_values, file_of_check, read_baseline, write_baseline
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.verdict import Verdict
from pytest_mlops.plugin.recorder import recorder_of
from pytest_mlops.plugin.references import write_reference
from pytest_mlops.plugin.state import state_of

if TYPE_CHECKING:
    from collections.abc import Callable

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
        path = file_of_check(folder, request.node.nodeid, measurement.subject)
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

    def __init__(self, folder: Path, root: Path) -> None:
        self._folder = folder
        self._root = root
        self._references: dict[str, str] = {}
        self._asked: dict[str, list[str]] = {}
        self._updates: dict[str, list[tuple[str, str, Any]]] = {}

    def gather(self, report: pytest.TestReport, check: str) -> None:
        """Take what a check asked for, from its report."""
        found = getattr(report, "mlops_baselines", None)
        if found is not None:
            self._asked[check], self._updates[check] = found["asked"], found["updates"]
            self._references |= dict(found["references"])

    def finish(self, verdicts: dict[str, str], *, is_whole: bool) -> dict[str, list[str]]:
        """Write the updates of checks that passed; return the names of the files by what became of them."""
        written: list[str] = []
        changes: list[str] = []
        passed = [updates for check, updates in sorted(self._updates.items()) if verdicts.get(check) == Verdict.PASS]
        for name, key, value in (update for updates in passed for update in updates):
            if changed := write_baseline(self._folder / name, {key: value}):
                written.append(name)
                changes += changed
        for name, staged in sorted(self._references.items()):
            text = Path(staged).read_text(encoding="utf-8") if staged else ""
            if text and (change := write_reference(self._root / name, name, text)):
                written.append(name)
                changes.append(change)
        asked = {name for names in self._asked.values() for name in names}
        known = {path.name for path in self._folder.glob("*.json")}
        return {
            "matched": sorted(((asked & known) | self._references.keys()) - set(written)),
            "unused": sorted(known - asked) if is_whole else [],
            "written": sorted(set(written)),
            "changes": changes,
        }
