"""Curves: one value over another, on plain or logarithmic axes; inline SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlops.core.messages import number
from pytest_mlops.report import svg
from pytest_mlops.report.axis import Axis, grid
from pytest_mlops.report.text import one_line, shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Points = Sequence[tuple[float, float]]

_NAME = 14


def lines_svg(data: Mapping[str, Any], *, title: str = "curves") -> str:
    """Draw curves, the first one strong; a band where a curve has low and high ends beside its values."""
    series = [(one_line(one["name"]), _points(one, data)) for one in data["series"][: svg.MOST_SERIES]]
    series = [(name, points) for name, points in series if points]
    if not series:
        return ""
    everything = [point for _, points in series for point in points]
    limit = data.get("limit")
    across = Axis.of([x for x, _ in everything], is_log=data["log_x"], span=(svg.LEFT, svg.RIGHT))
    ys = [y for _, y in everything] + ([limit] if limit is not None else [])
    up = Axis.of(ys, is_log=data["log_y"], span=(svg.BOTTOM, svg.TOP), from_zero=True)
    body = [svg.words(2, 11, one_line(data["y"])), *grid(up), *_below(across, data), *_legend([n for n, _ in series])]
    if limit is not None:
        y = up.place(limit)
        body += [
            svg.line(svg.LEFT, y, svg.RIGHT, y, css="limit"),
            svg.words(svg.RIGHT, y - 3, f"limit {number(limit)}", anchor="end"),
        ]
    for place, (name, points) in reversed(list(enumerate(series))):
        body.append(svg.polyline(((across.place(x), up.place(y)) for x, y in points), place))
        if not place:
            body += _dots(name, points, across.place, up.place)
    return svg.figure(body, title=title, description=_told(series, data))


def _points(one: Mapping[str, Any], data: Mapping[str, Any]) -> Points:
    """Return the points that have a place on both axes."""
    return [
        (float(x), float(y))
        for x, y in one["points"]
        if x is not None and y is not None and (x > 0 or not data["log_x"]) and (y > 0 or not data["log_y"])
    ]


def _below(across: Axis, data: Mapping[str, Any]) -> list[str]:
    ticks = data.get("ticks") or [[tick, number(tick)] for tick in across.ticks()]
    body = [svg.words(svg.RIGHT, svg.BOTTOM + 34, one_line(data["x"]), anchor="end")]
    for at, label in ticks:
        if across.low <= at <= across.high:
            x = across.place(at)
            body += [
                svg.line(x, svg.BOTTOM, x, svg.BOTTOM + 4, css="axis"),
                svg.words(x, svg.BOTTOM + 16, label, anchor="middle"),
            ]
    return body


def _legend(names: Sequence[str]) -> list[str]:
    """Return a short line and a name for each curve, side by side, the last one at the right."""
    if len(names) < 2:  # noqa: PLR2004 - one needs no name
        return []
    shown = [shorten(name, _NAME) for name in names]
    x = svg.RIGHT - sum(_MARK + _LETTER * len(name) for name in shown)
    body: list[str] = []
    for place, name in enumerate(shown):
        body += [
            svg.polyline([(x, 20), (x + 12, 20)], place),
            svg.words(x + 15, 23, name),
        ]
        x += _MARK + _LETTER * len(name)
    return body


_MARK, _LETTER = 26, 6.2  # of the width: a line with its gaps, and a letter


def _dots(name: str, points: Points, across: Callable[[float], float], up: Callable[[float], float]) -> list[str]:
    return [svg.dot(across(x), up(y), 1.5, title=f"{name} {number(y)} at {number(x)}") for x, y in points]


def _told(series: Sequence[tuple[str, Points]], data: Mapping[str, Any]) -> str:
    said = []
    for name, points in series:
        x, y = max(points, key=lambda point: point[1])
        said.append(f"{name} at most {number(y)} at {number(x)}")
    return f"{one_line(data['y'])} over {one_line(data['x'])}: {'; '.join(said)}"
