"""The plot of a timeline: how far each window is, the limit, and where the sequence changed; inline SVG."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.messages import number
from pytest_mlops.report import svg
from pytest_mlops.report.text import one_line, shorten

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LABELS = 9
_NAME = 12  # letters of a column in the legend


def timeline_svg(data: Mapping[str, Any], *, title: str = "timeline") -> str:
    """Draw the distance of each window, a line for each series, the first one strong; a mark where it changed."""
    labels = [one_line(label) for label in data["windows"]]
    series = [
        (one_line(one["name"]), _numbers(one["distances"], len(labels))) for one in data["series"][: svg.MOST_SERIES]
    ]
    known = [value for _, values in series for value in values if value is not None]
    if not labels or not known:
        return ""
    limit = data["limit"]
    top = svg.round_up(max([*known, *([limit] if limit is not None else [])]))
    body = svg.value_axis(top, {value: number(value) for value in (0.0, top / 2, top)}, "distance")
    body += [*_legend([name for name, _ in series]), *_windows(labels)]
    if limit is not None:
        y = svg.height_of(limit, top)
        body.append(svg.line(svg.LEFT, y, svg.RIGHT, y, css="limit"))
        body.append(svg.words(svg.RIGHT, y - 3, f"limit {number(limit)}", anchor="end"))
    body += [*_change(data["change"], labels)]
    for place, (name, values) in reversed(list(enumerate(series))):
        body += _line(values, labels, top, place=place, name=name)
    return svg.figure(body, title=title, description=_told(labels, series, data["change"]))


def _line(values: Sequence[float | None], labels: Sequence[str], top: float, *, place: int, name: str) -> list[str]:
    """Return the line through the windows that have a value, and a dot for each with its numbers as a tooltip."""
    n = len(labels)
    points = [(svg.column(i, n), svg.height_of(value, top), i) for i, value in enumerate(values) if value is not None]
    body = [svg.polyline(((x, y) for x, y, _ in points), place)]
    if place == 0:
        body += [
            svg.dot(x, y, svg.radius_of(n), title=f"{labels[i]}: {name} {number(values[i])}") for x, y, i in points
        ]
    return body


def _legend(names: Sequence[str]) -> list[str]:
    body = []
    step = (svg.RIGHT - 62) / max(len(names), 1)
    for place, name in enumerate(names):
        x = 62 + step * place
        body.append(svg.polyline([(x, 8), (x + 14, 8)], place))
        body.append(svg.words(x + 17, 11, shorten(name, _NAME if len(names) > 1 else 3 * _NAME)))
    return body


def _windows(labels: Sequence[str]) -> list[str]:
    every = math.ceil(len(labels) / _LABELS)
    return [
        svg.slanted(svg.column(i, len(labels)) + 4, svg.BOTTOM + 12, label)
        for i, label in enumerate(labels)
        if i % every == 0
    ]


def _change(change: int | None, labels: Sequence[str]) -> list[str]:
    if change is None:
        return []
    x = svg.column(change - 0.5, len(labels))
    is_right = x > (svg.LEFT + svg.RIGHT) / 2
    text = svg.words(x - 4 if is_right else x + 4, svg.TOP + 8, "change", anchor="end" if is_right else "start")
    return [svg.line(x, svg.TOP - 4, x, svg.BOTTOM, css="mark"), text]


def _told(labels: Sequence[str], series: Sequence[tuple[str, Sequence[float | None]]], change: int | None) -> str:
    name, values = series[0]
    far, label = max((value, label) for value, label in zip(values, labels, strict=True) if value is not None)
    when = f"changed between {labels[change - 1]} and {labels[change]}" if change else "no change"
    return f"{len(labels)} windows; {name} {when}; furthest {label}, {number(far)}"


def _numbers(values: Sequence[float | None], n: int) -> list[float | None]:
    return [None if value is None else float(value) for value in [*values, *([None] * n)][:n]]
