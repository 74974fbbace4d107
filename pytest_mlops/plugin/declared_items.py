"""The checks that declarations make: functions of the same tool fixtures that a test file uses."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.result import Result
from pytest_mlops.core.source import written_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from pytest_mlops.core.declarations import (
        DataSet,
        DeclaredBatch,
        DeclaredDeepchecks,
        DeclaredLoad,
        DeclaredModel,
        DeclaredService,
        DeclaredTrainer,
        DriftWatch,
        Timeline,
    )
    from pytest_mlops.core.limit import Limit
    from pytest_mlops.core.result import Requirement
    from pytest_mlops.plugin.state import State
    from pytest_mlops.stages.contract import Law
    from pytest_mlops.stages.data import Expectation
    from pytest_mlops.stages.deepchecks import Deepcheck
    from pytest_mlops.stages.model import Slice
    from pytest_mlops.stages.service import Service


@dataclass(frozen=True)
class Check:
    """One test item: its name, what pytest calls with its fixtures, its gate, and its stage where no tool tells it."""

    name: str
    run: Callable[..., None]
    gate: str = "block"
    stage: str = ""


def checks_of(state: State) -> Mapping[str, Mapping[str, Callable[[], Iterable[Check]]]]:
    """Return what makes the checks of each declaration, by table and name; a data set without a suite has none."""
    said = state.configuration
    kinds: Mapping[str, tuple[Mapping[str, Any], Callable[[Any, State], Iterable[Check]]]] = {
        "data": ({name: data for name, data in said.data.items() if data.suite}, _data),
        "model": (said.model, _model),
        "trainer": (said.trainer, _trainer),
        "service": (said.service, _service),
        "batch": (said.batch, _batch),
        "drift": (said.drift, _drift),
        "deepchecks": (said.deepchecks, _deepchecks),
        "timeline": (said.timeline, _timeline),
    }
    return {
        kind: {name: partial(checks, entry, state) for name, entry in entries.items()}
        for kind, (entries, checks) in kinds.items()
    }


def _data(declared: DataSet, state: State) -> Iterable[Check]:
    from pytest_mlops.stages.data import read_suite

    def check_of(expectation: Expectation) -> Callable[..., None]:
        def check(mlops_data: Any) -> None:
            mlops_data(declared.path, suite=declared.suite, name=declared.name).require(expectation)

        return check

    for expectation in read_suite(state.root / declared.suite).expectations:
        yield Check(expectation.label, check_of(expectation), expectation.gate)


def _drift(watch: DriftWatch, state: State) -> Iterable[Check]:
    from pytest_mlops.stages.drift import OF_ROWS, columns_of, no_drift, read_reference

    data = state.configuration.data
    reference = state.root / data[watch.reference].path
    columns, unit = list(watch.columns) or None, watch.unit or None
    model = state.configuration.model.get(watch.model)
    load = _Once(lambda: None if model is None else _load(model, state))
    has_more = model is not None or bool(set(OF_ROWS) & set(watch.measures))

    def check_of(column: str) -> Callable[..., None]:
        def check(mlops_drift: Any) -> None:
            with _written_at(state, f"drift.{watch.name}"):
                gate = no_drift(false_alarms=watch.false_alarms, material=watch.material, columns=column)
            mlops_drift(
                data[watch.data].path,
                reference=reference,
                sketch=watch.sketch or None,
                unit=unit,
                columns=columns,
                measures=watch.measures,
                target=watch.target or (None if model is None else model.target),
                model=load(),
                segments=watch.segments,
                windows=watch.windows or None,
                match=watch.match or None,
                time=watch.time or None,
                name=watch.name,
            ).require(gate)

        return check

    kept = state.root / watch.sketch if watch.sketch else None
    is_read = kept is not None and not (reference.exists() and (state.update or not kept.exists()))
    known = read_reference(kept) if kept and is_read else reference
    for column in columns_of(known, columns, unit, has_more=has_more):
        if column != watch.windows:
            yield Check(column, check_of(column))


def _timeline(timeline: Timeline, state: State) -> Iterable[Check]:
    from pytest_mlops.stages.drift import no_change, timeline_columns

    data = state.configuration.data
    columns = list(timeline.columns) or None

    def check_of(column: str) -> Callable[..., None]:
        def check(mlops_timeline: Any) -> None:
            with _written_at(state, f"timeline.{timeline.name}"):
                gate = no_change(false_alarms=timeline.false_alarms, material=timeline.material, columns=column)
            mlops_timeline(
                data[timeline.data].path,
                windows=timeline.windows,
                time=timeline.time or None,
                reference=data[timeline.reference].path if timeline.reference else None,
                columns=columns,
                measures=timeline.measures,
                name=timeline.name,
            ).require(gate)

        return check

    for column in timeline_columns(state.root / data[timeline.data].path, timeline.windows, columns):
        yield Check(column, check_of(column))


def _deepchecks(declared: DeclaredDeepchecks, state: State) -> Iterable[Check]:
    from pytest_mlops.stages.deepchecks import plan_of

    data, model = state.configuration.data, state.configuration.model.get(declared.model)
    load = _Once(lambda: None if model is None else _load(model, state))
    asked = [*filter(None, [declared.suite]), *declared.checks]

    def check_of(required: Deepcheck) -> Callable[..., None]:
        def check(mlops_deepchecks: Any) -> None:
            mlops_deepchecks(
                data[declared.train].path,
                data[declared.test].path if declared.test else None,
                checks=asked,
                without=declared.without,
                label=declared.label or None,
                categorical=declared.categorical,
                features=declared.features,
                index=declared.index or None,
                datetime=declared.datetime or None,
                label_type=declared.label_type or None,
                model=load(),
                timeout=declared.timeout,
                name=declared.name,
            ).require(required)

        return check

    with _written_at(state, f"deepchecks.{declared.name}"):
        checks = plan_of(asked, without=declared.without, warn=declared.warn).checks
    yield from (Check(check.name, check_of(check), stage=check.stage) for check in checks)


def _model(declared: DeclaredModel, state: State) -> Iterable[Check]:
    from pytest_mlops.stages.model import slices_of

    path = state.root / state.configuration.data[declared.data].path
    load = _Once(lambda: _load(declared, state))

    def check_of(metric: str, limit: Limit, part: Slice | None) -> Callable[..., None]:
        def check(mlops_model: Any) -> None:
            from pytest_mlops.adapters.frames import to_pandas

            name = declared.name if part is None else f"{declared.name}[{part}]"
            rows = to_pandas(path)
            under_test = mlops_model(load(), target=declared.target, name=name)
            measured = getattr(under_test, metric)(rows if part is None else rows[part])
            result = Result(stage="model", subject=name, measurements=(measured,), recorder=measured.recorder)
            result.require(**{metric: limit})

        return check

    parts = slices_of(path, declared.slices, min_n=declared.min_n) if declared.slices else ()
    for metric, limit in declared.limits.items():
        yield Check(metric, check_of(metric, limit, None))
        for part in parts:
            yield Check(f"{metric}[{part}]", check_of(metric, limit, part))


def _trainer(declared: DeclaredTrainer, state: State) -> Iterable[Check]:
    from pytest_mlops.stages.reproduce import same

    def check_of(*aspects: str) -> Callable[..., None]:
        def check(mlops_reproduce: Any) -> None:
            with _written_at(state, f"trainer.{declared.name}"):
                agree = same(*aspects)
            mlops_reproduce(
                declared.function, seed=declared.seed, times=declared.times, timeout=declared.timeout
            ).require(agree)

        return check

    if not declared.same:
        yield Check("same", check_of())
    for aspect in declared.same:
        yield Check(aspect, check_of(aspect))


def _service(declared: DeclaredService, state: State) -> Iterable[Check]:
    from pytest_mlops.stages.contract import laws_of, read_rows

    started = _Once(
        lambda start: start(declared.command, name=declared.name, ready=declared.ready, timeout=declared.timeout)
    )

    def check_of(law: Law) -> Callable[..., None]:
        def check(mlops_contract: Any, mlops_service: Callable[..., Service]) -> None:
            service = started(mlops_service)
            mlops_contract(service, rows=rows, laws=[law.id], contract=declared.contract).require(law)

        return check

    if declared.contract:
        rows = read_rows(state.root / declared.requests) if declared.requests else []
        # There is nothing offline to compare with: a check in a test file has the model at hand.
        laws = [law for law in laws_of(state.root / declared.contract) if law.id != "online_equals_offline"]
        yield from (Check(law.id, check_of(law)) for law in laws)
    if declared.load is not None:
        yield Check("load", _load_check(declared.load, started))


def _load_check(load: DeclaredLoad, started: _Once) -> Callable[..., None]:
    def check(mlops_load: Any, mlops_service: Callable[..., Service]) -> None:
        mlops_load(
            started(mlops_service), locustfile=load.locustfile, users=load.users, duration=load.duration
        ).require(**load.limits)

    return check


def _batch(declared: DeclaredBatch, state: State) -> Iterable[Check]:
    from pytest_mlops.stages import batch

    path = state.configuration.data[declared.data].path

    def check_of(*requirements: Requirement, **limits: Limit) -> Callable[..., None]:
        def check(mlops_batch: Any) -> None:
            key = list(declared.key) or None
            job = mlops_batch(declared.command, input=path, key=key, timeout=declared.timeout, name=declared.name)
            job.require(*requirements, **limits)

        return check

    with _written_at(state, f"batch.{declared.name}"):
        required = {name: getattr(batch, name)() for name in declared.require}
    yield from (Check(name, check_of(requirement)) for name, requirement in required.items())
    yield from (Check(name, check_of(**{name: limit})) for name, limit in declared.limits.items())


def _written_at(state: State, table: str) -> Any:
    return written_at(f"{state.configuration.source}: [{table}]")


class _Once:
    """A step that the checks of one declaration share in a process; its error too is not waited for twice."""

    def __init__(self, step: Callable[..., Any]) -> None:
        self._step = step
        self._done: list[Any] = []
        self._error: Exception | None = None

    def __call__(self, *arguments: Any) -> Any:
        if self._error is not None:
            raise self._error
        if not self._done:
            try:
                self._done.append(self._step(*arguments))
            except Exception as exc:
                self._error = exc
                raise
        return self._done[0]


def _load(declared: DeclaredModel, state: State) -> Any:
    return _call(declared.load, state.root, f"{state.configuration.source}: [model.{declared.name}] load")


def _call(name: str, root: Path, place: str) -> Any:
    """Return what the function `package.module:function` returns; packages of the project are found as a trainer's."""
    module, colon, function = name.partition(":")
    if not colon:
        raise DeclarationError(f"{place} must be 'package.module:function', got {name!r}")
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    try:
        found = getattr(import_module(module), function)
    except (ImportError, AttributeError) as exc:
        raise DeclarationError(f"{place}: {name!r} can't be imported: {exc}") from exc
    return found()
