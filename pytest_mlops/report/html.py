"""The report as one HTML page: no other file, no network, no need of JavaScript, at most a mebibyte."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_mlops.core.errors import MissingExtra
from pytest_mlops.core.verdict import Verdict
from pytest_mlops.report.drift_table import drift_tables
from pytest_mlops.report.page import Page, page_of
from pytest_mlops.report.page_checks import PageCheck, page_checks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jinja2 import Environment

    from pytest_mlops.report.standing import Record

LARGEST = 2**20
# For the headings of the stages and the sentence that says what was left out.
_MARGIN = 8_192
_TABLES = LARGEST // 4


def render_html(record: Record) -> str:
    """Return the page of a run record.

    Where all of it would be larger than a mebibyte, the artefacts of checks that pass are left out first, then such
    checks, then what else does not fit; the page says what it leaves out.

    Raises
    ------
    MissingExtra
        When Jinja2 is not installed.
    """
    environment = _environment()
    page = page_of(record)
    tables = environment.get_template("drift.html.j2").render(tables=drift_tables(record))
    tables = tables if _size(tables) <= _TABLES else ""
    room = LARGEST - _MARGIN - _size(_render_page(environment, page, {}, "")) - _size(tables)
    checks = page_checks(record)
    kept, omitted = _fit_into(room, [(check, _render_check(environment, check)) for check in checks], environment)
    stages = {row.stage: [text for check, text in kept if check.stage == row.stage] for row in page.stages}
    return _render_page(environment, page, stages, omitted, tables)


def _environment() -> Environment:
    try:
        import jinja2
    except ImportError as exc:
        raise MissingExtra(needs="the HTML report", library="jinja2", extra="report") from exc
    return jinja2.Environment(
        loader=jinja2.PackageLoader("pytest_mlops.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _render_page(
    environment: Environment, page: Page, stages: Mapping[str, Sequence[str]], omitted: str, tables: str = ""
) -> str:
    """Return the page; `tables` stands before the checks of the stage drift."""
    template = environment.get_template("report.html.j2")
    return template.render(page=page, stages=stages, omitted=omitted, before={"drift": tables})


def _render_check(environment: Environment, check: PageCheck) -> str:
    return environment.get_template("check.html.j2").render(check=check)


def _size(text: str) -> int:
    return len(text.encode())


_Rendered = tuple[PageCheck, str]


def _fit_into(room: int, checks: Sequence[_Rendered], environment: Environment) -> tuple[list[_Rendered], str]:
    """Return the checks that fit, and a sentence about what was left out."""
    if sum(_size(text) for _, text in checks) <= room:
        return list(checks), ""
    bare = [
        (check, text if check.verdict != Verdict.PASS else _render_check(environment, replace(check, drawings=())))
        for check, text in checks
    ]
    kept = []
    for check, text in bare:
        room -= _size(text)
        if room < 0:
            break
        kept.append((check, text))
    return kept, _omission(checks, kept)


def _omission(checks: Sequence[_Rendered], kept: Sequence[_Rendered]) -> str:
    dropped = [check for check, _ in checks[len(kept) :]]
    green = sum(check.verdict == Verdict.PASS for check in dropped)
    parts = ["the artefacts of checks that pass"]
    parts += [f"{green:,} checks that pass"] if green else []
    parts += [f"{len(dropped) - green:,} checks that do not pass"] if len(dropped) > green else []
    return f"To stay below one mebibyte this page leaves out {', and '.join(parts)}. All of it is in report.json."
