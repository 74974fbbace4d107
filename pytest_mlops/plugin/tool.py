"""What every tool fixture needs of the test that uses it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.once import measure_once
from pytest_mlops.plugin.recorder import ItemRecorder, recorder_of
from pytest_mlops.plugin.state import State, state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pytest

    from pytest_mlops.core.plain import Json
    from pytest_mlops.core.result import Result

    Rows = Sequence[Mapping[str, Any]]

Paths = str | Path


@dataclass(frozen=True)
class Tool:
    """What every tool needs of the test that uses it."""

    request: pytest.FixtureRequest
    state: State

    @classmethod
    def of(cls, request: pytest.FixtureRequest) -> Tool:
        """Return the tool of the test that asks for it."""
        return cls(request, state_of(request.config))

    @property
    def recorder(self) -> ItemRecorder:
        """Return what keeps the judgements of the test."""
        return recorder_of(self.request.node)

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Return what the test is parametrized with."""
        callspec = getattr(self.request.node, "callspec", None)
        return {} if callspec is None else callspec.params

    def path(self, path: Paths) -> Path:
        """Return a path, which is relative to the root of the project."""
        return self.state.root / path

    def name_of(self, subject: object, name: str | None) -> str:
        """Return the given name, else that of the fixture which gave the subject, else the file's."""
        if name is not None:
            return name
        named = [fixture for fixture, value in self.request.node.funcargs.items() if value is subject]
        if named:
            return str(named[0])
        return Path(subject).stem if isinstance(subject, str | Path) else type(subject).__name__.lower()

    def data(self, data: Any) -> Any:
        """Return data as they are, and the path of a file."""
        return self.path(data) if isinstance(data, str | Path) else data

    def key_of(self, data: Any) -> Json:
        """Return what stands for data in a key: for a frame that is not in memory it itself."""
        from pytest_mlops.adapters.frames import digest_data, is_lazy

        digest = digest_data(data)
        return [digest, self.key_of_object(data)] if is_lazy(data) else digest

    def key_of_model(self, model: Any) -> Json:
        """Return what stands for a model in a key: its digest, or it itself."""
        digest = getattr(model, "digest", None)
        return digest if isinstance(digest, str) or model is None else self.key_of_object(model)

    def key_of_object(self, thing: object) -> Json:
        """Return what stands for an object of this process, which lives as long as the run."""
        self.state.held[id(thing)] = thing
        return [self.state.worker, id(thing)]

    def public_columns(self, data: Any) -> Sequence[str]:
        """Return the columns that the declarations of a file let a report show."""
        declared = self.state.configuration.data.values()
        return [name for entry in declared if self.path(entry.path) == data for name in entry.public]

    def shared(self, key: Json, measure: Callable[[], Result]) -> Result:
        """Measure once a run, whichever worker comes first, and let this test's recorder keep the judgements."""
        return self.kept(measure_once(self.state.run_dir, [self.state.seed, key], measure))

    def kept(self, result: Result) -> Result:
        """Return a result whose judgements the recorder of this test keeps."""
        self.recorder.about(result.digests)
        return result.recorded_by(self.recorder)


def name_of_service(service: object) -> str:
    """Return the name of a service, or its address."""
    return str(getattr(service, "name", service))


def new_folder(state: State, name: str) -> Path:
    """Return a new folder of the run for one tool call."""
    base = state.run_dir / (state.worker or "main")
    base.mkdir(exist_ok=True)
    number = sum(1 for _ in base.iterdir())
    folder = base / f"{number:03d}-{name}"
    folder.mkdir()
    return folder


def rows_given(tool: Tool, rows: Rows | Paths) -> Rows:
    """Return rows, read where they are a file of JSON, an object a line."""
    from pytest_mlops.stages.contract import read_rows

    return read_rows(tool.path(rows)) if isinstance(rows, str | Path) else rows
