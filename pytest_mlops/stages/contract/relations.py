"""The laws that compare answers: with each other, and with the model offline.

A request that gets no predictions is kept as a violation, and not made smaller: `valid_requests_answer` does that.
"""

from __future__ import annotations

import itertools
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.stages.contract.differences import first_difference
from pytest_mlops.stages.contract.extremes import extreme_rows
from pytest_mlops.stages.contract.faults import Rows, request
from pytest_mlops.stages.contract.findings import Findings, Violation
from pytest_mlops.stages.contract.offline import boundary_rows, predict_offline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_mlops.stages.contract.bench import Bench

Answers = list[Any] | None
_MOST_ROWS = 100
_SHARE = 0.5  # of the drawn examples: each is asked for several times
_AT_ONCE = 16
_ROUNDS = 4
_NO_JSON = b'{"rows": ['


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
        return compare(bench, findings, rows, pairs, f"alone|among {len(rows)} rows")

    return on_rows(bench, findings, probe)


def row_order_does_not_matter(bench: Bench) -> Findings:
    """Ask for rows, then for the same rows backwards and shuffled."""
    findings = Findings(unit="rows")

    def probe(rows: Rows) -> bool:
        straight = bench.ask(findings, rows, "not_answered")
        orders = [list(range(len(rows)))[::-1], random.Random(bench.seed).sample(range(len(rows)), len(rows))]  # noqa: S311 - no secret
        return straight is None or all(same_in_order(bench, findings, rows, straight, order) for order in orders)

    return on_rows(bench, findings, probe)


def same_in_order(
    bench: Bench,
    findings: Findings,
    rows: Rows,
    straight: list[Any],
    order: Sequence[int],
    *,
    sides: str = "in another order|in this order",
) -> bool:
    """Ask for rows in an order, in which a row may stand twice, and compare with their predictions."""
    moved = bench.ask(findings, [rows[place] for place in order], "not_answered")
    if moved is None:
        return True
    pairs = [(moved[there], straight[place]) for there, place in enumerate(order)]
    return compare(bench, findings, [rows[place] for place in order], pairs, sides)


def same_request_same_answer(bench: Bench) -> Findings:
    """Ask for rows again, with another request and a refused one between; then for several at once."""
    findings = Findings(unit="rows")

    def probe(rows: Rows) -> bool:
        first = bench.ask(findings, rows, "not_answered")
        bench.ask(findings, rows[:1], "not_answered")
        again = bench.ask(findings, rows, "not_answered")
        bench.client.send(replace(request(bench.signature, rows), body=_NO_JSON))
        after = bench.ask(findings, rows, "not_answered")
        return _repeated(bench, findings, rows, (first, again), "asked again") and _repeated(
            bench, findings, rows, (first, after), "asked again after a refused request"
        )

    on_rows(bench, findings, probe)
    if not findings.violations:
        findings.phase = "real row at once" if bench.examples else "drawn row at once"
        _at_once(bench, findings)
    return findings


def _repeated(bench: Bench, findings: Findings, rows: Rows, answers: tuple[Answers, Answers], when: str) -> bool:
    first, again = answers
    if first is None or again is None:
        return True
    return compare(bench, findings, rows, list(zip(again, first, strict=True)), f"{when}|the first time")


def _at_once(bench: Bench, findings: Findings) -> None:
    """Ask for different rows from several clients at once: what one request leaves in another shows then."""
    rows = [row for row, _ in zip(itertools.cycle(bench.some_rows(_AT_ONCE)), range(_AT_ONCE * _ROUNDS), strict=False)]
    alone = [bench.ask(findings, [row], "not_answered") for row in rows[:_AT_ONCE]] * _ROUNDS
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        together = list(pool.map(lambda row: bench.ask(findings, [row], "not_answered"), rows))
    for row, first, again in zip(rows, alone, together, strict=True):
        _repeated(bench, findings, [row], (first, again), f"asked by {_AT_ONCE} clients at once")


def online_equals_offline(bench: Bench) -> Findings:
    """Compare the service with the model offline: real rows, drawn ones, at decisions and at ends of the document."""
    findings = Findings(unit="rows")
    offline = bench.offline
    if offline is None:
        findings.missing = "there is nothing to compare with. Hint: give offline=, the model or its predictions"
        return findings
    if not callable(offline):
        same_as_offline(bench, findings, bench.examples, list(offline))
        return findings

    def probe(rows: Rows) -> bool:
        return same_as_offline(bench, findings, rows, predict_offline(offline, rows))

    on_rows(bench, findings, probe)
    findings.phase = "boundary row"
    if near := boundary_rows(offline, bench.examples, bench.signature.row):
        probe(near)
    findings.phase = "drawn row at an end"
    if ends := extreme_rows(bench.signature.row, bench.plain_rows[0]):
        probe(ends)
    return findings


def same_as_offline(bench: Bench, findings: Findings, rows: Rows, expected: list[Any]) -> bool:
    """Ask for rows and compare with what was expected of them."""
    if len(expected) != len(rows):
        raise DeclarationError(f"offline must give a prediction for each of the {len(rows)} rows, got {len(expected)}")
    online = bench.ask(findings, rows, "not_answered") if rows else []
    if online is None:
        return True
    return compare(bench, findings, rows, list(zip(online, expected, strict=True)), "online|offline")


def on_rows(bench: Bench, findings: Findings, probe: Callable[[Rows], bool]) -> Findings:
    """Try a comparison on the real rows, then on drawn ones."""
    if bench.examples:
        probe(bench.examples[:_MOST_ROWS])
    findings.phase = "drawn row"
    bench.explore(findings, bench.rows_schema(at_least=2), probe, share=_SHARE)
    return findings


def compare(bench: Bench, findings: Findings, rows: Rows, pairs: list[tuple[Any, Any]], sides: str) -> bool:
    """Compare the predictions of rows, pair by pair; keep a violation a row, with the request of all rows."""
    here, _, there = sides.partition("|")
    found = [first_difference(*pair, tolerance=bench.tolerance, part=there == "offline") for pair in pairs]
    findings.tried += len(pairs)
    different = [(place, difference) for place, difference in enumerate(found) if difference is not None]
    for place, (where, one, other) in different:
        row = "" if findings.real else f"row {place}, "
        shown = rows if here != "online" else rows[place : place + 1]
        seen = bench.exchange(request(bench.signature, shown)) if place == different[0][0] else None
        why = f"{row}{where}: {here} {one}, {there} {other}"
        findings.add(Violation(findings.kind(place), why, seen, real=findings.real))
    return not different
