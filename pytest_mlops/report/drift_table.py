"""All columns of a drift subject in one table, from the evidence of however many checks judged them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.messages import number
from pytest_mlops.core.verdict import Verdict
from pytest_mlops.report.facts import SEEN, facts_of
from pytest_mlops.report.text import fit, one_line, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_mlops.report.standing import Check, Record

_WORST_FIRST = (Verdict.ERROR, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.NOT_RUN, Verdict.PASS)
_MOST = 2_000  # rows of one table


@dataclass(frozen=True, kw_only=True)
class DriftRow:
    """One measure of one column, as text. `place` is the id of the check that judged it."""

    column: str
    measure: str
    value: str
    interval: str
    limit: str
    seen: str
    verdict: str
    place: str
    cause: str


@dataclass(frozen=True, kw_only=True)
class DriftTable:
    """One subject: the rows that are not green, the worst first, and those that are."""

    subject: str
    red: Sequence[DriftRow]
    green: Sequence[DriftRow]


def drift_tables(record: Record) -> list[DriftTable]:
    """Return a table for each subject of the stage drift; where tests of several names have one, for each of them."""
    found: dict[tuple[str, str], dict[tuple[str, str], DriftRow]] = {}
    for place, check in enumerate(record["checks"]):
        if check["stage"] == "drift":
            for subject, row in _rows(check, f"check-{place}"):
                _keep_worse(found.setdefault((subject, _test_of(check)), {}), row)
    times = Counter(subject for subject, _ in found)
    return [
        _table(subject if times[subject] == 1 else f"{subject}, {test}", rows.values())
        for (subject, test), rows in found.items()
    ]


def _test_of(check: Check) -> str:
    """Return the name of a test without what it is parametrized by; of declared checks what declares them."""
    file, _, name = one_line(check["id"]).partition("::")
    return name.rpartition("::")[0] if file.endswith(".toml") else name.partition("[")[0]


def _rows(check: Check, place: str) -> Iterable[tuple[str, DriftRow]]:
    for evidence in check["evidence"]:
        measurement = evidence["measurement"]
        facts = facts_of(evidence)
        subject, _, column = facts.subject.partition(".")
        yield (
            subject.partition("[")[0],
            DriftRow(
                column=facts.subject.removeprefix(f"{subject}.") if column else "(together)",
                measure=facts.measurement.rpartition(".")[2].replace("_", " "),
                value=facts.value,
                interval=facts.interval.partition(" (")[0],
                limit=facts.limit,
                seen=_seen(measurement),
                verdict=facts.verdict,
                place=place,
                cause=fit(_cause(measurement["note"])),
            ),
        )


def _seen(measurement: Mapping[str, Any]) -> str:
    seen = measurement["parameters"].get(SEEN)
    return "" if seen is None else number(seen)


def _cause(note: str) -> str:
    """Return the likely cause, whose lines may be folded."""
    lines = note.split("\n")
    start = next((i for i, line in enumerate(lines) if line.startswith("likely ")), None)
    if start is None:
        return ""
    after = [line for line in lines[start + 1 :] if line.startswith("  ")]
    return shorten(" ".join([lines[start], *map(str.strip, after[: len(lines)])]), 200)


def _keep_worse(rows: dict[tuple[str, str], DriftRow], row: DriftRow) -> None:
    """Keep a row, unless another check judged the same measure and found worse; those of the schema are of all."""
    key = (row.column, row.measure)
    if key not in rows or _rank(row) < _rank(rows[key]):
        rows[key] = row


def _rank(row: DriftRow) -> int:
    return _WORST_FIRST.index(Verdict(row.verdict))


def _table(subject: str, rows: Iterable[DriftRow]) -> DriftTable:
    ordered = sorted(rows, key=lambda row: (_rank(row), row.column))[:_MOST]
    return DriftTable(
        subject=shorten(subject, 100),
        red=[row for row in ordered if row.verdict != Verdict.PASS],
        green=[row for row in ordered if row.verdict == Verdict.PASS],
    )
