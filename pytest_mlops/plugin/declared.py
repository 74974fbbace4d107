"""`mlops.toml` as a test file: its declarations are test items, `mlops.toml::drift::february::dep_delay`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.core.errors import MlopsError, RequirementNotMet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from pytest_mlops.plugin.declared_steps import Check
    from pytest_mlops.plugin.state import State


class DeclaredPlugin:
    """Collects the declarations of the project's own configuration, and of no other file."""

    def __init__(self, state: State) -> None:
        self._state = state

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """Collect `mlops.toml`, or `pyproject.toml` where that holds the declarations."""
        configuration = self._state.configuration
        if not configuration.declares or file_path != self._state.root / configuration.file:
            return None
        file: _Declarations = _Declarations.from_parent(parent, path=file_path)
        file.state = self._state
        return file


class _Declarations(pytest.File):
    state: State

    def collect(self) -> Iterable[pytest.Collector]:
        from pytest_mlops.plugin.declared_items import checks_of

        for name, entries in checks_of(self.state).items():
            if entries:
                table = _Table.from_parent(self, name=name)
                table.entries = entries
                yield table


class _Table(pytest.Collector):
    entries: Mapping[str, Callable[[], Iterable[Check]]]

    def collect(self) -> Iterable[pytest.Collector]:
        for name, checks in self.entries.items():
            entry = _Entry.from_parent(self, name=name)
            entry.checks = checks
            yield entry


class _Entry(pytest.Collector):
    checks: Callable[[], Iterable[Check]]

    def collect(self) -> Iterable[pytest.Item]:
        try:
            return [self._item(check) for check in self.checks()]
        except MlopsError as exc:
            raise self.CollectError(f"{self.nodeid}: {exc}") from exc

    def _item(self, check: Check) -> pytest.Item:
        item: pytest.Function = _DeclaredCheck.from_parent(self, name=check.name, callobj=check.run)
        if check.gate != "block":
            item.add_marker(pytest.mark.mlops(gate=check.gate))
        if check.stage:
            item.add_marker(pytest.mark.mlops(stage=check.stage))
        return item


class _DeclaredCheck(pytest.Function):
    """A check without a line of the user's code: on failure the message says it all."""

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, self.nodeid  # a line must be told: pytest shows where a check that is skipped stands

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override] # as Function
        if isinstance(excinfo.value, MlopsError | RequirementNotMet):
            return str(excinfo.value)
        return super().repr_failure(excinfo)
