"""What the HTML page shows, as frozen records of text: the template only lays it out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.messages import number
from pytest_mlops.report.record_json import record_digest
from pytest_mlops.report.reproduce import next_command
from pytest_mlops.report.standing import (
    Check,
    Record,
    StageRow,
    excused_checks,
    failed_gates,
    name_of,
    reason_of_run,
    red_checks,
    stage_rows,
    tally,
    verdict_words,
)
from pytest_mlops.report.text import brief, fit, one_line, shorten

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_mlops.report.reproduce import NextCommand

_LISTED = 50
_DIGESTS = 200
_PACKAGES = 600
_MEASURED = 400


@dataclass(frozen=True)
class Entry:
    """One line of the list of what is not green, and the id of the check that it leads to."""

    place: str
    name: str
    stage: str
    verdict: str
    words: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Page:
    """The page but for its checks. `about` and the digests are pairs of a name and its value."""

    profile: str
    verdict: str
    words: str
    reason: str
    tally: str
    about: Mapping[str, str]
    stages: Sequence[StageRow]
    gates: Mapping[str, str]
    red: Sequence[Entry]
    waived: Sequence[Entry]
    warned: Sequence[Entry]
    recorded: Sequence[Entry]
    digests: Mapping[str, str]
    undigested: int
    packages: Mapping[str, str]
    next: NextCommand | None
    to_sign: bool


def page_of(record: Record) -> Page:
    """Return what the page shows before and after its checks; long lists are cut, and counted."""
    provenance = record["provenance"]
    return Page(
        profile=record["profile"],
        verdict=record["verdict"],
        words=verdict_words(record["verdict"]),
        reason=shorten(reason_of_run(record), 1_000),
        tally=tally(record),
        about=_about(record),
        stages=[replace(row, measured=shorten(row.measured, _MEASURED)) for row in stage_rows(record)],
        gates={one_line(gate["name"]): shorten(fit(gate["reason"]), 2_000) for gate in failed_gates(record)},
        red=_entries(red_checks(record), record),
        waived=_entries(excused_checks(record, "waived"), record),
        warned=_entries(excused_checks(record, "warn"), record),
        recorded=_entries(excused_checks(record, "info"), record),
        digests=_digests(record),
        undigested=max(len(provenance["subjects"]) - _DIGESTS, 0),
        packages=_first(provenance["environment"]["packages"], _PACKAGES),
        next=next_command(record),
        to_sign=record["profile"] == "release",
    )


def _entries(checks: Sequence[Check], record: Record) -> list[Entry]:
    places = {id(check): place for place, check in enumerate(record["checks"])}
    entries = [
        Entry(
            place=f"check-{places[id(check)]}",
            name=shorten(name_of(check), 200),
            stage=check["stage"],
            verdict=check["verdict"],
            words=verdict_words(check["verdict"]),
            reason=shorten(brief(check["reason"]), 300),
        )
        for check in checks[:_LISTED]
    ]
    more = len(checks) - _LISTED
    return [*entries, Entry("all", f"{more:,} more", "", "", "", "")] if more > 0 else entries


def _about(record: Record) -> dict[str, str]:
    git, host = record["provenance"]["git"], record["provenance"]["host"]
    clean = {True: "clean tree", False: "changes that are not committed", None: "cleanness unknown"}[git["clean"]]
    about = {
        "commit": f"{git['commit'] or 'no git repository'} ({clean})",
        "branch": git["branch"] or "unknown",
        "started": f"{record['started']}, took {number(record['duration_s'])} s",
        "command": record["command"],
        "seed": str(record["seed"]),
        "partial run": record["partial"],
        "host": ", ".join(f"{key} {value}" for key, value in host.items()),
        "baselines": ", ".join(
            f"{len(names)} {word}" for word, names in record["baselines"].items() if names and word != "changes"
        ),
    }
    return {name: shorten(one_line(words), 1_000) for name, words in about.items() if words}


def _digests(record: Record) -> dict[str, str]:
    git, environment = record["provenance"]["git"], record["provenance"]["environment"]
    digests = {"run record (report.json)": record_digest(record)}
    digests |= {"code (git tree)": shorten(one_line(git["tree"]), 200)} if git.get("tree") else {}
    digests["environment (packages)"] = environment["packages_digest"]
    return digests | _first(record["provenance"]["subjects"], _DIGESTS)


def _first(pairs: Mapping[str, Any], limit: int) -> dict[str, str]:
    return {shorten(one_line(name), 200): shorten(one_line(value), 200) for name, value in list(pairs.items())[:limit]}
