"""The plot of a timeline: well-formed, readable, and it says in words what it draws."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from pytest_mlops.core.artefact import Artefact
from pytest_mlops.report.artefacts import draw
from pytest_mlops.report.timeline import timeline_svg

WEEKS: dict[str, Any] = {
    "windows": [f"2013-{month:02d}-{day:02d}" for month in range(1, 8) for day in (1, 8, 15, 22)],
    "series": [
        {"name": "dep_delay", "distances": [0.05] * 14 + [0.25] * 14},
        {"name": "<b>", "distances": [0.02, None] * 14},
    ],
    "limit": 0.1,
    "change": 14,
}


def parse(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - our own


def test_it_says_when_it_changed() -> None:
    svg = parse(timeline_svg(WEEKS, title="year"))
    assert svg.get("aria-label") == "year"
    assert svg.findtext("desc") == (
        "28 windows; dep_delay changed between 2013-04-08 and 2013-04-15; furthest 2013-07-22, 0.25"
    )


def test_it_has_a_line_a_series_the_limit_and_the_change() -> None:
    drawn = timeline_svg(WEEKS)
    texts = [element.text for element in parse(drawn).iter("text")]
    assert [drawn.count(f'class="{css}"') for css in ("line", "other", "limit", "mark")] == [2, 2, 1, 1]
    assert {"distance", "limit 0.1", "change", "dep_delay", "<b>", "2013-01-01"} <= set(texts)
    assert sum(str(text).startswith("2013-") for text in texts) <= 9
    assert drawn.count("<circle") == 28


def test_without_a_change_there_is_no_mark() -> None:
    drawn = timeline_svg(WEEKS | {"change": None, "limit": None})
    assert "mark" not in drawn
    assert "limit" not in drawn
    assert "dep_delay no change" in drawn


@pytest.mark.parametrize("n", [1, 3, 400])
def test_any_number_of_windows_stays_inside(n: int) -> None:
    data = {
        "windows": [str(i) for i in range(n)],
        "series": [{"name": "a", "distances": [1.0] * n}],
        "limit": 9.0,
        "change": None,
    }
    svg = parse(timeline_svg(data))
    places = [float(element.get("cx", "46")) for element in svg.iter()]
    assert 40 <= min(places) <= max(places) <= 350


def test_nothing_to_draw_is_no_plot() -> None:
    assert timeline_svg({"windows": [], "series": [], "limit": None, "change": None}) == ""
    assert timeline_svg(WEEKS | {"series": [{"name": "a", "distances": [None] * 28}]}) == ""


def test_it_is_an_artefact_that_the_page_draws() -> None:
    drawing = draw(Artefact("timeline", "year.dep_delay", WEEKS).to_json(), is_open=True)
    assert drawing.title == "timeline: year.dep_delay"
    assert drawing.svg.startswith("<svg")
