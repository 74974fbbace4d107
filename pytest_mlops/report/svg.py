"""Inline SVG: the few shapes that the plots are made of. Colours come from the page's style sheet."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING

from pytest_mlops.report.text import one_line, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable

# In units of the view box, which a phone shows one to one: text of 11 stays readable there.
WIDTH, HEIGHT = 360, 220
LEFT, RIGHT, TOP, BOTTOM = 46, 350, 26, 158
_LABEL = 13
_DASHES = ("", "5 2", "2 2", "7 2 2 2")
MOST_SERIES = len(_DASHES)


def escape(text: object) -> str:
    """Return text fit for SVG content and attributes."""
    return html.escape(one_line(text), quote=True)


def figure(body: list[str], *, title: str, description: str) -> str:
    """Return a whole SVG element with the words that a screen reader says."""
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>{''.join(body)}</svg>"
    )


def rectangle(x: float, width: float, top: float, *, css: str, title: str) -> str:
    """Return a bar that stands on the axis, with its numbers as its tooltip."""
    shape = f'x="{x:.1f}" y="{top:.1f}" width="{max(width, 0.5):.1f}" height="{max(BOTTOM - top, 0):.1f}"'
    return f'<rect class="{css}" {shape}><title>{escape(title)}</title></rect>'


def line(x1: float, y1: float, x2: float, y2: float, *, css: str) -> str:
    """Return a line."""
    return f'<line class="{css}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def polyline(points: Iterable[tuple[float, float]], place: int) -> str:
    """Return the line of a series through its points: the first one strong, each of the others with its own dashes."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashes = f' stroke-dasharray="{_DASHES[place]}"' if _DASHES[place] else ""
    return f'<polyline class="{"other" if place else "line"}" points="{path}"{dashes}/>'


def dot(x: float, y: float, radius: float, *, title: str) -> str:
    """Return a dot with its numbers as its tooltip."""
    shape = f'cx="{x:.1f}" cy="{y:.1f}" r="{radius}"'
    return f'<circle class="now" {shape}><title>{escape(title)}</title></circle>'


def words(x: float, y: float, text: object, *, anchor: str = "start") -> str:
    """Return text that starts, ends or has its middle at a point."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def slanted(x: float, y: float, text: object) -> str:
    """Return a short label below the axis that ends at a point, slanted so that neighbours keep apart."""
    shown = escape(shorten(one_line(text), _LABEL))
    return f'<text text-anchor="end" transform="translate({x:.1f} {y:.1f}) rotate(-40)">{shown}</text>'


def column(place: float, n: int) -> float:
    """Return the x of the middle of one of n columns, from 0 on."""
    return LEFT + (RIGHT - LEFT) * (place + 0.5) / n


def radius_of(n: int) -> float:
    """Return the radius of dots that keep apart, one in each of n columns."""
    return 2.5 if n <= 60 else 1.2  # noqa: PLR2004 - columns as narrow as a large dot


def round_up(value: float) -> float:
    """Return the next of 1, 2, 2.5, 5 times a power of ten: the top of an axis.

    >>> round_up(0.31), round_up(93), round_up(0)
    (0.5, 100.0, 1.0)
    """
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= value * (1 - 1e-9))


def height_of(value: float, top_value: float) -> float:
    """Return the y of a value on an axis from 0 to `top_value`."""
    return BOTTOM - (BOTTOM - TOP) * min(max(value / top_value, 0.0), 1.0)


def value_axis(top_value: float, label_of: dict[float, str], title: str) -> list[str]:
    """Return grid lines with their labels, and the title of the axis above them."""
    body = [words(2, 11, title)]
    for value, label in label_of.items():
        y = height_of(value, top_value)
        body += [line(LEFT, y, RIGHT, y, css="grid"), words(LEFT - 4, y + 4, label, anchor="end")]
    return body
