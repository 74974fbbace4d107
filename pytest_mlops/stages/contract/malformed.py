"""Texts that are no JSON document in UTF-8, each with one fault: pure functions of a right one."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_GZIP = b"\x1f\x8b\x08\x00"

MALFORMED: Mapping[str, Callable[[str], str | bytes]] = MappingProxyType({
    "empty_body": lambda _: "",
    "whitespace_body": lambda _: " \t\r\n ",
    "broken_json": lambda text: text.replace(":", "=", 1),
    "truncated_json": lambda text: text[: -len(text) // 3],
    "trailing_text": lambda text: f"{text} x",
    "trailing_comma": lambda text: f"{text[:-1]},}}",
    "two_documents": lambda text: f"{text}\n{text}",
    "comment": lambda text: f"/* rows */ {text}",
    "single_quotes": lambda text: text.replace('"', "'"),
    "unquoted_key": lambda text: re.sub(r'"(\w+)"', r"\1", text, count=1),
    "no_braces": lambda text: text[1:-1],
    "null_byte": lambda text: f"{text}\0",
    "invalid_utf8": lambda text: text.encode().replace(b'": ', b'\xff": ', 1),
    # RFC 8259, section 8.1: JSON between systems is UTF-8.
    "utf_16": lambda text: text.encode("utf-16"),
    "gzip_garbage": lambda text: _GZIP + text.encode(),
})  # fmt: skip

# Numbers as other languages write them, and JSON does not.
NO_NUMBERS: Mapping[str, str] = MappingProxyType({
    "hex_number": "0x10",
    "leading_zero": "007",
    "plus_sign": "+1",
    "bare_point": "1.",
})  # fmt: skip
