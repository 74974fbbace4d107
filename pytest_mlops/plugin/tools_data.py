"""The tool fixtures of data: `mlops_data`, `mlops_tables`, `mlops_features`, `mlops_privacy`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.source import place_of
from pytest_mlops.plugin.tool import Paths, Tool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_mlops.core.result import Result
    from pytest_mlops.stages.privacy import PrivacyScan
    from pytest_mlops.stages.tables import Tables


@pytest.fixture
def mlops_data(request: pytest.FixtureRequest) -> Callable[..., Result]:
    """Run a Great Expectations suite on a frame or a file: `mlops_data(january).require(mlops_expectation)`."""
    tool = Tool.of(request)

    def run(data: Any, *, suite: Paths | None = None, name: str | None = None) -> Result:
        from pytest_mlops.stages.data import measure_suite, read_suite

        subject, frame = tool.name_of(data, name), tool.data(data)
        read = read_suite(tool.path(suite or _marked_suite(request)))
        tool.state.say(f"expectations of {subject}")
        key = ["data", tool.key_of(frame), read.digest, subject]
        return tool.shared(key, lambda: measure_suite(frame, read, name=subject))

    return run


def _marked_suite(request: pytest.FixtureRequest) -> str:
    marker = request.node.get_closest_marker("mlops_expectations")
    if marker is None:
        raise DeclarationError("mlops_data needs suite=..., or the marker mlops_expectations(suite)")
    return str(marker.args[0])


@pytest.fixture
def mlops_privacy(request: pytest.FixtureRequest) -> Callable[..., PrivacyScan]:
    """Scan data, or files of text, for personal data: `mlops_privacy(january).require(no_personal_data())`."""
    tool = Tool.of(request)

    def run(
        data: Any = None, *, files: Paths | None = None, regions: Sequence[str] = (), name: str | None = None
    ) -> PrivacyScan:
        from pytest_mlops.adapters.frames import files_of
        from pytest_mlops.stages.privacy import scan_data, scan_texts

        if (data is None) is (files is None):
            raise DeclarationError("mlops_privacy needs either data or files=...")
        tool.state.say("scanning for personal data")
        if files is not None:
            named = [(place_of(path), path) for path in files_of(str(tool.path(files)))]
            scan = scan_texts(named, name=name or str(files), regions=regions)
        else:
            scan = scan_data(tool.data(data), name=tool.name_of(data, name), regions=regions)
        tool.recorder.about(scan.digests)
        return replace(scan, recorder=tool.recorder)

    return run


@pytest.fixture
def mlops_tables(request: pytest.FixtureRequest) -> Callable[..., Tables]:
    """Hold data sets against each other: `mlops_tables(train=..., test=...).require(disjoint("train", "test"))`."""
    tool = Tool.of(request)

    def run(**tables: Any) -> Tables:
        from pytest_mlops.stages.tables import open_tables

        tool.state.say(f"data sets {', '.join(tables)}")
        opened = open_tables({name: tool.data(data) for name, data in tables.items()}, seed=tool.state.seed)
        tool.recorder.about(opened.digests)
        return replace(opened, recorder=tool.recorder)

    return run


@pytest.fixture
def mlops_features(request: pytest.FixtureRequest) -> Callable[..., Result]:
    """Hold feature code to its laws: `mlops_features(build_features, january).require(pure_features())`."""
    tool = Tool.of(request)

    def run(build: Callable[[Any], Any], rows: Any, *, name: str | None = None, alone: int = 30) -> Result:
        from pytest_mlops.adapters.frames import to_pandas
        from pytest_mlops.stages.features import measure_features

        subject, data = tool.name_of(rows, name), tool.data(rows)
        tool.state.say(f"features of {subject}")
        frame = to_pandas(data) if isinstance(data, Path) else data
        return tool.kept(measure_features(build, frame, name=subject, seed=tool.state.seed, alone=alone))

    return run
