"""The laws about how rows are written: the order of their fields, and rows that stand twice."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from pytest_mlops.stages.contract.findings import Findings
from pytest_mlops.stages.contract.relations import compare, on_rows, same_in_order

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_mlops.stages.contract.bench import Bench
    from pytest_mlops.stages.contract.faults import Rows

Names = list[str]


def field_order_does_not_matter(bench: Bench) -> Findings:
    """Ask for rows, then for the same rows with their fields backwards, then each in an order of its own."""
    findings, chance = Findings(unit="rows"), random.Random(bench.seed)  # noqa: S311 - no secret
    orders: tuple[Callable[[Names], Names], ...] = (_backwards, lambda names: chance.sample(names, len(names)))

    def probe(rows: Rows) -> bool:
        straight = bench.ask(findings, rows, "not_answered")
        return straight is None or all(_same_with(bench, findings, rows, straight, order) for order in orders)

    return on_rows(bench, findings, probe)


def _backwards(names: Names) -> Names:
    return names[::-1]


def _same_with(
    bench: Bench, findings: Findings, rows: Rows, straight: list[Any], order: Callable[[Names], Names]
) -> bool:
    moved = [{name: row[name] for name in order(list(row))} for row in rows]
    predicted = bench.ask(findings, moved, "not_answered")
    if predicted is None:
        return True
    pairs = list(zip(predicted, straight, strict=True))
    return compare(bench, findings, moved, pairs, "with its fields in another order|in this order")


def copies_get_the_same(bench: Bench) -> Findings:
    """Ask for rows, then for all of them twice in one request: each copy beside its row and far from it."""
    findings = Findings(unit="rows")

    def probe(rows: Rows) -> bool:
        straight, places = bench.ask(findings, rows, "not_answered"), range(len(rows))
        twice = [*places, *reversed(places)]
        sides = "among copies|without them"
        return straight is None or same_in_order(bench, findings, rows, straight, twice, sides=sides)

    return on_rows(bench, findings, probe)
