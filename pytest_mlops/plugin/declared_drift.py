"""The checks that declared comparisons make: of drift, of timelines, of deepchecks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlops.core.keys import check_choices
from pytest_mlops.plugin.declared_steps import Check, Once, at_table, load_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pytest_mlops.core.declarations import DeclaredDeepchecks, DriftWatch, Timeline
    from pytest_mlops.core.result import Requirement
    from pytest_mlops.plugin.state import State
    from pytest_mlops.stages.deepchecks import Deepcheck


def drift_checks(watch: DriftWatch, state: State) -> Iterable[Check]:
    """Yield a check for each column."""
    from pytest_mlops.stages.drift import OF_ROWS, columns_of, read_reference

    data = state.configuration.data
    reference = state.root / data[watch.reference].path
    columns, unit = list(watch.columns) or None, watch.unit or None
    model = state.configuration.model.get(watch.model)
    load = Once(lambda: None if model is None else load_model(model, state))
    has_more = model is not None or bool(set(OF_ROWS) & set(watch.measures))

    def check_of(column: str) -> Callable[..., None]:
        def check(mlops_drift: Any) -> None:
            with at_table(state, f"drift.{watch.name}"):
                gate = _gate_of(watch, column)
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


def _gate_of(watch: DriftWatch, column: str) -> Requirement:
    from pytest_mlops.stages.drift import no_drift, same_within

    if watch.same_within is not None:
        return same_within(watch.same_within, errors=watch.false_alarms, columns=column)
    return no_drift(false_alarms=watch.false_alarms, material=watch.material, must_see=watch.must_see, columns=column)


def timeline_checks(timeline: Timeline, state: State) -> Iterable[Check]:
    """Yield a check for each column."""
    from pytest_mlops.stages.drift import no_change, timeline_columns

    data = state.configuration.data
    columns = list(timeline.columns) or None

    def check_of(column: str) -> Callable[..., None]:
        def check(mlops_timeline: Any) -> None:
            with at_table(state, f"timeline.{timeline.name}"):
                gate = no_change(
                    false_alarms=timeline.false_alarms,
                    material=timeline.material,
                    must_see=timeline.must_see,
                    columns=column,
                )
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


def deepchecks_checks(declared: DeclaredDeepchecks, state: State) -> Iterable[Check]:
    """Yield a check for each check of deepchecks."""
    data, model = state.configuration.data, state.configuration.model.get(declared.model)
    load = Once(lambda: None if model is None else load_model(model, state))
    with at_table(state, f"deepchecks.{declared.name}"):
        asked, checks = _deepchecks_of(declared)

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

    yield from (Check(check.name, check_of(check), stage=check.stage) for check in checks)


def _deepchecks_of(declared: DeclaredDeepchecks) -> tuple[Sequence[str | Deepcheck], Sequence[Deepcheck]]:
    """Return what is to be run, and the checks of it; one with options stands in place of the plain one."""
    from pytest_mlops.stages.deepchecks import deepcheck, plan_of

    plain: list[str | Deepcheck] = [*filter(None, [declared.suite]), *declared.checks]
    known = plan_of(plain, without=declared.without).checks
    check_choices([*declared.options], [check.name for check in known], "options")
    own = [deepcheck(name, **{"warn": declared.warn, **said}) for name, said in declared.options.items()]
    asked = [*(one for one in plain if one not in declared.options), *own]
    return asked, plan_of(asked, without=declared.without, warn=declared.warn).checks
