"""The checks that declarations make: functions of the same tool fixtures that a test file uses."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.result import Result
from pytest_mlops.plugin.declared_canary import canary_checks, rollback_checks
from pytest_mlops.plugin.declared_drift import deepchecks_checks, drift_checks, timeline_checks
from pytest_mlops.plugin.declared_service import service_checks
from pytest_mlops.plugin.declared_steps import Check, Once, at_table, load_model, start_declared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pytest_mlops.core.declarations import (
        DataSet,
        DeclaredBatch,
        DeclaredModel,
        DeclaredTrainer,
    )
    from pytest_mlops.core.limit import Limit
    from pytest_mlops.core.result import Requirement
    from pytest_mlops.plugin.state import State
    from pytest_mlops.stages.data import Expectation
    from pytest_mlops.stages.model import Slice


def checks_of(state: State) -> Mapping[str, Mapping[str, Callable[[], Iterable[Check]]]]:
    """Return what makes the checks of each declaration, by table and name; a data set without a suite has none."""
    said = state.configuration
    # One of each runs, whichever of the declarations talk to it.
    started: dict[str, Once] = {}
    started |= {name: Once(partial(start_declared, service, started)) for name, service in said.service.items()}
    kinds: Mapping[str, tuple[Mapping[str, Any], Callable[[Any, State], Iterable[Check]]]] = {
        "data": ({name: data for name, data in said.data.items() if data.suite}, _data),
        "model": (said.model, _model),
        "trainer": (said.trainer, _trainer),
        "service": (said.service, lambda service, state: service_checks(service, state, started)),
        "canary": (said.canary, lambda canary, state: canary_checks(canary, state, started)),
        "rollback": (said.rollback, lambda rollback, state: rollback_checks(rollback, state, started)),
        "batch": (said.batch, _batch),
        "drift": (said.drift, drift_checks),
        "deepchecks": (said.deepchecks, deepchecks_checks),
        "timeline": (said.timeline, timeline_checks),
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


def _model(declared: DeclaredModel, state: State) -> Iterable[Check]:
    from pytest_mlops.stages.model import slices_of

    path = state.root / state.configuration.data[declared.data].path
    load = Once(lambda: load_model(declared, state))

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
            with at_table(state, f"trainer.{declared.name}"):
                agree = same(*aspects)
            mlops_reproduce(
                declared.function, seed=declared.seed, times=declared.times, timeout=declared.timeout
            ).require(agree)

        return check

    if not declared.same:
        yield Check("same", check_of())
    for aspect in declared.same:
        yield Check(aspect, check_of(aspect))


def _batch(declared: DeclaredBatch, state: State) -> Iterable[Check]:
    from pytest_mlops.stages import batch

    path = state.configuration.data[declared.data].path

    def check_of(*requirements: Requirement, **limits: Limit) -> Callable[..., None]:
        def check(mlops_batch: Any) -> None:
            key = list(declared.key) or None
            job = mlops_batch(declared.command, input=path, key=key, timeout=declared.timeout, name=declared.name)
            job.require(*requirements, **limits)

        return check

    with at_table(state, f"batch.{declared.name}"):
        required = {name: getattr(batch, name)() for name in declared.require}
    yield from (Check(name, check_of(requirement)) for name, requirement in required.items())
    yield from (Check(name, check_of(**{name: limit})) for name, limit in declared.limits.items())
