"""The plot of a trend: a series a machine, an interval where there is one, and it says in words what it draws."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

from pytest_mlops.core.artefact import Artefact
from pytest_mlops.report.artefacts import draw
from pytest_mlops.report.trend import trend_svg

HERE = [[run, 10.0 + run, 9.0 + run, 11.0 + run] for run in range(0, 30, 2)] + [[31, 42.0, None, None]]
RUNS: dict[str, Any] = {
    "unit": "ms",
    "runs": [[f"2026-11-{1 + run // 2:02d}T03:00:00+00:00", "abc" if run else ""] for run in range(32)],
    "series": [
        {"name": "this <b>, 2 cores", "points": HERE},
        {"name": "another", "points": [[run, 3.0, 2.0, 4.0] for run in range(1, 31, 2)]},
    ],
    "note": "Drawn, not judged.",
}


def parse(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - our own


def test_it_says_the_newest_and_those_before() -> None:
    svg = parse(trend_svg(RUNS, title="p95"))
    assert svg.get("aria-label") == "p95"
    assert svg.findtext("desc") == "32 runs; this <b>, 2 cores: newest 42 ms, 15 earlier 10 to 38; 1 other machines"


def test_it_has_a_line_a_machine_and_an_interval_a_run_of_this_one() -> None:
    drawn = trend_svg(RUNS)
    texts = [element.text for element in parse(drawn).iter("text")]
    assert [drawn.count(f'class="{css}"') for css in ("line", "other", "axis")] == [2, 2, 15]
    assert {"ms", "this <b>, 2 cores", "another"} <= set(texts)
    assert texts.count("2026-11-16") == 1, "the newest run has its day"
    assert sum(str(text).startswith("2026-") for text in texts) <= 9
    told = [element.text for element in parse(drawn).iter("title")]
    assert "this <b>, 2 cores: 10 (9 to 11), 2026-11-01T03:00:00+00:00" in told
    assert "another: 3 (2 to 4), 2026-11-01T03:00:00+00:00 of abc" in told
    assert "this <b>, 2 cores: 42, 2026-11-16T03:00:00+00:00 of abc" in told


def test_values_below_zero_have_room() -> None:
    points = [[0, -2.0, None, None], [1, 4.0, -5.0, 6.0]]
    drawn = parse(trend_svg({**RUNS, "runs": RUNS["runs"][:2], "series": [{"name": "here", "points": points}]}))
    heights = [float(circle.get("cy", "nan")) for circle in drawn.iter("circle")]
    assert heights[0] > heights[1] + 20, "not cut off at zero"


def test_the_page_shows_the_note_below_the_plot() -> None:
    drawn = draw(Artefact("trend", "p95", RUNS).to_json())
    assert (drawn.title, drawn.note) == ("trend: p95", "Drawn, not judged.")
    assert "<svg" in drawn.svg


def test_nothing_to_draw_says_so() -> None:
    empty: dict[str, Any] = {"unit": "", "runs": [], "series": [], "note": "x"}
    assert draw({"kind": "trend", "title": "p95", "data": empty}).note == "nothing to draw"
