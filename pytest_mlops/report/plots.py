"""The plots of a report: pure Python, data of an artefact in, inline SVG out; nothing to draw gives empty text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.messages import number
from pytest_mlops.report import svg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LABELS = 12
_QUANTILES = 3
# The labels of the quantiles stand above the bars.
_HEADROOM = 1.5


def histogram_svg(data: Mapping[str, Any], *, title: str = "distribution") -> str:
    """Draw the shares of the reference (wide bars) and of the current data (narrow bars before them), bin by bin."""
    rows = list(zip(data["labels"], _numbers(data["reference"]), _numbers(data["current"]), strict=True))
    if not rows:
        return ""
    top = svg.round_up(max(max(reference, current) for _, reference, current in rows))
    ticks = {value: f"{number(100 * value)} %" for value in (0.0, top / 2, top)}
    body = [*svg.value_axis(top, ticks, "share of rows"), *_legend()]
    step = (svg.RIGHT - svg.LEFT) / len(rows)
    for index, (label, reference, current) in enumerate(rows):
        x = svg.LEFT + step * index
        told = f"{label}: reference {_percent(reference)}, current {_percent(current)}"
        body.append(svg.rectangle(x + step * 0.06, step * 0.88, svg.height_of(reference, top), css="was", title=told))
        body.append(svg.rectangle(x + step * 0.28, step * 0.44, svg.height_of(current, top), css="now", title=told))
        if not data.get("edges") and index % math.ceil(len(rows) / _LABELS) == 0:
            body.append(svg.slanted(x + step / 2 + 4, svg.BOTTOM + 12, label))
    body += _places(data.get("edges") or [], step)
    return svg.figure(body, title=title, description=_widest_gap(rows))


def _places(edges: Sequence[float], step: float) -> list[str]:
    """Return the axis below bins of numbers: a mark and a number at some of their edges."""
    every, body = max(math.ceil((len(edges) - 1) / _PLACES), 1), []
    for index in range(0, len(edges), every):
        x = svg.LEFT + step * index
        body.append(svg.line(x, svg.BOTTOM, x, svg.BOTTOM + 4, css="axis"))
        body.append(svg.words(x, svg.BOTTOM + 16, number(edges[index]), anchor="middle"))
    return body


_PLACES = 7


def _legend() -> list[str]:
    boxes = []
    for x, css, label in ((190, "was", "reference"), (280, "now", "current")):
        boxes += [f'<rect class="{css}" x="{x}" y="3" width="9" height="9"/>', svg.words(x + 13, 11, label)]
    return boxes


def _widest_gap(rows: Sequence[tuple[str, float, float]]) -> str:
    label, reference, current = max(rows, key=lambda row: abs(row[1] - row[2]))
    return f"{len(rows)} bins; most apart at {label}: reference {_percent(reference)}, current {_percent(current)}"


def latency_svg(data: Mapping[str, Any], *, title: str = "latency") -> str:
    """Draw how many requests took how long, on a logarithmic axis, with a mark for each quantile."""
    counts = _numbers(data["counts"])
    edges = _positive(_numbers(data["edges_ms"]))
    if not counts or len(edges) != len(counts) + 1 or edges[0] >= edges[-1]:
        return ""
    top = svg.round_up(max(counts) * _HEADROOM)
    body = svg.value_axis(top, {value: number(value) for value in (0.0, top / 2, top)}, "requests")
    for low, high, count in zip(edges, edges[1:], counts, strict=False):
        x, end = _place(low, edges), _place(high, edges)
        told = f"{number(low)} to {number(high)} ms: {number(count)} requests"
        body.append(svg.rectangle(x, end - x - 0.6, svg.height_of(count, top), css="now", title=told))
    quantiles = {name: value for name, value in data["quantiles_ms"].items() if value is not None}
    body += [*_milliseconds(edges), *_marks(quantiles, edges)]
    told = "; ".join(f"{name} {number(value)} ms" for name, value in quantiles.items())
    return svg.figure(body, title=title, description=f"{number(sum(counts))} requests; {told}")


def _place(value: float, edges: Sequence[float]) -> float:
    low, high = math.log(edges[0]), math.log(edges[-1])
    share = (math.log(max(value, edges[0])) - low) / (high - low)
    return svg.LEFT + (svg.RIGHT - svg.LEFT) * min(share, 1.0)


def _milliseconds(edges: Sequence[float]) -> list[str]:
    """Return the labels of the axis: 1, 2, 5 times powers of ten, or powers of ten alone where those are many."""
    powers = range(math.floor(math.log10(edges[0])), math.ceil(math.log10(edges[-1])) + 1)
    ticks = [step * 10.0**power for power in powers for step in (1, 2, 5)]
    shown = [tick for tick in ticks if edges[0] <= tick <= edges[-1]]
    if len(shown) > _LABELS // 2:
        shown = [tick for tick in shown if math.log10(tick) == round(math.log10(tick))] or shown[::3]
    body = [svg.words(svg.RIGHT, svg.BOTTOM + 34, "milliseconds, logarithmic", anchor="end")]
    for tick in shown:
        x = _place(tick, edges)
        body.append(svg.line(x, svg.BOTTOM, x, svg.BOTTOM + 4, css="axis"))
        body.append(svg.words(x, svg.BOTTOM + 16, number(tick), anchor="middle"))
    return body


def _marks(quantiles: Mapping[str, float], edges: Sequence[float]) -> list[str]:
    body = []
    for row, (name, value) in enumerate(list(quantiles.items())[:_QUANTILES]):
        x, y = _place(value, edges), svg.TOP + 8 + 14 * row
        is_right = x > (svg.LEFT + svg.RIGHT) / 2
        body.append(svg.line(x, svg.TOP - 4, x, svg.BOTTOM, css="mark"))
        text = f"{name} {number(value)} ms"
        body.append(svg.words(x - 4 if is_right else x + 4, y, text, anchor="end" if is_right else "start"))
    return body


def _percent(share: float) -> str:
    return f"{number(100 * share)} %"


def _numbers(values: Sequence[float | None]) -> list[float]:
    return [0.0 if value is None else float(value) for value in values]


def _positive(edges: list[float]) -> list[float]:
    """Return edges that have a logarithm: zero becomes half of the smallest that is above it."""
    smallest = min((edge for edge in edges if edge > 0), default=1.0)
    return [edge if edge > 0 else smallest / 2 for edge in edges]
