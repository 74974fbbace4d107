"""Curves: drawn where their points have a place, and described in words."""

from __future__ import annotations

import itertools
from xml.etree import ElementTree as ET

import pytest

from pytest_mlops.report.lines import lines_svg


def data(*series: list[list[float | None]], log: bool = False, limit: float | None = None) -> dict[str, object]:
    named = [{"name": f"series {number}", "points": points} for number, points in enumerate(series)]
    return {"x": "seconds", "y": "ms", "log_x": False, "log_y": log, "ticks": None, "series": named, "limit": limit}


def test_curves_are_drawn_within_the_plot() -> None:
    drawn = lines_svg(data([[0, 1], [1, 4], [2, 9]], [[0, 2], [2, 3]], limit=5), title="latency <over> time")
    root = ET.fromstring(drawn)  # noqa: S314 - ours
    assert root.attrib["aria-label"] == "latency <over> time"
    lines = [element for element in root.iter() if element.tag == "polyline"]
    assert len(lines) == 4  # two curves, and two in the legend
    for line in lines:
        for point in line.attrib["points"].split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= 360
            assert 0 <= y <= 220
    words = [element.text for element in root.iter("text")]
    assert {"seconds", "ms", "limit 5", "series 0", "series 1"} <= set(words)
    assert "series 0 at most 9 at 2; series 1 at most 3 at 2" in (root.findtext("desc") or "")


def test_a_legend_does_not_run_over_itself() -> None:
    root = ET.fromstring(lines_svg(data([[0, 1]], [[0, 1]], [[0, 1]])))  # noqa: S314 - ours
    starts = [float(t.attrib["x"]) for t in root.iter("text") if (t.text or "").startswith("series")]
    assert all(later - earlier >= 6 * len("series 0") for earlier, later in itertools.pairwise(starts))


@pytest.mark.parametrize("points", [[], [[0, None]], [[0, 0.0]]])
def test_nothing_to_draw_is_nothing(points: list[list[float | None]]) -> None:
    assert lines_svg(data(points, log=True)) == ""


def test_equal_values_have_an_axis() -> None:
    assert "polyline" in lines_svg(data([[1, 3], [1, 3]]))
    assert "polyline" in lines_svg(data([[1, 3], [1, 3]], log=True))
