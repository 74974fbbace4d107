"""The plot of a trend: what each run measured, with its interval, a series a machine; inline SVG."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.messages import number
from pytest_mlops.report import svg
from pytest_mlops.report.axis import Axis, grid
from pytest_mlops.report.text import one_line, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_LABELS = 9
_NAME = 44  # letters of a machine


def trend_svg(data: Mapping[str, Any], *, title: str = "trend") -> str:
    """Draw the runs of this machine as a line with intervals, those of others as lines that stay apart."""
    runs = [(one_line(when), one_line(commit)) for when, commit in data["runs"]]
    series = [(one_line(one["name"]), one["points"]) for one in data["series"][: svg.MOST_SERIES] if one["points"]]
    if not runs or not series:
        return ""
    ends = [value for _, points in series for point in points for value in point[1:] if value is not None]
    up = Axis.of(ends, is_log=False, span=(svg.BOTTOM, svg.TOP + 12 * (len(series) - 1)), from_zero=True)
    body = [svg.words(2, 11, data["unit"] or "value"), *grid(up), *_when(runs), *_legend([name for name, _ in series])]
    for place, (name, points) in reversed(list(enumerate(series))):
        body += _drawn(name, points, runs, up, place)
    return svg.figure(body, title=title, description=_told(series, runs, data["unit"]))


def _drawn(
    name: str, points: Sequence[Sequence[Any]], runs: Sequence[tuple[str, str]], up: Axis, place: int
) -> Iterator[str]:
    """Yield a line through the runs of one machine, a bar for each interval and a dot for each value."""
    n, is_ours = len(runs), place == 0
    yield svg.polyline(((svg.column(run, n), up.place(value)) for run, value, _, _ in points), place)
    for run, value, low, high in points:
        x, y = svg.column(run, n), up.place(value)
        told = f"{name}: {number(value)}"
        if low is not None and high is not None:
            told += f" ({number(low)} to {number(high)})"
            if is_ours:
                yield svg.line(x, up.place(low), x, up.place(high), css="axis")
        told += f", {' of '.join(filter(None, runs[run]))}"
        yield svg.dot(x, y, svg.radius_of(n), title=told)


def _when(runs: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield the days of some of the runs, the newest too."""
    every = math.ceil(len(runs) / _LABELS)
    for place, (when, _) in enumerate(runs):
        if (len(runs) - 1 - place) % every == 0:
            yield svg.slanted(svg.column(place, len(runs)) + 4, svg.BOTTOM + 12, when[:10])


def _legend(names: Sequence[str]) -> Iterator[str]:
    """Yield a short line and a name for each machine, one below the other."""
    for place, name in enumerate(names):
        y = 8 + 12 * place
        yield svg.polyline([(62, y), (76, y)], place)
        yield svg.words(79, y + 3, shorten(name, _NAME))


def _told(series: Sequence[tuple[str, Sequence[Sequence[Any]]]], runs: Sequence[tuple[str, str]], unit: str) -> str:
    name, points = series[0]
    newest, earlier = points[-1][1], [point[1] for point in points[:-1]]
    before = f", {len(earlier)} earlier {number(min(earlier))} to {number(max(earlier))}" if earlier else ""
    return f"{len(runs)} runs; {name}: newest {number(newest)} {unit}{before}; {len(series) - 1} other machines"
