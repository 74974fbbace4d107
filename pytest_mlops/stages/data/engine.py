"""Runs many rules over one table: in each round, all that they ask for is answered by one `select`."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import MlopsError, ToolError
from pytest_mlops.stages.data.asks import Ask, Number, as_count
from pytest_mlops.stages.data.outcome import Outcome
from pytest_mlops.stages.data.quick import quick_answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_mlops.stages.data.table import Table

Measuring = Generator[tuple[Ask, ...], list[Any], Outcome]


def run_rules(table: Table, rules: Sequence[Measuring]) -> list[Outcome]:
    """Return the outcome of every rule, in order.

    A rule is a generator: it yields what it asks for, is sent the answers, and returns its outcome. What raises
    in a rule, or in what it asked, is its own outcome's `error` and no other's.
    """
    outcomes: dict[int, Outcome] = {}
    answers: dict[Ask, Any] = {}
    waiting = _advance(((number, rule, None) for number, rule in enumerate(rules)), outcomes)
    while waiting:
        _answer(table, {ask for _, asks in waiting.values() for ask in asks}, answers)
        steps = ((number, rule, [answers[ask] for ask in asks]) for number, (rule, asks) in waiting.items())
        waiting = _advance(list(steps), outcomes)
    return [outcomes[number] for number in range(len(rules))]


def answer_all(table: Table, asks: Iterable[Ask]) -> Mapping[Ask, Any]:
    """Return the answers to some asks.

    Raises
    ------
    MlopsError
        Where one of them can't be answered.
    """
    answers: dict[Ask, Any] = {}
    _answer(table, asks, answers)
    for answer in answers.values():
        if isinstance(answer, MlopsError):
            raise answer
    return answers


def _advance(
    steps: Iterable[tuple[int, Measuring, list[Any] | None]], outcomes: dict[int, Outcome]
) -> dict[int, tuple[Measuring, tuple[Ask, ...]]]:
    waiting = {}
    for number, rule, answers in steps:
        try:
            waiting[number] = (rule, _step(rule, answers))
        except StopIteration as stopped:
            outcomes[number] = stopped.value
        except MlopsError as exc:
            outcomes[number] = Outcome(error=str(exc))
    return waiting


def _step(rule: Measuring, answers: list[Any] | None) -> tuple[Ask, ...]:
    failed = next((answer for answer in answers or () if isinstance(answer, MlopsError)), None)
    if failed is not None:
        return rule.throw(failed)
    return next(rule) if answers is None else rule.send(answers)


def _answer(table: Table, asks: Iterable[Ask], answers: dict[Ask, Any]) -> None:
    new = [ask for ask in dict.fromkeys(asks) if ask not in answers]
    numbers = [ask for ask in new if isinstance(ask, Number)]
    quick = {ask: quick_answer(table, ask) for ask in numbers}
    answers |= {ask: answer for ask, answer in quick.items() if answer is not NotImplemented}
    answers |= _select(table, sorted((ask for ask in numbers if ask not in answers), key=lambda ask: str(ask.key)))
    for ask in new:
        if not isinstance(ask, Number):
            answers[ask] = _alone(table, ask)


def _select(table: Table, asks: Sequence[Number]) -> Mapping[Ask, Any]:
    if not asks:
        return {}
    try:
        return _together(table, asks)
    except Exception as exc:  # noqa: BLE001 - engines raise errors of their own; which ask it was is found out below
        if len(asks) == 1:
            return {asks[0]: _worded(exc)}
        return {ask: answer for half in (asks[::2], asks[1::2]) for ask, answer in _select(table, half).items()}


def _together(table: Table, asks: Sequence[Number]) -> Mapping[Ask, Any]:
    names = [f"ask_{number}" for number in range(len(asks))]
    built = [ask.build(table).alias(name) for ask, name in zip(asks, names, strict=True)]
    values = table.fetch(table.frame.select(*built))
    found = {ask: values[name][0] for ask, name in zip(asks, names, strict=True)}
    return {ask: as_count(value) if ask.is_count else value for ask, value in found.items()}


def _alone(table: Table, ask: Any) -> Any:
    try:
        return ask.answer(table)
    except Exception as exc:  # noqa: BLE001 - engines raise errors of their own
        return _worded(exc)


def _worded(exc: Exception) -> MlopsError:
    """Return an error of ours. An engine's message may quote the values it stumbled over: it is not passed on."""
    if isinstance(exc, MlopsError):
        return exc
    library = type(exc).__module__.partition(".")[0].lstrip("_")
    error = ToolError(f"the engine stopped with {library}'s {_told(library, exc)}")
    error.__cause__ = exc
    return error


def _told(library: str, exc: Exception) -> str:
    if library != "duckdb":
        return type(exc).__name__
    from pytest_mlops.adapters.duckdb import reason

    return reason(exc)
