"""`mlops.toml` as a test file: its declarations are test items, `mlops.toml::drift::february::dep_delay`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.core.errors import MlopsError
from pytest_mlops.core.source import written_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from pytest_mlops.core.configuration import DataSet, DriftWatch
    from pytest_mlops.plugin.state import State


class DeclaredPlugin:
    """Collects the declarations of `mlops.toml`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """Collect the project's own `mlops.toml`, and no other."""
        if file_path != self._state.root / "mlops.toml":
            return None
        file: _Declarations = _Declarations.from_parent(parent, path=file_path)
        file.state = self._state
        return file


class _Declarations(pytest.File):
    state: State

    def collect(self) -> Iterable[pytest.Collector]:
        configuration = self.state.configuration
        tables: dict[str, dict[str, Callable[[pytest.Collector], Iterable[pytest.Item]]]] = {
            "data": {n: _of(_data_items, d, self.state) for n, d in configuration.data.items() if d.suite},
            "drift": {n: _of(_drift_items, w, self.state) for n, w in configuration.drift.items()},
        }
        for name, entries in tables.items():
            if entries:
                table = _Table.from_parent(self, name=name)
                table.entries = entries
                yield table


class _Table(pytest.Collector):
    entries: dict[str, Callable[[pytest.Collector], Iterable[pytest.Item]]]

    def collect(self) -> Iterable[pytest.Collector]:
        for name, items_of in self.entries.items():
            entry = _Entry.from_parent(self, name=name)
            entry.items_of = items_of
            yield entry


class _Entry(pytest.Collector):
    items_of: Callable[[pytest.Collector], Iterable[pytest.Item]]

    def collect(self) -> Iterable[pytest.Item]:
        try:
            return list(self.items_of(self))
        except MlopsError as exc:
            raise self.CollectError(f"{self.nodeid}: {exc}") from exc


def _of(items: Any, entry: object, state: State) -> Callable[[pytest.Collector], Iterable[pytest.Item]]:
    return lambda parent: items(parent, entry, state)


def _data_items(parent: pytest.Collector, declared: DataSet, state: State) -> Iterable[pytest.Item]:
    from pytest_mlops.stages.data import Expectation, read_suite

    def check_of(expectation: Expectation) -> Callable[..., None]:
        def check(mlops_data: Any) -> None:
            mlops_data(declared.path, suite=declared.suite, name=declared.name).require(expectation)

        return check

    for expectation in read_suite(state.root / declared.suite).expectations:
        gate = "block" if expectation.severity == "critical" else "warn"
        yield _item(parent, expectation.label, check_of(expectation), gate)


def _drift_items(parent: pytest.Collector, watch: DriftWatch, state: State) -> Iterable[pytest.Item]:
    from pytest_mlops.stages.drift import columns_of
    from pytest_mlops.stages.drift_gate import no_drift

    data = state.configuration.data
    reference = state.root / data[watch.reference].path
    columns = columns_of(reference, list(watch.columns) or None)

    def check_of(column: str) -> Callable[..., None]:
        def check(mlops_drift: Any) -> None:
            with written_at(f"{state.configuration.source}: [drift.{watch.name}]"):
                gate = no_drift(false_alarms=watch.false_alarms, material=watch.material, columns=column)
            mlops_drift(
                data[watch.data].path, reference=reference, unit=watch.unit or None, columns=columns, name=watch.name
            ).require(gate)

        return check

    for column in columns:
        yield _item(parent, column, check_of(column), "block")


def _item(parent: pytest.Collector, name: str, check: Callable[..., None], gate: str) -> pytest.Item:
    item: pytest.Function = pytest.Function.from_parent(parent, name=name, callobj=check)
    if gate != "block":
        item.add_marker(pytest.mark.mlops(gate=gate))
    return item
