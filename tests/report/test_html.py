"""The HTML page: what it shows, that nothing breaks out of it, and that it stays small."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops.core.digest import digest_bytes
from pytest_mlops.core.errors import MissingExtra
from pytest_mlops.core.verdict import Verdict
from pytest_mlops.report.html import LARGEST, render_html
from pytest_mlops.report.record_json import render_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_mlops.core.record import CheckRecord

VOID = {"meta", "input", "line", "rect", "br"}


class Reader(HTMLParser):
    """Reads a page: its tags, attributes and text, and that each tag is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element."""
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element of SVG that closes itself."""
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element."""
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        self.texts.append(data)

    @property
    def text(self) -> str:
        """All text of the page, on one line."""
        return re.sub(r"\s+", " ", " ".join(self.texts))


def test_verdict_comes_first_in_words(red_record: dict[str, Any]) -> None:
    body = render_html(red_record).partition("<body>")[2]
    assert body.startswith('\n<header class="verdict error">\n<p class="quiet">mlops, profile ci</p>\n<h1>error</h1>\n')


def test_evidence_is_shown_with_all_its_facts(red_record: dict[str, Any]) -> None:
    text = Reader(render_html(red_record)).text
    row = "february.dep_delay drift.ks 0.31 0.3 to 0.32 (99 %) at most 0.1 0.21 outside 24,951"
    assert f"{row} Kolmogorov-Smirnov unit=day, seed 7 fail" in text
    assert (
        "january.dep_time data.unexpected_share 0.01 at most 0.05 0.04 inside 27,004 great_expectations 1.24.1 pass"
        in text
    )


def test_a_check_without_evidence_is_shown_with_its_reason(red_record: dict[str, Any]) -> None:
    text = Reader(render_html(red_record)).text
    assert 'AssertionError: 0.79 is below 0.8 pytest --mlops -k "test_auc" no evidence: nothing was judged' in text


def test_a_drifted_column_has_its_histogram_open(red_record: dict[str, Any]) -> None:
    page = render_html(red_record)
    assert "<details open><summary>histogram: february.dep_delay</summary>\n<svg" in page
    assert "<details><summary>histogram: february.carrier</summary>\n<svg" in page
    assert "<details open><summary>latency: delay_api</summary>\n<svg" in page


def test_tables_and_logs_are_shown(red_record: dict[str, Any]) -> None:
    text = Reader(render_html(red_record)).text
    assert "kind why request answer 5xx the answer is an error POST /delay {}" in text
    assert "10 more rows in report.json" in text
    assert "started stopped" in text


def test_it_says_what_it_is_about(red_record: dict[str, Any]) -> None:
    text = Reader(render_html(red_record)).text
    for words in (
        "c0ffee0000000000000000000000000000000000 (clean tree)",
        "7" * 40,
        "sha256:" + "b" * 64,
        "data:january sha256:" + "a" * 64,
        digest_bytes(render_json(red_record).encode()),
        "numpy 2.4.6",
    ):
        assert words in text


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_is_a_word(verdict: Verdict, green_record: dict[str, Any]) -> None:
    green_record |= {"verdict": verdict.value, "verdict_reason": "because"}
    green_record["checks"][0]["verdict"] = green_record["checks"][0]["evidence"][0]["verdict"] = verdict.value
    page = render_html(green_record)
    assert f"<h1>{verdict.words}</h1>" in page
    assert page.count(f'<span class="badge {verdict.value}">{verdict.words}</span>') >= 2


@pytest.mark.parametrize(("profile", "is_there"), [("release", True), ("ci", False), ("commit", False)])
def test_only_a_release_is_signed(profile: str, *, is_there: bool, green_record: dict[str, Any]) -> None:
    page = render_html(green_record | {"profile": profile})
    assert ("Sign-off" in page) is is_there


def test_empty_run_says_that_nothing_ran(empty_record: dict[str, Any]) -> None:
    text = Reader(render_html(empty_record)).text
    assert "not run no lifecycle check gave evidence" in text
    assert "No lifecycle check ran." in text


def test_hostile_text_stays_text(hostile_record: dict[str, Any]) -> None:
    page = render_html(hostile_record)
    reader = Reader(page)
    assert reader.tags.count("script") == page.count("<script") == 1
    assert not any(name.startswith("on") for name in reader.attributes)
    assert not {"\x1b", "\x00", "\u202e"} & set(page)
    assert "<script>alert(1)</script>" in reader.text


def test_nothing_is_loaded_from_elsewhere(red_record: dict[str, Any]) -> None:
    reader = Reader(render_html(red_record))
    assert not {"src", "srcset", "data", "action", "xlink:href"} & reader.attributes
    assert not {"link", "img", "iframe", "object", "embed"} & set(reader.tags)


def test_five_thousand_checks_stay_below_a_mebibyte(build_record: Callable[..., Any], drift_check: CheckRecord) -> None:
    green = replace(drift_check, verdict="pass", outcome="passed", reason="", evidence=drift_check.evidence[1:])
    checks = [replace(green, id=f"checks/test_many.py::test_column[{i}]") for i in range(4_999)]
    page = render_html(build_record([*checks, drift_check]))
    assert LARGEST * 0.9 < len(page.encode()) <= LARGEST
    assert page.count("<svg") == 2
    omitted = re.search(r"leaves out the artefacts of checks that pass, and ([\d,]+) checks that pass\.", page)
    assert omitted is not None
    assert page.count("<tbody id=") + int(omitted[1].replace(",", "")) == 5_000
    Reader(page)


def test_plots_of_green_checks_go_first(build_record: Callable[..., Any], drift_check: CheckRecord) -> None:
    green = replace(drift_check, verdict="pass", outcome="passed", reason="", evidence=drift_check.evidence[1:])
    page = render_html(build_record([replace(green, id=f"a.py::test[{i}]") for i in range(300)]))
    assert "leaves out the artefacts of checks that pass. All of it is in report.json." in page
    assert (page.count("<tbody id="), page.count("<svg")) == (300, 0)


def test_red_checks_that_do_not_fit_are_counted(build_record: Callable[..., Any], drift_check: CheckRecord) -> None:
    checks = [replace(drift_check, id=f"a.py::test[{i}]", reason="x" * 10_000) for i in range(1_000)]
    page = render_html(build_record(checks))
    assert len(page.encode()) <= LARGEST
    assert re.search(r"\d+ checks that do not pass\. All of it is in report\.json", page)


def test_a_megabyte_of_reason_is_cut(build_record: Callable[..., Any], drift_check: CheckRecord) -> None:
    page = render_html(
        build_record([replace(drift_check, reason="x" * 2**20)], partial="y" * 2**20, command="z" * 2**20)
    )
    assert len(page.encode()) < 100_000
    assert page.count("<tbody id=") == 1


def test_without_jinja_it_names_the_extra(green_record: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(MissingExtra, match=r'pip install "pytest-mlops\[report\]"'):
        render_html(green_record)
