"""Text of users, made fit to print: no control characters, one line, no longer than there is room."""

from __future__ import annotations

import re

# What XML 1.0 does not allow, and the marks that turn the direction of text round and so can hide a word.
_UNFIT = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2029\u202f-\u2065\u206a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def fit(text: object) -> str:
    """Return text in which every character that can't be printed is `\N{REPLACEMENT CHARACTER}`.

    >>> fit("red" + chr(27) + "[0m")
    'red\N{REPLACEMENT CHARACTER}[0m'
    """
    return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", str(text))


def one_line(text: object) -> str:
    """Return text on one line, each run of white space as one space."""
    return " ".join(fit(text).split())


def brief(story: str) -> str:
    r"""Return a story on one line; of one with a picture, the first line and the likely cause.

    >>> brief("fail: size moved\n  before █· now ▅▅\n  likely a unit"), brief("fail: a\nfail: b")
    ('fail: size moved; likely a unit', 'fail: a fail: b')
    """
    lines = [one_line(line) for line in story.splitlines()]
    if not any(line.startswith("before ") and " now " in line for line in lines):
        return one_line(story)
    return "; ".join([lines[0], *(line for line in lines if line.startswith("likely "))])


def shorten(text: str, width: int) -> str:
    """Return text of at most `width` characters, cut with `…`.

    >>> shorten("reproducibility", 6), shorten("data", 6)
    ('repro…', 'data')
    """
    return text if len(text) <= width else text[: max(width - 1, 0)].rstrip() + "…"
