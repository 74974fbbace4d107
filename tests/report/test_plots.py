"""Plots: well-formed SVG that says in words what it draws."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from pytest_mlops.report.plots import histogram_svg, latency_svg

HISTOGRAM: dict[str, Any] = {"labels": ["AA", "DL", "<b>"], "reference": [0.5, 0.3, 0.2], "current": [0.1, 0.4, 0.5]}
LATENCY: dict[str, Any] = {
    "edges_ms": [0, 2, 4, 8],
    "counts": [5, 200, 50],
    "quantiles_ms": {"p50": 3.0, "p95": 6.5, "p99": None},
}


def parse(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - our own


def texts(text: str) -> list[str]:
    return [element.text or "" for element in parse(text).iter("text")]


def test_histogram_says_where_the_two_are_most_apart() -> None:
    svg = parse(histogram_svg(HISTOGRAM, title="carrier"))
    assert svg.get("aria-label") == svg.findtext("title") == "carrier"
    assert svg.findtext("desc") == "3 bins; most apart at AA: reference 50 %, current 10 %"


def test_histogram_has_two_bars_a_bin_and_readable_axes() -> None:
    drawn = histogram_svg(HISTOGRAM)
    assert [drawn.count(f'class="{css}"') for css in ("was", "now")] == [4, 4]  # one of each is the legend
    assert texts(drawn) == ["share of rows", "0 %", "25 %", "50 %", "reference", "current", "AA", "DL", "<b>"]


def test_histogram_of_many_bins_labels_at_most_twelve() -> None:
    many = {"labels": [f"≤ {i}" for i in range(24)], "reference": [1 / 24] * 24, "current": [1 / 24] * 24}
    assert sum(text.startswith("≤") for text in texts(histogram_svg(many))) == 12


def test_latency_marks_the_quantiles_that_there_are() -> None:
    drawn = latency_svg(LATENCY, title="delay_api")
    assert parse(drawn).findtext("desc") == "255 requests; p50 3 ms; p95 6.5 ms"
    assert drawn.count('class="mark"') == 2
    assert {"p50 3 ms", "p95 6.5 ms", "1", "2", "5", "milliseconds, logarithmic"} <= set(texts(drawn))


@pytest.mark.parametrize("edges", [[1e-6, 1, 1e6], [3, 3.5, 4], [99_000, 99_500, 100_000]])
def test_latency_of_any_range_stays_inside(edges: list[float]) -> None:
    svg = parse(latency_svg({"edges_ms": edges, "counts": [1, 2], "quantiles_ms": {"p99": 1e9}}))
    places = [float(element.get("x", element.get("x1", "46"))) for element in svg.iter() if element.tag != "text"]
    assert 40 <= min(places) <= max(places) <= 350


@pytest.mark.parametrize(
    ("plot", "data"),
    [
        (histogram_svg, {"labels": [], "reference": [], "current": []}),
        (latency_svg, {"edges_ms": [], "counts": [], "quantiles_ms": {}}),
        (latency_svg, {"edges_ms": [2, 2], "counts": [1], "quantiles_ms": {}}),
    ],
)
def test_nothing_to_draw_is_no_plot(plot: Any, data: dict[str, Any]) -> None:
    assert plot(data) == ""


def test_missing_numbers_are_drawn_as_none() -> None:
    parse(histogram_svg({"labels": ["a"], "reference": [None], "current": [0.0]}))
    parse(latency_svg({"edges_ms": [1, 2], "counts": [None], "quantiles_ms": {"p50": None}}))
