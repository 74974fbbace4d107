"""The laws about single requests: valid ones, spoiled ones, and those for what is not there."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.http import Request
from pytest_mlops.adapters.jsonschema import compile_schema
from pytest_mlops.stages.contract.answers import wrong_with_answer, wrong_with_json
from pytest_mlops.stages.contract.bench import Bench, chunks
from pytest_mlops.stages.contract.differences import first_difference
from pytest_mlops.stages.contract.document import METHODS, read_gets, read_methods
from pytest_mlops.stages.contract.faults import Fault, Rows, faults_of, request
from pytest_mlops.stages.contract.findings import Findings, Violation
from pytest_mlops.stages.contract.framing import FRAMINGS, framed, may_be_framed, wrong_with_framing
from pytest_mlops.stages.contract.refusals import wrong_with_refusal
from pytest_mlops.stages.contract.served import served_signature

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pytest_mlops.adapters.http import Exchange

_SINGLE_EXAMPLES = 20
_ROWS_AFTER = 8
_UNKNOWN = ("/no-such-path", "/no/such/path?rows=1", "/%2e%2e/%2e%2e/etc/passwd", "/openapi.json/no-such-path")
_REAL = "real_rows"
_NOT_OFFERED = frozenset({404, 405})


def valid_requests_answer(bench: Bench) -> Findings:
    """Compare the sources of the input space, send real rows and drawn ones, and fetch what can be fetched.

    Where the document that is served allows other rows than the committed one, its rows are drawn too.
    """
    findings = Findings()
    _fetch(bench, findings)
    for field, why in bench.spoken.disagreements:
        findings.add(Violation(f"sources:{field}", f"the sources of the input space must agree: {why}", real=True))
    row_problem = compile_schema(bench.signature.row)
    for row in bench.examples:
        if problem := row_problem(row):
            findings.add(Violation("real_row", f"the document must allow a real row, got: {problem}", real=True))
    real = [row for row in bench.examples if not row_problem(row)]
    for rows in [*chunks(real[:_SINGLE_EXAMPLES], 1), *chunks(real, min(bench.signature.max_rows, 500))]:
        _send_valid(bench, findings, rows, _REAL)
    schema = bench.rows_schema(at_least=0)
    bench.explore(findings, schema, lambda rows: _send_valid(bench, findings, rows, "drawn_rows"))
    served = None if bench.spoken.forms else served_signature(bench.client, bench.signature)
    if served is not None:
        own = replace(bench, spoken=replace(bench.spoken, signature=served))
        kind = "drawn_rows_of_the_served_document"
        bench.explore(findings, own.rows_schema(at_least=0), lambda rows: _send_valid(own, findings, rows, kind))
    if bench.suite_rows is not None:
        bench.explore(findings, bench.suite_rows, functools.partial(_send_row_of_suite, bench, findings))
    return findings


def _send_row_of_suite(bench: Bench, findings: Findings, row: Mapping[str, Any]) -> bool:
    """Send a row as the suite describes it.

    What the suite calls valid and the document does not is a disagreement of the two, and a violation.
    """
    problem = compile_schema(bench.signature.row)(row)
    if not problem:
        return _send_valid(bench, findings, [dict(row)], "row_of_the_suite")
    exchange = bench.send(findings, request(bench.signature, [dict(row)]))
    why = f"the suite and the document disagree: the suite allows a row that the document does not: {problem}"
    findings.add(Violation("row_of_the_suite", why, exchange))
    return False


def _fetch(bench: Bench, findings: Findings) -> None:
    for path, schema in read_gets(bench.contract).items():
        exchange = bench.send(findings, Request(method="GET", path=path))
        problem = f"must be answered 200, got {exchange.status or exchange.problem}"
        if exchange.status == 200:  # noqa: PLR2004 - HTTP's own number
            problem = "" if schema is None else wrong_with_json(exchange, schema)
        _keep(bench, findings, f"get {path}", problem, exchange)


def _send_valid(bench: Bench, findings: Findings, rows: Rows, kind: str) -> bool:
    exchange = bench.send(findings, request(bench.signature, rows))
    return _keep(bench, findings, kind, wrong_with_answer(exchange, bench.signature, len(rows)), exchange)


def _keep(
    bench: Bench, findings: Findings, kind: str, problem: str, exchange: Exchange, *, no_failure: Collection[int] = ()
) -> bool:
    """Keep a violation; a failure of the server is kept for its own law too."""
    if problem and exchange.server_failed and exchange.status not in no_failure:
        why = f"the server failed: {exchange.status or exchange.problem}"
        bench.failures.add(Violation(kind, why, exchange, real=kind == _REAL))
    if problem:
        findings.add(Violation(kind, problem, exchange, real=kind == _REAL))
    return not problem


def invalid_requests_are_refused(bench: Bench) -> Findings:
    """Spoil a valid request in every named way, drawn requests in drawn ways, and how a valid one is framed."""
    findings = Findings()
    faults, plain = faults_of(bench.signature), bench.plain_rows
    for fault in faults.values():
        send_spoiled(bench, findings, fault, plain)
    schema = {
        "type": "object",
        "required": ["rows", "fault"],
        "properties": {"rows": bench.rows_schema(), "fault": {"enum": list(faults)}},
    }
    bench.explore(findings, schema, lambda drawn: send_spoiled(bench, findings, faults[drawn["fault"]], drawn["rows"]))
    _send_framed(bench, findings, plain)
    return findings


def _send_framed(bench: Bench, findings: Findings, rows: Rows) -> None:
    """Frame a valid request in every wrong way, and ask whether it is answered afterwards as it was before."""
    if not may_be_framed(bench.client.url):
        said = "wrong framing was not tried: over plain HTTP on loopback alone"
        findings.missing = f"{findings.missing}; {said}" if findings.missing else said
        return
    right = request(bench.signature, rows)
    before = bench.send(findings, right)
    for framing in FRAMINGS:
        exchange = bench.send(findings, framed(right, framing))
        problem = wrong_with_framing(exchange, framing, bench.signature, len(rows))
        _keep(bench, findings, framing.name, problem, exchange, no_failure=framing.statuses)
    after = bench.send(findings, right)
    why = f"a right request must be answered {before.status} as before, got {after.status or after.problem}"
    _keep(bench, findings, "after_wrong_framing", "" if after.status == before.status else why, after)


def send_spoiled(bench: Bench, findings: Findings, fault: Fault, rows: Rows) -> bool:
    """Send rows with a fault, and keep what is wrong with the answer."""
    spoiled = fault.spoil(rows)
    if spoiled is None:
        return True
    exchange = bench.send(findings, spoiled)
    if fault.tolerable and exchange.status == 200:  # noqa: PLR2004 - HTTP's own number
        problem = wrong_with_answer(exchange, bench.signature, len(rows))
    else:
        problem = wrong_with_refusal(exchange, bench.signature, field=fault.field)
    return _keep(bench, findings, fault.name, problem, exchange)


def unknown_paths_and_methods(bench: Bench) -> Findings:
    """Ask for paths and methods that the document does not offer."""
    findings = Findings()
    documented = read_methods(bench.contract)
    asked = [Request(method=method, path=path) for path in _UNKNOWN for method in ("GET", "POST")]
    for path, methods in documented.items():
        asked += [Request(method=name.upper(), path=path, body=b"{}") for name in METHODS if name not in methods]
    for one in asked:
        exchange = bench.send(findings, one)
        offered = exchange.status not in _NOT_OFFERED
        problem = f"must be answered 404 or 405, got {exchange.status or exchange.problem}" if offered else ""
        _keep(bench, findings, f"{one.method} {one.path}", problem, exchange)
    return findings


def never_a_server_error(bench: Bench, others: list[Findings], before: list[Any] | None) -> Findings:
    """Look at everything that the laws above sent, and ask whether the service is still up and answers as `before`."""
    ping = next(iter(read_gets(bench.contract)), "/ping")
    findings = Findings(tried=sum(other.tried for other in others), violations=dict(bench.failures.violations))
    exchange = bench.send(findings, Request(method="GET", path=ping))
    if exchange.status != 200:  # noqa: PLR2004 - HTTP's own number
        why = f"{ping} must answer 200 after it all, got {exchange.status or exchange.problem}"
        findings.add(Violation("still_up", why, exchange))
    if before is not None:
        _still_predicts(bench, findings, before)
    return findings


def predictions_before(bench: Bench) -> list[Any] | None:
    """Return the predictions for a few rows before anything wrong is sent; None where there are none."""
    return bench.ask(Findings(), bench.some_rows(_ROWS_AFTER), "before")


def _still_predicts(bench: Bench, findings: Findings, before: list[Any]) -> None:
    rows = bench.some_rows(_ROWS_AFTER)
    findings.phase = "real row" if bench.examples else "drawn row"
    after = bench.ask(findings, rows, "still_answers")
    difference = None if after is None else first_difference(after, before, tolerance=bench.tolerance)
    if difference is not None:
        why = "after it all, a valid request must get the same predictions as before, {}: got {}, before {}"
        seen = bench.send(findings, request(bench.signature, rows))
        findings.add(Violation("still_answers", why.format(*difference), seen, real=findings.real))
