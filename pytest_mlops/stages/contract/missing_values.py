"""The law of missing values: a field that may be null or absent is taken as the model takes it offline."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.jsonschema import compile_schema
from pytest_mlops.stages.contract.faults import Rows, faults_of
from pytest_mlops.stages.contract.findings import Findings
from pytest_mlops.stages.contract.offline import predict_offline
from pytest_mlops.stages.contract.relations import same_as_offline
from pytest_mlops.stages.contract.requests import send_spoiled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_mlops.stages.contract.bench import Bench

Row = dict[str, Any]
Way = Callable[[Row], Row]
_ROWS = 6


def missing_values_as_offline(bench: Bench) -> Findings:
    """Leave out each field that may be missing, alone and with all others, and compare with the model offline."""
    row = bench.signature.row
    fields = row.get("properties", {})
    null = [name for name, schema in fields.items() if not compile_schema(schema)(None)]
    absent = [name for name in fields if name not in row.get("required", ())]
    if not null and not absent:
        return _none_may_be_missing(bench)
    findings = Findings(unit="rows")
    if bench.offline is None:
        findings.missing = "there is nothing to compare with. Hint: give offline=, the model or its predictions"
    elif callable(bench.offline):
        _left_out(bench, findings, bench.offline, _ways(null, absent))
    else:
        _as_given(bench, findings, [*null, *absent], list(bench.offline))
    return findings


def _none_may_be_missing(bench: Bench) -> Findings:
    """Try that a service keeps its word where its document lets no field be missing."""
    findings, rows = Findings(), bench.plain_rows
    for name, fault in faults_of(bench.signature).items():
        if name.partition(":")[0] in {"null", "missing"} and fault.field:
            send_spoiled(bench, findings, fault, rows)
    findings.missing = "the document lets no field be null or absent: that each such row is refused was tried instead"
    return findings


def _ways(null: Sequence[str], absent: Sequence[str]) -> dict[str, Way]:
    """Return the ways in which a row may lack values, in words: each field alone, and all at once."""
    ways = {f"{name} null": _with_null(name) for name in null}
    ways |= {f"{name} absent": _without(name) for name in absent}
    ways |= {"all null": _with_null(*null)} if len(null) > 1 else {}
    return ways | ({"all absent": _without(*absent)} if len(absent) > 1 else {})


def _left_out(
    bench: Bench, findings: Findings, offline: Callable[[Rows], Sequence[Any]], ways: Mapping[str, Way]
) -> None:
    problem = compile_schema(bench.signature.row)
    for kind, rows in (("real", bench.examples[:_ROWS]), ("drawn", bench.drawn_rows(_ROWS))):
        for words, change in ways.items():
            changed = [row for row in map(change, rows) if not problem(row)]
            findings.phase = f"{kind} row with {words}"
            if changed:
                same_as_offline(bench, findings, changed, predict_offline(offline, changed))


def _with_null(*names: str) -> Way:
    return lambda row: {**row, **dict.fromkeys(names)}


def _without(*names: str) -> Way:
    return lambda row: {name: value for name, value in row.items() if name not in names}


def _as_given(bench: Bench, findings: Findings, fields: Sequence[str], offline: Sequence[Any]) -> None:
    """Compare the real rows in which something is missing, where offline predictions are given and no model."""
    pairs = list(zip(bench.examples, offline, strict=False))
    lacking = [(row, said) for row, said in pairs if any(row.get(name) is None for name in fields)]
    if not lacking:
        findings.missing = "no real row lacks a value. Hint: give offline= a function that predicts any rows"
        return
    rows: Rows = [row for row, _ in lacking]
    findings.phase = "real row with a missing value"
    same_as_offline(bench, findings, rows, [said for _, said in lacking])
