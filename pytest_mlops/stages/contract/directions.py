"""The law of directions: a field that was declared to raise a score never lowers it, and the other way round."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeGuard

from pytest_mlops.adapters.jsonschema import compile_schema
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.messages import did_you_mean
from pytest_mlops.stages.contract.extremes import ends_of
from pytest_mlops.stages.contract.faults import Rows, request
from pytest_mlops.stages.contract.findings import Findings, Violation
from pytest_mlops.stages.contract.outputs import Node
from pytest_mlops.stages.contract.relations import on_rows
from pytest_mlops.stages.contract.space import kinds_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_mlops.stages.contract.bench import Bench

INCREASING, DECREASING = "increasing", "decreasing"
_STEPS = 6
_ROUNDING = 1e-9  # of a score: the last digits of floats go either way


@dataclass(frozen=True, kw_only=True)
class _Field:
    """A field, the values that it takes from low to high, and whether the score rises with it."""

    name: str
    values: Sequence[float]
    rises: bool

    def steps(self, row: Mapping[str, Any]) -> Rows:
        """Return the row with each value of the field, its own among them."""
        values = {*self.values, *(value for value in [row.get(self.name)] if _is_number(value))}
        return [{**row, self.name: value} for value in sorted(values)]


def expected_directions(bench: Bench) -> Findings:
    """Raise each declared field alone over its range, on real rows and drawn ones, and look at the score."""
    findings = Findings(unit="rows")
    if not bench.directions:
        findings.missing = 'nothing was declared. Hint: give directions={"field": "increasing"}'
        return findings
    fields = [_field(bench, name, direction) for name, direction in bench.directions.items()]
    problem = compile_schema(bench.signature.row)

    def probe(rows: Rows) -> bool:
        stairs = [(one, [step for step in one.steps(row) if not problem(step)]) for one in fields for row in rows]
        return _climb(bench, findings, stairs)

    return on_rows(bench, findings, probe)


def _field(bench: Bench, name: str, direction: str) -> _Field:
    fields = bench.signature.row.get("properties", {})
    if name not in fields:
        raise DeclarationError(f"directions: {name!r} is no field of a row. {did_you_mean(name, fields)}")
    if direction not in {INCREASING, DECREASING}:
        raise DeclarationError(f"directions[{name!r}] must be {INCREASING!r} or {DECREASING!r}, got {direction!r}")
    return _Field(name=name, values=_values(bench, name, fields[name]), rises=direction == INCREASING)


def _values(bench: Bench, name: str, schema: Mapping[str, Any]) -> list[float]:
    """Return steps over the range of a field: that of the document, else that of the real rows."""
    known = [value for value in ends_of(schema) if _is_number(value)]
    if len(known) < 2:  # noqa: PLR2004 - both ends
        known += [row[name] for row in bench.examples if _is_number(row.get(name))]
    if len(set(known)) < 2:  # noqa: PLR2004 - both ends
        raise DeclarationError(
            f"directions: {name!r} must have a range to be raised over. Hint: give minimum and maximum in the document"
        )
    low, high = min(known), max(known)
    steps = [low + (high - low) * step / _STEPS for step in range(_STEPS + 1)]
    whole = "number" not in kinds_of(schema)
    return sorted({*known[:_STEPS], *(round(step) if whole else step for step in steps)})


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _climb(bench: Bench, findings: Findings, stairs: Sequence[tuple[_Field, Rows]]) -> bool:
    """Ask for all steps at once, and compare each with the one before."""
    predictions = bench.ask(findings, [row for _, steps in stairs for row in steps], "not_answered")
    if predictions is None:
        return True
    left, good = iter(predictions), True
    for field, steps in stairs:
        scores = [_score(bench, prediction) for prediction in itertools.islice(left, len(steps))]
        findings.tried += len(steps)
        good = _rises(bench, findings, field, list(zip(steps, scores, strict=True))) and good
    return good


def _rises(bench: Bench, findings: Findings, field: _Field, steps: Sequence[tuple[dict[str, Any], float]]) -> bool:
    slack = max(bench.tolerance, _ROUNDING)
    for (row, score), (raised, then) in itertools.pairwise(steps):
        if (score - then if field.rises else then - score) > slack:
            sent = [row, raised]
            why = (
                f"raised from {row[field.name]!r} to {raised[field.name]!r}, {field.name} must not "
                f"{'lower' if field.rises else 'raise'} the score, got {score!r}, then {then!r}"
            )
            seen = bench.client.send(request(bench.signature, sent))
            findings.add(Violation(f"{findings.phase}, {field.name}", why, seen, real=findings.real))
            return False
    return True


def _score(bench: Bench, prediction: object) -> float:
    """Return the score of a prediction.

    Raises
    ------
    DeclarationError
        When none was chosen and there is not exactly one number, or the chosen one is not there.
    """
    whole = Node(place="", name=bench.signature.predictions, value=prediction, schema={})
    numbers = {node.place or node.name: float(node.value) for node in whole.within if node.is_finite}
    if bench.score in numbers:
        return numbers[bench.score]
    if bench.score:
        raise DeclarationError(
            f"score must be a number of each prediction, got {bench.score!r}. {did_you_mean(bench.score, numbers)}"
        )
    if len(numbers) != 1:
        raise DeclarationError(
            f"score= must say which number directions are about: {', '.join(map(repr, numbers)) or 'there is none'}"
        )
    return next(iter(numbers.values()))
