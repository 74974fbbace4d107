"""Patterns: the linear-time engines read them as Python does."""

from __future__ import annotations

import re
import time

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pytest_mlops import DeclarationError
from pytest_mlops.adapters.regex import search
from pytest_mlops.core.errors import ToolError
from pytest_mlops.stages.data.pattern import NeedsBacktracking, check_pattern, like, linear

TEXTS = [
    "",
    "a",
    "A1",
    "é",
    "ß9",
    "a b",
    "a\tb",
    "a\u00a0b",
    "a\u2003b",
    "٣",
    "x\n",
    "x\ny",
    "a-b",
    "]",
    "[",
    "^",
    "a.b",
    "日本",
    "_",
    "\\",
    "&&",
    "a$",
]
PATTERNS = [
    r"^\w+$", r"\d", r"\s", r"\W", r"\D+", r"\S$", r"^a.b$", r"[\d_]", r"[^\w]", r"[]a]", r"[^]]", r"a\.b",
    r"\u00e9", r"\xe9",
    r"(?i)^É$", r"a{1,2}", r"(a|b)+", r"(?:x)$", r"\Ax\Z", r"[&]", r"[a\-z]", r"^$", r"x$", r"(?P<n>a)", r"[\s]",
    r"\\", r"(?s)x.y",
    r"\$", r"[$]", r"\ta?b|a\tb",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_both_dialects_match_what_python_matches(pattern: str) -> None:
    expected = [re.search(pattern, text) is not None for text in TEXTS]
    assert pc.match_substring_regex(pa.array(TEXTS), linear(pattern, "re2")).to_pylist() == expected
    assert pl.Series(TEXTS).str.contains(linear(pattern, "rust")).to_list() == expected


@pytest.mark.parametrize("pattern", [r"(?=a)b", r"(?<!a)b", r"(a)\1", r"(?P<x>a)(?P=x)", r"[\W]", r"a++", r"(?>a)"])
def test_what_needs_backtracking_is_told(pattern: str) -> None:
    with pytest.raises(NeedsBacktracking):
        linear(pattern, "re2")


def test_a_pattern_that_would_run_for_ever_is_stopped() -> None:
    """It looks ahead, so no linear-time engine can take it; the time for one text is bounded."""
    began = time.monotonic()
    with pytest.raises(ToolError, match=r"took over 1 s on one value of 41 characters. Hint: write it without nested"):
        search(r"^(a|aa)+(?=b)$", "a" * 40 + "!")
    assert time.monotonic() - began < 20


def test_what_python_cannot_read_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"regex '\[a' can't be read: unterminated character set"):
        check_pattern("[a")
    with pytest.raises(DeclarationError, match="regex must be text, got 5"):
        check_pattern(5)


@pytest.mark.parametrize(
    ("pattern", "escape", "text", "matches"),
    [
        ("a%", None, "abc", True),
        ("a%", None, "bac", False),
        ("_", None, "\n", True),
        ("a.c", None, "abc", False),
        ("100!%", "!", "100%", True),
        ("100!%", "!", "1000", False),
        ("", None, "", True),
        ("A", None, "a", False),
    ],
)
def test_like_is_that_of_sql(pattern: str, escape: str | None, text: str, matches: bool) -> None:  # noqa: FBT001 - a column of the table
    assert (re.search(like(pattern, escape), text) is not None) is matches
    assert pc.match_substring_regex(pa.array([text]), linear(like(pattern, escape), "re2")).to_pylist() == [matches]
