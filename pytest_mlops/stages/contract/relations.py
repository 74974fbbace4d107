"""The laws that compare answers: with each other, with the model offline, and the document with the committed one.

A request that gets no predictions is kept as a violation, and not made smaller: `valid_requests_answer` does that.
"""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.http import Request
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.stages.contract.answers import read_json, wrong_with_json
from pytest_mlops.stages.contract.differences import first_difference
from pytest_mlops.stages.contract.faults import Rows, request
from pytest_mlops.stages.contract.findings import Findings, Violation
from pytest_mlops.stages.contract.offline import boundary_rows, predict_offline
from pytest_mlops.stages.contract.protocols import DOCUMENT_PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_mlops.stages.contract.bench import Bench

_MOST_ROWS = 100
_AT_ONCE = 4


def one_by_one_equals_all_at_once(bench: Bench) -> Findings:
    """Ask for rows together, then for each alone; real rows and drawn ones."""
    findings = Findings(unit="rows")

    def probe(rows: Rows) -> bool:
        together = bench.ask(findings, rows, "not_answered")
        if together is None:
            return True
        alone = [bench.ask(findings, [row], "not_answered") for row in rows]
        if None in alone:
            return True
        pairs = [(one[0], here) for one, here in zip(alone, together, strict=True) if one is not None]
        return _compare(bench, findings, rows, pairs, f"alone|among {len(rows)} rows")

    return _on_rows(bench, findings, probe)


def row_order_does_not_matter(bench: Bench) -> Findings:
    """Ask for rows, then for the same rows backwards and shuffled."""
    findings = Findings(unit="rows")

    def probe(rows: Rows) -> bool:
        straight = bench.ask(findings, rows, "not_answered")
        orders = [list(range(len(rows)))[::-1], random.Random(bench.seed).sample(range(len(rows)), len(rows))]  # noqa: S311 - no secret
        return straight is None or all(_same_in_order(bench, findings, rows, straight, order) for order in orders)

    return _on_rows(bench, findings, probe)


def _same_in_order(bench: Bench, findings: Findings, rows: Rows, straight: list[Any], order: Sequence[int]) -> bool:
    moved = bench.ask(findings, [rows[place] for place in order], "not_answered")
    if moved is None:
        return True
    pairs = [(moved[there], straight[place]) for there, place in enumerate(order)]
    return _compare(bench, findings, rows, pairs, "in another order|in this order")


def same_request_same_answer(bench: Bench) -> Findings:
    """Ask for rows again: with another request between, then several times at once."""
    findings = Findings(unit="rows")

    def probe(rows: Rows) -> bool:
        first = bench.ask(findings, rows, "not_answered")
        bench.ask(findings, rows[:1], "not_answered")
        later = [bench.ask(findings, rows, "not_answered")]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            later += pool.map(lambda _: bench.ask(findings, rows, "not_answered"), range(_AT_ONCE))
        return all(_repeated(bench, findings, rows, first, again) for again in later)

    return _on_rows(bench, findings, probe)


def _repeated(bench: Bench, findings: Findings, rows: Rows, first: list[Any] | None, again: list[Any] | None) -> bool:
    if first is None or again is None:
        return True
    return _compare(bench, findings, rows, list(zip(again, first, strict=True)), "asked again|the first time")


def online_equals_offline(bench: Bench) -> Findings:
    """Compare the service with the model offline: real rows, drawn rows, and rows where decisions change."""
    findings = Findings(unit="rows")
    offline = bench.offline
    if offline is None:
        findings.missing = "there is nothing to compare with. Hint: give offline=, the model or its predictions"
        return findings
    if not callable(offline):
        _same_as_offline(bench, findings, bench.examples, list(offline))
        return findings

    def probe(rows: Rows) -> bool:
        return _same_as_offline(bench, findings, rows, predict_offline(offline, rows))

    _on_rows(bench, findings, probe)
    findings.phase = "boundary row"
    if near := boundary_rows(offline, bench.examples, bench.signature.row):
        probe(near)
    return findings


def _same_as_offline(bench: Bench, findings: Findings, rows: Rows, expected: list[Any]) -> bool:
    if len(expected) != len(rows):
        raise DeclarationError(f"offline must give a prediction for each of the {len(rows)} rows, got {len(expected)}")
    online = bench.ask(findings, rows, "not_answered") if rows else []
    if online is None:
        return True
    return _compare(bench, findings, rows, list(zip(online, expected, strict=True)), "online|offline")


def document_is_served_as_committed(bench: Bench) -> Findings:
    """Compare the document that is served with the committed one, key by key."""
    findings = Findings(unit="documents")
    if bench.committed is None:
        findings.missing = "there is no committed document to compare with. Hint: give committed="
        return findings
    exchange = bench.send(findings, Request(method="GET", path=DOCUMENT_PATH))
    problem = wrong_with_json(exchange, None) if exchange.status == 200 else f"must answer 200, got {exchange.status}"  # noqa: PLR2004 - HTTP's own number
    if not problem:
        difference = first_difference(read_json(exchange.body), bench.committed)
        problem = "" if difference is None else "first difference at {}: served {}, committed {}".format(*difference)
    if problem:
        findings.add(Violation(DOCUMENT_PATH, problem, exchange))
    return findings


def _on_rows(bench: Bench, findings: Findings, probe: Callable[[Rows], bool]) -> Findings:
    """Try a comparison on the real rows, then on drawn ones."""
    if bench.examples:
        probe(bench.examples[:_MOST_ROWS])
    findings.phase = "drawn row"
    bench.explore(findings, bench.rows_schema(at_least=2), probe)
    return findings


def _compare(bench: Bench, findings: Findings, rows: Rows, pairs: list[tuple[Any, Any]], sides: str) -> bool:
    """Compare the predictions of rows, pair by pair; keep a violation a row, with the request of all rows."""
    here, _, there = sides.partition("|")
    found = [first_difference(*pair, tolerance=bench.tolerance, part=there == "offline") for pair in pairs]
    findings.tried += len(pairs)
    different = [(place, difference) for place, difference in enumerate(found) if difference is not None]
    for place, (where, one, other) in different:
        row = "" if findings.real else f"row {place}, "
        shown = rows if here != "online" else rows[place : place + 1]
        seen = bench.client.send(request(bench.signature, shown)) if place == different[0][0] else None
        why = f"{row}{where}: {here} {one}, {there} {other}"
        findings.add(Violation(findings.kind(place), why, seen, real=findings.real))
    return not different
