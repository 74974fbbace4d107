"""The law of protocols that know a request in several forms: each gets the same predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlops.stages.contract.differences import first_difference
from pytest_mlops.stages.contract.findings import Findings, Violation

if TYPE_CHECKING:
    from pytest_mlops.adapters.http import Exchange
    from pytest_mlops.stages.contract.bench import Bench
    from pytest_mlops.stages.contract.wire import Rows, Wire

_MOST_ROWS = 100
_NOT_TAKEN = 415


def every_form_answers_the_same(bench: Bench) -> Findings:
    """Send the same rows in every form: real rows, then drawn ones."""
    findings = Findings(unit="rows")
    forms = _offered(bench, findings)
    if not forms and not findings.missing:
        findings.missing = "there is no second form of a request to compare with"
    for name, wire in forms.items():
        _compare_form(bench, findings, name, wire)
    return findings


def _offered(bench: Bench, findings: Findings) -> dict[str, Wire]:
    """Return the forms that the service takes; where the protocol leaves it free, 415 says that it does not."""
    forms = dict(bench.spoken.forms)
    if not bench.spoken.forms_are_free:
        return forms
    answered = {name: bench.client.send(wire.encode(bench.plain_rows)).status for name, wire in forms.items()}
    left_out = [name for name, status in answered.items() if status == _NOT_TAKEN]
    if left_out:
        findings.missing = f"not compared, since it is answered 415: {', '.join(left_out)}"
    return {name: wire for name, wire in forms.items() if name not in left_out}


def _compare_form(bench: Bench, findings: Findings, name: str, wire: Wire) -> None:
    def probe(rows: Rows) -> bool:
        return _same(bench, findings, name, wire, rows)

    if bench.examples:
        findings.phase = "real row"
        probe(bench.examples[: min(_MOST_ROWS, bench.signature.max_rows)])
    findings.phase = "drawn row"
    bench.explore(findings, bench.rows_schema(), probe)


def _same(bench: Bench, findings: Findings, name: str, wire: Wire, rows: Rows) -> bool:
    usual = bench.ask(findings, rows, "not_answered")
    if usual is None:
        return True
    findings.tried += len(rows)
    exchange = bench.client.send(wire.encode(rows))
    problem = _problem(bench, exchange, wire, usual)
    if problem:
        kind = f"{name}: {findings.phase}"
        findings.add(Violation(kind, problem, exchange, real=findings.real))
    return not problem


def _problem(bench: Bench, exchange: Exchange, wire: Wire, usual: list[Any]) -> str:
    """Say how the answer to one form differs from the usual predictions."""
    if exchange.status != 200:  # noqa: PLR2004 - HTTP's own number
        return (
            f"rows that are answered in the usual form must be answered 200, got {exchange.status or exchange.problem}"
        )
    try:
        predictions = wire.decode(exchange.body)
    except ValueError as exc:
        return str(exc)
    difference = first_difference(predictions, usual, tolerance=bench.tolerance)
    if difference is None:
        return ""
    where, here, there = difference
    return f"{where or 'predictions'}: in this form {here}, in the usual one {there}"
