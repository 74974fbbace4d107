"""The report as Markdown, for a pull request comment or the summary of a CI step.

Text of users is escaped, so that it can neither format, nor link, nor mention anybody.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.verdict import Verdict
from pytest_mlops.report.record_json import record_digest
from pytest_mlops.report.reproduce import reproduce
from pytest_mlops.report.standing import (
    EXCUSED,
    Check,
    Record,
    excused_checks,
    failed_gates,
    name_of,
    reason_of_run,
    red_checks,
    stage_rows,
    verdict_words,
)
from pytest_mlops.report.text import fit, one_line, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# GitHub takes comments of 65,536 characters.
_STORIES = 40_000
_STORY = 4_000
_DIGESTS = 50
_EXCUSED = 10
# What formats, makes a cell, an emoji or a link; an underscore inside a word does none of it.
_SPECIAL = re.compile(r"[\\`*\[\]#|~]|(?<!\w)_|_(?!\w)|:(?=//|\w+:)|(?<=www)\.")


def render_markdown(record: Record) -> str:
    """Return the report as Markdown of at most about 60,000 characters; what is left out is counted."""
    parts = [_verdict(record), _stages(record), _gates(record), *_stories(record), _excused(record)]
    parts += [_about(record), _how(record)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _prose(text: object) -> str:
    """Return text of users as it can stand between other words and in a table."""
    escaped = _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", one_line(text).replace("&", "&amp;"))
    return escaped.replace("<", "&lt;").replace(">", "&gt;").replace("@", "@&#8203;")


def _code(text: object) -> str:
    return f"<code>{_prose(text)}</code>"


def _verdict(record: Record) -> str:
    words = verdict_words(record["verdict"])
    return f"## mlops {record['profile']}: {words}\n\n{_prose(shorten(reason_of_run(record), 500))}"


def _stages(record: Record) -> str:
    rows = stage_rows(record)
    lines = ["| stage | checks | verdict | what was measured |", "| :-- | --: | :-- | :-- |"]
    for row in rows:
        if not row.is_silent:
            measured = _prose(shorten(row.measured, 200))
            lines.append(f"| {row.stage} | {row.checks or '-'} | {row.words} | {measured} |")
    silent = ", ".join(row.stage for row in rows if row.is_silent)
    return "\n".join(lines) + (f"\n\nNot run: {silent}" if silent else "")


def _gates(record: Record) -> str:
    lines = [f"- {_prose(gate['name'])}: {_prose(shorten(gate['reason'], 500))}" for gate in failed_gates(record)]
    return "\n".join(["### Gates that are not met", "", *lines]) if lines else ""


def _stories(record: Record) -> Iterator[str]:
    """Yield the story of each red check while there is room."""
    red, room = red_checks(record), _STORIES
    if red:
        yield f"### Checks that are not green ({len(red):,})"
    for told, check in enumerate(red):
        text = _story(check, record)
        room -= len(text)
        if room < 0:
            yield f"… and {len(red) - told:,} more, in report.html and report.json"
            return
        yield text


def _story(check: Check, record: Record) -> str:
    title = f"{verdict_words(check['verdict'])}: {check['stage']}: {_code(shorten(name_of(check), 200))}"
    lines = [fit(check["reason"]), *_unsaid(check), "", reproduce(check, record)]
    text = html.escape(shorten("\n".join(lines).strip(), _STORY), quote=False)
    return f"<details><summary>{title}</summary>\n\n<pre>\n{text}\n</pre>\n\n</details>"


def _unsaid(check: Check) -> Iterator[str]:
    """Yield the evidence that is not green and that the reason of the check does not tell."""
    said = " ".join(check["reason"].split())  # in which the lines of a text stand further to the right
    for evidence in check["evidence"]:
        if evidence["verdict"] != Verdict.PASS and " ".join(evidence["text"].split()) not in said:
            yield f"  {verdict_words(evidence['verdict'])}: {fit(evidence['text'])}"


def _excused(record: Record) -> str:
    lines = []
    for gate, word in EXCUSED.items():
        checks = excused_checks(record, gate)
        lines += [f"- {word}: {_named(check)}" for check in checks[:_EXCUSED]]
        if len(checks) > _EXCUSED:
            lines.append(f"- {word}: {len(checks) - _EXCUSED:,} more")
    return "\n".join(["### Not green, and excused", "", *lines]) if lines else ""


def _named(check: Check) -> str:
    return f"{_code(name_of(check))}: {_prose(shorten(check['reason'], 300))}"


def _about(record: Record) -> str:
    git, environment = record["provenance"]["git"], record["provenance"]["environment"]
    facts = {"commit": git["commit"] or "no git repository", "tree": _cleanness(git)}
    facts |= {"environment": environment["packages_digest"], "Python": environment["python"]}
    subjects = record["provenance"]["subjects"]
    facts |= dict(list(subjects.items())[:_DIGESTS])
    facts["run record"] = record_digest(record)
    lines = [f"| {_prose(shorten(name, 100))} | {_code(shorten(str(digest), 100))} |" for name, digest in facts.items()]
    more = f"\n\n… and {len(subjects) - _DIGESTS:,} more digests, in report.json" if len(subjects) > _DIGESTS else ""
    return "\n".join(["### What it is about", "", "| | |", "| :-- | :-- |", *lines]) + more


def _cleanness(git: Mapping[str, Any]) -> str:
    return {True: "clean", False: "changes that are not committed", None: "unknown"}[git["clean"]]


def _how(record: Record) -> str:
    text = html.escape(shorten(one_line(record["command"]), 1000), quote=False)
    facts = f"seed {record['seed']}, started {one_line(record['started'])}, {record['duration_s']:,.1f} s"
    return f"### How to reproduce\n\n<pre>\n{text}\n</pre>\n\n{facts}"
