"""Measures a suite on data of any kind: what is compiled in a pass or two, the rest by Great Expectations itself."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.frames import Data, digest_data, open_lazily, to_pandas
from pytest_mlops.adapters.great_expectations import run_suite
from pytest_mlops.core.errors import DeclarationError, MlopsError
from pytest_mlops.core.measurement import Measurement
from pytest_mlops.core.messages import did_you_mean
from pytest_mlops.core.result import Result
from pytest_mlops.stages.data.asks import rows_in
from pytest_mlops.stages.data.catalogue import REFUSED, RULES
from pytest_mlops.stages.data.condition import columns_of, every, parse_condition
from pytest_mlops.stages.data.engine import run_rules
from pytest_mlops.stages.data.outcome import Outcome
from pytest_mlops.stages.data.rule import Call, NotCompiled, Rule, no_asks
from pytest_mlops.stages.data.table import Table, read_table
from pytest_mlops.stages.data.verdict import number_bounds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_mlops.stages.data.engine import Measuring
    from pytest_mlops.stages.data.suite import Expectation, Suite


def measure_suite(data: Data, suite: Suite, *, name: str) -> Result:
    """Measure every expectation of a suite; one measurement each, in the suite's order.

    A share of unexpected values where the expectation is about values, the observed number where it is about a
    column or the table, else the count of violations (0 or 1). `n` counts the values that were looked at: an
    all-null column, or no rows, gives no value at all.
    """
    outcomes = measure_entries(data, suite.entries)
    rows = next((o.elements for o in outcomes if o.elements is not None), None)
    pairs = zip(suite.expectations, outcomes, strict=True)
    return Result(
        stage="data",
        subject=name,
        measurements=tuple(_measurement(expectation, outcome, name) for expectation, outcome in pairs),
        details={
            "suite": suite.digest,
            "suite_path": str(suite.path),
            "errors": [outcome.error for outcome in outcomes],
            "rows": rows,
        },
        digests={f"data:{name}": digest_data(data), f"suite:{suite.name}": suite.digest},
    )


def measure_entries(data: Data, entries: Sequence[Mapping[str, Any]]) -> Sequence[Outcome]:
    """Return the outcome of every expectation of a suite, in order."""
    frame, ordered = open_lazily(data)
    table = read_table(frame, ordered=ordered)
    left: dict[int, str] = {}
    rules = [_rule(table, entry, number, left) for number, entry in enumerate(entries)]
    outcomes = run_rules(table, rules)
    for number, outcome in enumerate(outcomes):
        if outcome.error.startswith(_NOT_COMPILED):
            left[number] = outcome.error.removeprefix(_NOT_COMPILED)
    return _by_great_expectations(data, table, entries, outcomes, left)


_NOT_COMPILED = "not compiled: "
# What can be said of a column without a single value, and without a type, by counting its rows.
_OF_NOTHING = ("expect_column_values_to_be_null", "expect_column_values_to_not_be_null")


def _rule(table: Table, entry: Mapping[str, Any], number: int, left: dict[int, str]) -> Measuring:
    """Return the rule of an entry; one that only says why, where there is none."""
    kind = entry["type"]
    try:
        if kind in REFUSED:
            raise DeclarationError(f"{kind} is refused: {REFUSED[kind]}")
        if kind not in RULES:
            _check_known_elsewhere(kind)
            left[number] = "it is an expectation of your own"
            return no_asks(Outcome())
        call = _call(table, kind, entry["kwargs"])
        if table.kinds.get(str(call["column"])) == "empty":
            if kind.startswith("expect_column_value") and kind not in _OF_NOTHING:
                return _nothing_there(call)
            call = replace(call, table=replace(table, kinds={**table.kinds, str(call["column"]): "float"}))
        return _guarded(RULES[kind], call)
    except MlopsError as exc:
        return no_asks(Outcome(error=str(exc)))


def _nothing_there(call: Call) -> Measuring:
    (rows,) = yield (rows_in(call.rows),)
    return Outcome(success=True, elements=rows, missing=rows, unexpected=0)


def _guarded(rule: Rule, call: Call) -> Measuring:
    try:
        return (yield from rule.measure(call))
    except NotCompiled as exc:
        return Outcome(error=f"{_NOT_COMPILED}{exc}")


def _call(table: Table, kind: str, parameters: Mapping[str, Any]) -> Call:
    rule = RULES[kind]
    for name, value in parameters.items():
        if name not in rule.parameters:
            raise DeclarationError(f"{kind} takes no parameter {name!r}. {did_you_mean(name, rule.parameters)}")
        if isinstance(value, dict) and "$PARAMETER" in value:
            raise DeclarationError(f"{name} must be a value, got the suite parameter {value['$PARAMETER']!r}")
    lacking = sorted(rule.needed - parameters.keys())
    if lacking:
        raise DeclarationError(f"{kind} needs the parameter {lacking[0]!r}")
    mostly = parameters.get("mostly", 1)
    if not isinstance(mostly, int | float) or not 0 <= mostly <= 1:
        raise DeclarationError(f"mostly must be a share from 0 to 1, got {mostly!r}")
    rows = parse_condition(parameters.get("row_condition"), parameters.get("condition_parser"))
    for column in columns_of(rows):
        table.kind(column)
    return Call(table, parameters, every([rows]))


def _check_known_elsewhere(kind: str) -> None:
    """Raise for a type that nobody knows. One of the user's own is known where its module was imported."""
    library = sys.modules.get("great_expectations")
    if library is None or not _registered(kind):
        raise DeclarationError(f"there is no expectation {kind!r}. {did_you_mean(kind, RULES)}")


def _registered(kind: str) -> bool:
    from pytest_mlops.adapters.great_expectations import registered_types

    return kind in registered_types()


def _by_great_expectations(
    data: Data,
    table: Table,
    entries: Sequence[Mapping[str, Any]],
    outcomes: Sequence[Outcome],
    left: Mapping[int, str],
) -> Sequence[Outcome]:
    """Return the outcomes with those that are left to Great Expectations; rows of Spark are not fetched for it."""
    if not left:
        return outcomes
    done = list(outcomes)
    if table.engine == "pyspark":
        for number, why in left.items():
            done[number] = Outcome(error=f"{why}, and the rows of Spark are not fetched for Great Expectations")
        return done
    frame = to_pandas(data)
    for number, why in left.items():
        done[number] = _one_by_great_expectations(frame, entries[number], why)
    return done


def _one_by_great_expectations(frame: Any, entry: Mapping[str, Any], why: str) -> Outcome:
    try:
        (answer,) = run_suite(frame, {"expectations": [entry]})
    except MlopsError as exc:
        return Outcome(error=str(exc))
    elements = answer.elements if answer.elements is not None else len(frame)
    return Outcome(
        success=answer.success,
        elements=answer.elements,
        missing=answer.missing,
        unexpected=answer.unexpected,
        observed=answer.observed,
        seen=elements - answer.missing,
        error=answer.error,
        note=f"run by Great Expectations: {why}",
        by=f"great_expectations {answer.version}",
    )


def _measurement(expectation: Expectation, outcome: Outcome, name: str) -> Measurement:
    kind, value = _value(expectation, outcome)
    n = outcome.seen or (0 if outcome.success or not outcome.elements else outcome.elements)
    return Measurement(
        name=f"data.{kind}",
        subject=f"{name}.{expectation.label}",
        value=value if n else None,
        n=n,
        method=outcome.by,
        parameters={"success": outcome.success, **_counts(outcome), **expectation.kwargs},
        note=outcome.note if n or outcome.error else "no values to look at: no rows, or the column is all null",
    )


def _counts(outcome: Outcome) -> dict[str, int]:
    counts = {"missing": outcome.missing, "unexpected": outcome.unexpected}
    return {name: count for name, count in counts.items() if count is not None}


def _value(expectation: Expectation, outcome: Outcome) -> tuple[str, float]:
    if outcome.unexpected is not None and outcome.elements is not None:
        return "unexpected_share", outcome.unexpected / outcome.seen if outcome.seen else 0.0
    if outcome.observed is not None and number_bounds(expectation) is not None:
        return "observed", outcome.observed
    return "violations", 0.0 if outcome.success else 1.0
