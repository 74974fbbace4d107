"""The checks as the HTML page shows them, as frozen records of text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_mlops.core.messages import number
from pytest_mlops.core.verdict import Verdict
from pytest_mlops.report.artefacts import Drawing, drawings_of
from pytest_mlops.report.facts import Facts, facts_of
from pytest_mlops.report.reproduce import reproduce
from pytest_mlops.report.standing import Check, Record, name_of, verdict_words
from pytest_mlops.report.text import fit, one_line, shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

_STORY = 8_000
_MANY = "drift"


@dataclass(frozen=True, kw_only=True)
class PageCheck:
    """One check with its evidence. `place` is the id of its row in the page, `folded` the rows that open on a click."""

    place: str
    name: str
    file: str
    stage: str
    verdict: str
    words: str
    tags: Sequence[str]
    story: str
    reproduce: str
    rows: Sequence[Facts]
    folded: Sequence[Facts]
    drawings: Sequence[Drawing]


def page_checks(record: Record) -> list[PageCheck]:
    """Return all checks as the page shows them: what is not green first."""
    return sorted(
        (check_of(check, record, place) for place, check in enumerate(record["checks"])),
        key=lambda check: check.verdict == Verdict.PASS,
    )


def check_of(check: Check, record: Record, place: int) -> PageCheck:
    """Return one check as the page shows it; of drift, whose columns have many measures, those that pass are folded."""
    rows = [facts_of(evidence) for evidence in check["evidence"]]
    folded = [row for row in rows if check["stage"] == _MANY and row.verdict == Verdict.PASS]
    return PageCheck(
        place=f"check-{place}",
        name=name_of(check),
        file=one_line(check["id"].partition("::")[0]),
        stage=check["stage"],
        verdict=check["verdict"],
        words=verdict_words(check["verdict"]),
        tags=_tags(check),
        story=shorten(fit(check["reason"]).strip(), _STORY),
        reproduce=one_line(reproduce(check, record)),
        rows=[row for row in rows if row not in folded] if folded else rows,
        folded=folded,
        drawings=drawings_of(check),
    )


def _tags(check: Check) -> list[str]:
    gate = {"block": [], "warn": ["warns only"], "info": ["recorded only"], "waived": ["waived"]}[check["gate"]]
    worker = [one_line(check["worker"])] if check["worker"] else []
    return [*gate, *map(one_line, check["rubric"]), f"{number(check['duration_s'])} s", *worker]
