r"""Patterns: Python's dialect, written so that linear-time engines read it the same way.

`\d`, `\w` and `\s` are Unicode in Python and ASCII in RE2; `$` may stand before a last line end in Python alone.
What no linear-time engine can do (look-around, back-references, atomic groups) is told by `NeedsBacktracking`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from pytest_mlops.core.errors import DeclarationError

Dialect = Literal["re2", "rust"]
_SPACE = r"\t-\r\x{1c}-\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"
_SETS = {"d": r"\p{Nd}", "w": r"\p{L}\p{N}_", "s": _SPACE}
_BACKTRACKS = ("(?=", "(?!", "(?<=", "(?<!", "(?P=", "(?>", "(?(")
_HEX = {"x": 2, "u": 4, "U": 8}
_CONTROL = "abfnrtv"


class NeedsBacktracking(Exception):
    """The pattern uses what a linear-time engine does not have."""


def check_pattern(pattern: object) -> str:
    """Return a pattern that Python can compile.

    Raises
    ------
    DeclarationError
        When it can't.
    """
    if not isinstance(pattern, str):
        raise DeclarationError(f"regex must be text, got {pattern!r}")
    try:
        re.compile(pattern)
    except re.error as exc:
        raise DeclarationError(f"regex {pattern!r} can't be read: {exc}") from exc
    return pattern


def linear(pattern: str, dialect: Dialect) -> str:
    r"""Return the same pattern for RE2 or for Rust's engine.

    >>> print(linear(r"^[A-Z]{2}\d+$", "re2"))
    ^[A-Z]{2}[\p{Nd}]+(?:\n?\z)

    Raises
    ------
    NeedsBacktracking
        When there is none.
    """
    if any(word in pattern for word in _BACKTRACKS) or re.search(r"[*+?}]\+", re.sub(r"\\.", "__", pattern)):
        raise NeedsBacktracking(pattern)
    return _Translation(pattern, dialect).text()


def like(pattern: str, escape: str | None = None) -> str:
    r"""Return the pattern of SQL's LIKE, as Python writes it: `%` is any text, `_` any character.

    >>> print(like("a%_"))
    (?s)\Aa.*.\Z
    """
    parts, at = [], 0
    while at < len(pattern):
        letter = pattern[at]
        if escape and letter == escape and at + 1 < len(pattern):
            at += 1
            parts.append(re.escape(pattern[at]))
        else:
            parts.append({"%": ".*", "_": "."}.get(letter) or re.escape(letter))
        at += 1
    return rf"(?s)\A{''.join(parts)}\Z"


@dataclass
class _Translation:
    pattern: str
    dialect: Dialect
    at: int = 0
    in_class: bool = False
    out: list[str] = field(default_factory=list)

    def text(self) -> str:
        many_lines = re.search(r"\(\?[a-z]*m", self.pattern) is not None
        while self.at < len(self.pattern):
            letter = self.pattern[self.at]
            self.at += 1
            if letter == "\\":
                self._escape()
            elif self.in_class:
                self._within(letter)
            elif letter == "[":
                self._open()
            elif letter == "$" and not many_lines:
                self.out.append(r"(?:\n?\z)")
            else:
                self.out.append(letter)
        return "".join(self.out)

    def _open(self) -> None:
        self.in_class = True
        self.out.append("[")
        if self.pattern[self.at : self.at + 1] == "^":
            self.out.append("^")
            self.at += 1
        if self.pattern[self.at : self.at + 1] == "]":
            self.out.append(r"\]")
            self.at += 1

    def _within(self, letter: str) -> None:
        if letter == "]":
            self.in_class = False
        # In a class of Rust, `[`, `&&`, `--` and `~~` have a meaning that they have not in Python.
        self.out.append(f"\\{letter}" if letter in "[&~" else letter)

    def _escape(self) -> None:
        letter = self.pattern[self.at]
        self.at += 1
        if letter.lower() in _SETS:
            self._set(letter)
        elif letter in _HEX:
            digits = self.pattern[self.at : self.at + _HEX[letter]]
            self.at += len(digits)
            self.out.append(rf"\x{{{digits}}}")
        elif letter in "bBAZ" and not self.in_class:
            words = {"Z": r"\z", "A": r"\A"} | ({"b": r"(?-u:\b)", "B": r"(?-u:\B)"} if self.dialect == "rust" else {})
            self.out.append(words.get(letter, f"\\{letter}"))
        elif letter == "b":
            self.out.append(r"\x{8}")
        elif letter in _CONTROL or not letter.isalnum():
            self.out.append(f"\\{letter}" if letter.isascii() else letter)
        else:
            raise NeedsBacktracking(self.pattern)  # \1, \N{...}, an octal number

    def _set(self, letter: str) -> None:
        members = _SETS[letter.lower()]
        if letter.islower():
            self.out.append(members if self.in_class else f"[{members}]")
        elif self.in_class:
            raise NeedsBacktracking(self.pattern)
        else:
            self.out.append(f"[^{members}]")
