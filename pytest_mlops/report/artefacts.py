"""Artefacts of a check as the page shows them: a plot, a table or a log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.verdict import Verdict
from pytest_mlops.report.lines import lines_svg
from pytest_mlops.report.plots import histogram_svg, latency_svg
from pytest_mlops.report.text import fit, one_line, shorten
from pytest_mlops.report.timeline import timeline_svg
from pytest_mlops.report.trend import trend_svg

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_mlops.report.standing import Check

_ROWS = 50
_CELL = 400
_LOG = 10_000


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """One artefact: `svg` is safe markup of ours, the rest is text. `is_open` where its evidence is not green."""

    title: str
    is_open: bool
    svg: str = ""
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    log: str = ""
    note: str = ""


def drawings_of(check: Check) -> list[Drawing]:
    """Return the artefacts of a check, each once: several measurements may share one."""
    found: dict[tuple[str, str], Drawing] = {}
    for evidence in sorted(check["evidence"], key=lambda evidence: evidence["verdict"] == Verdict.PASS):
        for artefact in evidence["artefacts"]:
            is_open = evidence["verdict"] != Verdict.PASS
            found.setdefault((artefact["kind"], artefact["title"]), draw(artefact, is_open=is_open))
    return list(found.values())


def draw(artefact: Mapping[str, Any], *, is_open: bool = False) -> Drawing:
    """Return one artefact as the page shows it; one that can't be drawn says so."""
    title, data = f"{artefact['kind']}: {one_line(artefact['title'])}", artefact["data"]
    match artefact["kind"]:
        case "table":
            return _table(title, data, is_open=is_open)
        case "log":
            return Drawing(title=title, is_open=is_open, log=fit(data["text"])[-_LOG:] or "empty")
        case kind:
            svg = _PLOTS[kind](data, title=title)
            return Drawing(
                title=title, is_open=is_open, svg=svg, note=one_line(data.get("note", "")) if svg else "nothing to draw"
            )


_PLOTS: Mapping[str, Callable[..., str]] = {
    "histogram": histogram_svg,
    "latency": latency_svg,
    "lines": lines_svg,
    "timeline": timeline_svg,
    "trend": trend_svg,
}


def _table(title: str, data: Mapping[str, Any], *, is_open: bool) -> Drawing:
    more = len(data["rows"]) - _ROWS
    return Drawing(
        title=title,
        is_open=is_open,
        columns=[one_line(name) for name in data["columns"]],
        rows=[[shorten(fit("" if cell is None else cell), _CELL) for cell in row] for row in data["rows"][:_ROWS]],
        note=f"{more:,} more rows in report.json" if more > 0 else "",
    )
