"""The tool fixtures, one a stage: *tool(subject, ...) → result*, judged by `require(...)` or a plain `assert`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.once import measure_once
from pytest_mlops.core.plain import Json, plain
from pytest_mlops.core.source import place_of
from pytest_mlops.plugin.duration import seconds
from pytest_mlops.plugin.recorder import ItemRecorder, recorder_of
from pytest_mlops.plugin.state import State, state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pytest_mlops.core.result import Result
    from pytest_mlops.stages.model import ModelUnderTest
    from pytest_mlops.stages.privacy import PrivacyScan
    from pytest_mlops.stages.service import Service
    from pytest_mlops.stages.tables import Tables

Paths = str | Path


@dataclass(frozen=True)
class _Tool:
    """What every tool needs of the test that uses it."""

    request: pytest.FixtureRequest
    state: State

    @property
    def recorder(self) -> ItemRecorder:
        return recorder_of(self.request.node)

    @property
    def parameters(self) -> Mapping[str, Any]:
        callspec = getattr(self.request.node, "callspec", None)
        return {} if callspec is None else callspec.params

    def path(self, path: Paths) -> Path:
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
        self.recorder.about(result.digests)
        return result.recorded_by(self.recorder)


@pytest.fixture
def mlops_data(request: pytest.FixtureRequest) -> Callable[..., Result]:
    """Run a Great Expectations suite on a frame or a file: `mlops_data(january).require(mlops_expectation)`."""
    tool = _Tool(request, state_of(request.config))

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
    tool = _Tool(request, state_of(request.config))

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
    tool = _Tool(request, state_of(request.config))

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
    tool = _Tool(request, state_of(request.config))

    def run(build: Callable[[Any], Any], rows: Any, *, name: str | None = None, alone: int = 30) -> Result:
        from pytest_mlops.adapters.frames import to_pandas
        from pytest_mlops.stages.features import measure_features

        subject, data = tool.name_of(rows, name), tool.data(rows)
        tool.state.say(f"features of {subject}")
        frame = to_pandas(data) if isinstance(data, Path) else data
        return tool.kept(measure_features(build, frame, name=subject, seed=tool.state.seed, alone=alone))

    return run


@pytest.fixture
def mlops_drift(request: pytest.FixtureRequest) -> Callable[..., Result]:
    """Compare data with a reference: `mlops_drift(february, reference=january, unit="day").require(no_drift())`.

    With `sketch="fixtures/references/january.json"` the reference is what `--mlops-update` kept of the data in that
    file; the data themselves may then be absent. With `target="late"` the relation of that column to the others is
    compared too, and with `model=champion` what the model loses.
    """
    tool = _Tool(request, state_of(request.config))

    def run(
        current: Any,
        *,
        reference: Any = None,
        sketch: Paths | None = None,
        unit: str | None = None,
        columns: Sequence[str] | None = None,
        public: Sequence[str] = (),
        measures: Sequence[str] = (),
        target: str | None = None,
        model: Any = None,
        segments: Sequence[str] = (),
        name: str | None = None,
    ) -> Result:
        from pytest_mlops.plugin.references import KeptReference, kept_reference
        from pytest_mlops.stages.drift import measure_drift

        subject, new, old = tool.name_of(current, name), tool.data(current), tool.data(reference)
        if reference is None and sketch is None:
            raise DeclarationError(f"drift of {subject} needs reference=..., data, or sketch=..., a file")
        if new is old or (isinstance(new, Path) and new == old):
            raise DeclarationError(f"drift of {subject}: data and reference must differ, both are the same")
        tool.state.say(f"drift of {subject}")
        shown = sorted({*public, *tool.public_columns(old), *tool.public_columns(new)})
        held = old
        if sketch is not None:
            held = kept_reference(
                tool.state, tool.recorder, tool.path(sketch), old, unit=unit, columns=columns, public=shown
            )
        against = held.key if isinstance(held, KeptReference) else tool.key_of(held)
        said: Json = [unit, plain(columns), shown, plain(measures), target, plain(segments), subject]
        key: Json = ["drift", tool.key_of(new), against, tool.key_of_model(model), said]
        if isinstance(getattr(model, "digest", None), str):
            tool.recorder.about({f"model:{tool.name_of(model, None)}": model.digest})
        return tool.shared(
            key,
            lambda: measure_drift(
                new,
                reference=held.read() if isinstance(held, KeptReference) else held,
                name=subject,
                unit=unit,
                columns=columns,
                public=shown,
                measures=measures,
                target=target,
                model=model,
                segments=segments,
                seed=tool.state.seed,
            ),
        )

    return run


@pytest.fixture
def mlops_model(request: pytest.FixtureRequest) -> Callable[..., ModelUnderTest]:
    """Measure a metric of a binary classifier: `mlops_model(champion, target="late").roc_auc(holdout) >= 0.7`."""
    tool = _Tool(request, state_of(request.config))

    def bind(model: Any, *, target: str, name: str | None = None, threshold: float = 0.5) -> ModelUnderTest:
        from pytest_mlops.stages.model import ModelUnderTest

        subject = tool.name_of(model, name)
        if isinstance(getattr(model, "digest", None), str):
            tool.recorder.about({f"model:{subject}": model.digest})
        part = tool.parameters.get("mlops_slice")
        return ModelUnderTest(
            model=model,
            name=subject if part is None else f"{subject}[{part}]",
            target=target,
            threshold=threshold,
            seed=tool.state.seed,
            about=lambda measurement: measurement.recorded_by(tool.recorder),
        )

    return bind


@pytest.fixture
def mlops_reproduce(request: pytest.FixtureRequest) -> Callable[..., Result]:
    """Train in fresh processes and compare: `mlops_reproduce("package.module:train", seed=7).require(same())`."""
    tool = _Tool(request, state_of(request.config))

    def run(
        trainer: str, *, seed: int | None = None, times: int = 2, timeout: str | float = "10min", **arguments: Json
    ) -> Result:
        from pytest_mlops.stages.reproduce import measure_reproduction

        seed = tool.state.seed if seed is None else seed
        tool.state.say(f"training {trainer}, {times} times")
        return tool.shared(
            ["reproduce", trainer, seed, times, arguments],
            lambda: measure_reproduction(
                trainer,
                seed=seed,
                arguments=arguments,
                times=times,
                timeout_s=seconds(timeout),
                workdir=_new_folder(tool.state, "reproduce"),
                project_root=tool.state.root,
                progress=tool.state.say,
            ),
        )

    return run


@pytest.fixture
def mlops_batch(request: pytest.FixtureRequest) -> Callable[..., Result]:
    """Run a batch job from Parquet to Parquet: twice to the end, and killed midway."""
    tool = _Tool(request, state_of(request.config))

    def run(
        command: Sequence[str],
        *,
        input: Paths,  # noqa: A002 - the word of the job
        key: str | Sequence[str] | None = None,
        timeout: str | float = "10min",
        name: str | None = None,
    ) -> Result:
        from pytest_mlops.core.digest import digest_tree
        from pytest_mlops.stages.batch import measure_batch

        subject, path = tool.name_of(input, name), tool.path(input)
        tool.state.say(f"batch job on {subject}")
        return tool.shared(
            ["batch", list(command), digest_tree(path), plain(key), subject],
            lambda: measure_batch(
                command,
                input=path,
                name=subject,
                workdir=_new_folder(tool.state, "batch"),
                key=key,
                timeout_s=seconds(timeout),
                project_root=tool.state.root,
                progress=tool.state.say,
            ),
        )

    return run


@pytest.fixture(scope="session")
def mlops_service(pytestconfig: pytest.Config) -> Iterator[Callable[..., Service]]:
    """Start services on free loopback ports; every one is stopped, with its whole process group, at the end."""
    state, started = state_of(pytestconfig), []

    def start(
        command: Sequence[str],
        *,
        name: str,
        ready: str = "/ping",
        timeout: str | float = "60s",
        env: Mapping[str, str] | None = None,
    ) -> Service:
        from pytest_mlops.stages.service import start_service

        state.say(f"starting {name}")
        service = start_service(
            command,
            name=name,
            workdir=_new_folder(state, f"service-{name}"),
            ready_path=ready,
            ready_timeout_s=seconds(timeout),
            env=env,
            cwd=state.root,
            progress=state.say,
        )
        started.append(service)
        return service

    yield start
    for service in reversed(started):
        service.stop()


@pytest.fixture
def mlops_contract(request: pytest.FixtureRequest) -> Callable[..., Result]:
    """Hold a service to the laws of its OpenAPI document: `mlops_contract(delay_api).require(mlops_law)`."""
    tool = _Tool(request, state_of(request.config))

    def run(
        service: Service | str,
        *,
        offline: Any = None,
        rows: Sequence[Mapping[str, Any]] = (),
        suite: Paths | None = None,
        public: Sequence[str] = (),
        laws: Sequence[str] | None = None,
        contract: Paths | None = None,
        allowed_hosts: Sequence[str] = (),
        examples: int = 50,
    ) -> Result:
        from pytest_mlops.stages.contract import measure_contract, read_contract
        from pytest_mlops.stages.data import read_suite

        marker = request.node.get_closest_marker("mlops_laws")
        committed = contract or (None if marker is None else marker.args[0])
        law = tool.parameters.get("mlops_law")
        asked = [law.id] if laws is None and law is not None else laws
        tool.state.say(f"contract of {_name_of(service)}: {', '.join(asked) if asked else 'all laws'}")
        result = measure_contract(
            service,
            committed=None if committed is None else read_contract(tool.path(committed)),
            examples=rows,
            public=public,
            suite=None if suite is None else read_suite(tool.path(suite)),
            offline=offline,
            laws=asked,
            seed=tool.state.seed,
            max_examples=examples,
            allowed_hosts=allowed_hosts,
            progress=tool.state.say,
        )
        return tool.kept(result)

    return run


@pytest.fixture
def mlops_load(request: pytest.FixtureRequest) -> Callable[..., Result]:
    """Run a locustfile in a process of its own: `mlops_load(delay_api, locustfile=..., users=20, duration="10s")`."""
    tool = _Tool(request, state_of(request.config))

    def run(
        service: Service | str,
        *,
        locustfile: Paths,
        users: int,
        duration: str | float,
        allowed_hosts: Sequence[str] = (),
    ) -> Result:
        from pytest_mlops.stages.load import measure_load

        length, longest = seconds(duration), tool.state.configuration.long_load_s
        if tool.state.profile == "ci" and length > longest:
            pytest.skip(f"the ci profile leaves out load runs over {longest:g} s, this one takes {length:g} s")
        tool.state.say(f"load on {_name_of(service)}: {users} users for {length:g} s")
        result = measure_load(
            service,
            locustfile=tool.path(locustfile),
            users=users,
            duration_s=length,
            seed=tool.state.seed,
            workdir=_new_folder(tool.state, "load"),
            name=getattr(service, "name", ""),
            allowed_hosts=allowed_hosts,
            project=tool.state.root,
            progress=tool.state.say,
        )
        return tool.kept(result)

    return run


def _name_of(service: Service | str) -> str:
    return str(getattr(service, "name", service))


def _new_folder(state: State, name: str) -> Path:
    """Return a new folder of the run for one tool call."""
    base = state.run_dir / (state.worker or "main")
    base.mkdir(exist_ok=True)
    number = sum(1 for _ in base.iterdir())
    folder = base / f"{number:03d}-{name}"
    folder.mkdir()
    return folder
