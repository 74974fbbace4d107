"""The checks that a declared service makes: a law each, and its load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.plugin.declared_load import capacity_check, load_check
from pytest_mlops.plugin.declared_steps import Check, Once, function_named, load_model, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pytest_mlops.core.declared_service import DeclaredService
    from pytest_mlops.plugin.state import State
    from pytest_mlops.stages.contract import Law
    from pytest_mlops.stages.service import Service


def service_checks(declared: DeclaredService, state: State, started: Mapping[str, Once]) -> Iterable[Check]:
    """Yield a check for each law of its contract, one for its load, and one for its capacity."""
    rows = Once(lambda: rows_of(declared, state))
    if declared.promises:
        yield from _contract_checks(declared, state, started[declared.name], rows)
    if declared.load is not None:
        yield Check("load", load_check(declared, declared.load, state, started, rows))
    if declared.capacity is not None:
        yield Check("capacity", capacity_check(declared, declared.capacity, state, started, rows))


def _contract_checks(declared: DeclaredService, state: State, started: Once, read: Once) -> Iterable[Check]:
    from pytest_mlops.stages.contract import NEED_OFFLINE

    rows = read()
    offline = Once(lambda: _offline(declared, state))
    example = state.configuration.data[declared.example].path if declared.example else None

    def check_of(law: Law) -> Callable[..., None]:
        def check(mlops_contract: Any, mlops_service: Callable[..., Service]) -> None:
            mlops_contract(
                started(mlops_service),
                offline=offline() if law.id in NEED_OFFLINE else None,
                rows=rows,
                suite=declared.suite or None,
                public=declared.public,
                outputs=declared.outputs,
                directions=declared.directions,
                score=declared.score,
                deployed=declared.deployed,
                ends_within=declared.ends_within,
                laws=[law.id],
                contract=declared.promises,
                protocol=declared.protocol or None,
                signature=declared.signature or None,
                example=example,
                ranges=declared.ranges,
                examples=declared.examples,
                allowed_hosts=declared.allowed_hosts,
            ).require(law)

        return check

    yield from (Check(law.id, check_of(law)) for law in _laws(declared, state))


def _laws(declared: DeclaredService, state: State) -> Sequence[Law]:
    from pytest_mlops.stages.contract import NEED_OFFLINE, laws_of

    told = {"directions": declared.directions, "deployed": declared.deployed}
    # Without a model there is nothing offline to compare with.
    silent = () if declared.model or declared.offline else NEED_OFFLINE
    laws = laws_of(
        state.root / declared.promises,
        protocol=declared.protocol or None,
        laws=declared.laws,
        without=[*declared.without, *silent],
        declared=[name for name, said in told.items() if said],
    )
    if not laws:
        raise DeclarationError("without must leave a law, got all of them")
    return laws


def _offline(declared: DeclaredService, state: State) -> Any:
    """Return what the answers are compared with: the scores of a declared model, or a function of rows."""
    from pytest_mlops.adapters.frames import to_pandas
    from pytest_mlops.stages.contract import offline_scores

    if declared.offline:
        place = f"{state.configuration.source}: [service.{declared.name}] offline"
        return function_named(declared.offline, state.root, place)
    model = state.configuration.model[declared.model]
    known = to_pandas(state.root / state.configuration.data[model.data].path).drop(columns=[model.target])
    return offline_scores(load_model(model, state), model.name, like=known.head(0), score=declared.score)
