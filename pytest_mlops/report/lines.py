"""Curves: one value over another, on plain or logarithmic axes; inline SVG."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.messages import number
from pytest_mlops.report import svg
from pytest_mlops.report.text import one_line, shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Points = Sequence[tuple[float, float]]

_DASHES = ("", "5 2", "2 2", "7 2 2 2")
_NAME = 14
_MOST_TICKS = 6


def lines_svg(data: Mapping[str, Any], *, title: str = "curves") -> str:
    """Draw curves, the first one strong; a band where a curve has low and high ends beside its values."""
    series = [(one_line(one["name"]), _points(one, data)) for one in data["series"][: len(_DASHES)]]
    series = [(name, points) for name, points in series if points]
    if not series:
        return ""
    everything = [point for _, points in series for point in points]
    limit = data.get("limit")
    across = _Axis.of([x for x, _ in everything], is_log=data["log_x"], span=(svg.LEFT, svg.RIGHT))
    ys = [y for _, y in everything] + ([limit] if limit is not None else [])
    up = _Axis.of(ys, is_log=data["log_y"], span=(svg.BOTTOM, svg.TOP), from_zero=True)
    body = [svg.words(2, 11, one_line(data["y"])), *_grid(up), *_below(across, data), *_legend([n for n, _ in series])]
    if limit is not None:
        y = up.place(limit)
        body += [
            svg.line(svg.LEFT, y, svg.RIGHT, y, css="limit"),
            svg.words(svg.RIGHT, y - 3, f"limit {number(limit)}", anchor="end"),
        ]
    for place, (name, points) in reversed(list(enumerate(series))):
        body.append(_curve(points, across.place, up.place, css="other" if place else "line", dash=_DASHES[place]))
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


class _Axis:
    """An axis from low to high."""

    def __init__(self, low: float, high: float, *, is_log: bool, span: tuple[float, float]) -> None:
        self.low, self.high, self.is_log, self.span = low, high, is_log, span

    @classmethod
    def of(cls, values: Sequence[float], *, is_log: bool, span: tuple[float, float], from_zero: bool = False) -> _Axis:
        low, high = min(values), max(values)
        if is_log:
            return cls(low / 1.1, max(high, low) * 1.1, is_log=True, span=span)
        if from_zero:
            return cls(min(low, 0.0), svg.round_up(high) if high > 0 else 1.0, is_log=False, span=span)
        return cls(low, high if high > low else low + 1.0, is_log=False, span=span)

    def place(self, value: float) -> float:
        low, high, at = (math.log(v) if self.is_log else v for v in (self.low, self.high, value))
        share = min(max((at - low) / (high - low), 0.0), 1.0)
        return self.span[0] + (self.span[1] - self.span[0]) * share

    def ticks(self) -> list[float]:
        """Return some round numbers on it."""
        if not self.is_log:
            step = svg.round_up((self.high - self.low) / _MOST_TICKS)
            first = math.ceil(self.low / step - 1e-9)
            return [step * k for k in range(first, math.floor(self.high / step + 1e-9) + 1)]
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        fine = [step * 10.0**power for power in powers for step in (1, 2, 5)]
        shown = [tick for tick in fine if self.low <= tick <= self.high]
        if len(shown) <= _MOST_TICKS:
            return shown
        return [tick for tick in shown if math.log10(tick) == round(math.log10(tick))][: 2 * _MOST_TICKS]


def _grid(up: _Axis) -> list[str]:
    body = []
    for tick in up.ticks():
        y = up.place(tick)
        body += [
            svg.line(svg.LEFT, y, svg.RIGHT, y, css="grid"),
            svg.words(svg.LEFT - 4, y + 4, number(tick), anchor="end"),
        ]
    return body


def _below(across: _Axis, data: Mapping[str, Any]) -> list[str]:
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
        dash = f' stroke-dasharray="{_DASHES[place]}"' if _DASHES[place] else ""
        body += [
            f'<polyline class="{"other" if place else "line"}" points="{x:.1f},20 {x + 12:.1f},20"{dash}/>',
            svg.words(x + 15, 23, name),
        ]
        x += _MARK + _LETTER * len(name)
    return body


_MARK, _LETTER = 26, 6.2  # of the width: a line with its gaps, and a letter


def _curve(
    points: Points, across: Callable[[float], float], up: Callable[[float], float], *, css: str, dash: str
) -> str:
    path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in points)
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<polyline class="{css}" points="{path}"{dashes}/>'


def _dots(name: str, points: Points, across: Callable[[float], float], up: Callable[[float], float]) -> list[str]:
    return [
        f'<circle class="now" cx="{across(x):.1f}" cy="{up(y):.1f}" r="1.5"><title>'
        f"{svg.escape(f'{name} {number(y)} at {number(x)}')}</title></circle>"
        for x, y in points
    ]


def _told(series: Sequence[tuple[str, Points]], data: Mapping[str, Any]) -> str:
    said = []
    for name, points in series:
        x, y = max(points, key=lambda point: point[1])
        said.append(f"{name} at most {number(y)} at {number(x)}")
    return f"{one_line(data['y'])} over {one_line(data['x'])}: {'; '.join(said)}"
