"""Text of users, made fit to print."""

from __future__ import annotations

import pytest

from pytest_mlops.report.text import fit, one_line, shorten


@pytest.mark.parametrize("bad", ["\x00", "\x1b", "\x7f", "\x85", "\ud800", "\ufffe", "\u202e", "\u2066"])
def test_what_cannot_be_printed_is_replaced(bad: str) -> None:
    assert fit(f"a{bad}b") == "a\N{REPLACEMENT CHARACTER}b"


@pytest.mark.parametrize("good", ["naïve", "≤ 5", "日本", "🚲", "tab\tand\nline"])
def test_what_can_be_printed_stays(good: str) -> None:
    assert fit(good) == good


def test_one_line_folds_white_space() -> None:
    assert one_line(" a\n\n  b\tc ") == "a b c"


@pytest.mark.parametrize(("width", "shown"), [(4, "data"), (3, "da…"), (1, "…"), (0, "…")])
def test_shorten_cuts_with_a_mark(width: int, shown: str) -> None:
    assert shorten("data", width) == shown
