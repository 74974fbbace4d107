"""All columns of a drift subject in one table, and the plot of bins of numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from pytest_mlops.core.artefact import Artefact
from pytest_mlops.core.limit import Limit
from pytest_mlops.core.measurement import Interval
from pytest_mlops.core.record import CheckRecord
from pytest_mlops.report.drift_table import DriftRow, drift_tables
from pytest_mlops.report.html import render_html
from pytest_mlops.report.plots import histogram_svg
from pytest_mlops.report.text import brief
from tests.report.conftest import evidence

if TYPE_CHECKING:
    from tests.report.conftest import BuildRecord

NOTE = (
    "\nbefore █· now ▅▅ (0 to 2)\nlikely a change of unit: multiplied by 1.609,\n  as from miles to km\nmostly kind=c"
)
EDGES: Any = {"labels": ["up to 1", "from 1 on"], "reference": [1.0, 0.0], "current": [0.5, 0.5], "edges": [0, 1, 2]}


def check(column: str, value: float, note: str = "") -> CheckRecord:
    judged = evidence(
        Limit(high=0.1),
        name="drift.ks",
        subject=f"new.{column}",
        value=value,
        n=100,
        interval=Interval(value - 0.05, value + 0.05, 0.99),
        parameters={"smallest_seen": 0.1921},
        note=note,
        artefacts=(Artefact("histogram", f"new.{column}", EDGES),),
    )
    schema = evidence(Limit(high=0), name="drift.columns_missing", subject="new", value=0, n=1)
    verdict = "fail" if value > 0.1 else "pass"
    reason = judged["text"] if value > 0.1 else ""
    return CheckRecord(
        id=f"mlops.toml::drift::new::{column}",
        stage="drift",
        verdict=verdict,
        outcome="failed" if value > 0.1 else "passed",
        reason=f"{verdict}: {reason}" if reason else "",
        evidence=[schema, judged],
    )


def test_one_table_of_all_checks_of_a_subject(build_record: BuildRecord) -> None:
    (table,) = drift_tables(build_record([check("quiet", 0.01), check("size", 0.3, NOTE)]))
    assert table.subject == "new"
    assert table.red == [
        DriftRow(
            column="size",
            measure="ks",
            value="0.3",
            interval="0.25 to 0.35",
            limit="at most 0.1",
            seen="0.1921",
            verdict="fail",
            place="check-1",
            cause="likely a change of unit: multiplied by 1.609, as from miles to km",
        )
    ]
    assert [(row.column, row.measure) for row in table.green] == [("(together)", "columns missing"), ("quiet", "ks")]


def test_other_stages_have_none(build_record: BuildRecord, data_check: CheckRecord) -> None:
    assert drift_tables(build_record([data_check])) == []


def test_the_page_shows_the_table_and_folds_what_passes(build_record: BuildRecord) -> None:
    page = render_html(build_record([check("quiet", 0.01), check("size", 0.3, NOTE)]))
    assert "new: 1 of 3 measures not green" in page
    assert "1 measurement that passes</summary>" in page
    assert page.count("<details open><summary>histogram: new.size") == 1
    assert page.count("<details><summary>histogram: new.quiet") == 1
    assert "; likely a change of unit" in page


def test_bins_of_numbers_have_their_edges_below_them() -> None:
    texts = [element.text for element in ET.fromstring(histogram_svg(EDGES)).iter("text")]  # noqa: S314 - our own
    assert texts[-3:] == ["0", "1", "2"]
    assert "up to 1" not in texts


def test_a_story_with_a_picture_is_told_briefly() -> None:
    story = f"fail: new.size moved{NOTE}".replace("\n  as", " as")
    assert brief(story) == "fail: new.size moved; likely a change of unit: multiplied by 1.609, as from miles to km"
    assert brief("fail: one\nfail: two") == "fail: one fail: two"


def test_tests_of_one_subject_have_a_table_each(build_record: BuildRecord) -> None:
    first, second = (replace(check("size", 0.3), id=f"checks/test_drift.py::test_{name}") for name in ("a", "b"))
    assert [table.subject for table in drift_tables(build_record([first, second]))] == ["new, test_a", "new, test_b"]
    one, other = (replace(check(name, 0.3), id=f"checks/test_drift.py::test_a[{name}]") for name in ("x", "y"))
    assert [table.subject for table in drift_tables(build_record([one, other]))] == ["new"]
