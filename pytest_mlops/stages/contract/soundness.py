"""The law of sound predictions: numbers are finite and in range, probabilities are shares of one."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.messages import did_you_mean
from pytest_mlops.stages.contract.extremes import extreme_rows
from pytest_mlops.stages.contract.faults import Rows, request
from pytest_mlops.stages.contract.findings import Findings, Violation
from pytest_mlops.stages.contract.outputs import Allowed, Node, guessed, read_outputs
from pytest_mlops.stages.contract.relations import on_rows
from pytest_mlops.stages.contract.space import kinds_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_mlops.stages.contract.bench import Bench

# A softmax in float32 over a thousand classes is off by some 1e-5; no decision hangs on less than this.
SUM_TOLERANCE = 1e-4
_NO_NUMBER = re.compile(r"\s*[+-]?(nan|inf|infinity)\s*", re.IGNORECASE)


@dataclass
class _Reader:
    """Reads predictions: what was declared, and the names and the places of numbers that were met so far."""

    declared: Mapping[str, Allowed]
    name: str
    schema: Mapping[str, Any]
    met: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)

    def read(self, prediction: object) -> list[Node]:
        """Return all values of a prediction, and remember what was met."""
        nodes = list(Node(place="", name=self.name, value=prediction, schema=self.schema).within)
        self.met |= {known for node in nodes for known in (node.name, node.place)}
        self.numbers |= {node.place for node in nodes if node.is_number}
        return nodes

    def allowed(self, node: Node) -> Allowed | None:
        """Return what a value must be: as declared, else as its name says."""
        said = self.declared.get(node.place) or self.declared.get(node.name)
        return said or guessed(node)

    def is_meant_as_number(self, node: Node) -> bool:
        """Whether a number belongs at a place: the document says so, or is silent and other rows have one there."""
        kinds = kinds_of(node.schema)
        return bool(kinds & {"number", "integer"}) or (not kinds and node.place in self.numbers)


def predictions_are_sound(bench: Bench) -> Findings:
    """Look at every number that is predicted for real rows, drawn ones, and rows at the ends of the document."""
    findings = Findings(unit="predictions")
    schema = (bench.signature.answer_for(200) or {}).get("properties", {}).get(bench.signature.predictions, {})
    reader = _Reader(read_outputs(bench.outputs), bench.signature.predictions, schema.get("items", {}))

    def probe(rows: Rows) -> bool:
        predictions = bench.ask(findings, rows, "not_answered")
        return predictions is None or _sound(bench, findings, reader, rows, predictions)

    on_rows(bench, findings, probe)
    findings.phase = "drawn row at an end"
    ends = extreme_rows(bench.signature.row, bench.plain_rows[0])
    if ends:
        probe(ends)
    if "not_answered" in findings.violations:
        all(probe([row]) for row in ends)  # each in a request of its own, up to the first that is not sound
    _check_declared(reader)
    return findings


def _sound(bench: Bench, findings: Findings, reader: _Reader, rows: Rows, predictions: Sequence[Any]) -> bool:
    findings.tried += len(predictions)
    read = [reader.read(prediction) for prediction in predictions]
    problems = [(row, next(_problems(reader, nodes), "")) for row, nodes in zip(rows, read, strict=True)]
    found = [(place, row, problem) for place, (row, problem) in enumerate(problems) if problem]
    for place, row, problem in found:
        seen = bench.client.send(request(bench.signature, [row])) if place == found[0][0] else None
        findings.add(Violation(findings.kind(place), problem, seen, real=findings.real))
    return not found


def _problems(reader: _Reader, nodes: Sequence[Node]) -> Iterator[str]:
    """Yield what is wrong with a prediction, a sentence a value."""
    for node in nodes:
        number = node.is_number or (isinstance(node.value, str) and _NO_NUMBER.fullmatch(node.value))
        if number and not node.is_finite and reader.is_meant_as_number(node):
            yield f"{node.place or node.name} must be a finite number, got {node.value!r:.40}"
        elif (allowed := reader.allowed(node)) is not None:
            yield from _beyond(node, allowed)


def _beyond(node: Node, allowed: Allowed) -> Iterator[str]:
    """Yield what breaks the range of a value, or of those that stand in it, and whose sum is not one."""
    for part in node.within:
        if part.is_number and not allowed.limit.holds(part.value):
            yield f"{part.place or part.name} must {allowed.limit.words()}, got {part.value!r:.40}"
    parts = list(node.parts)
    if allowed.sum_to_one and len(parts) > 1 and all(part.is_finite for part in parts):
        total = math.fsum(part.value for part in parts)
        if not abs(total - 1) <= SUM_TOLERANCE:
            yield f"{node.place or node.name} must sum to 1, got {total:.6g} of {len(parts)} probabilities"


def _check_declared(reader: _Reader) -> None:
    """Refuse an output that no prediction has, once there was one."""
    for name in reader.declared:
        if reader.met and name not in reader.met:
            raise DeclarationError(f"outputs: no prediction has {name!r}. {did_you_mean(name, reader.met - {''})}")
