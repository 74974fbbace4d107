"""A message of any bytes as a line for a shell: `printf '...' | nc HOST PORT`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytest_mlops.adapters.http import raw_message

if TYPE_CHECKING:
    from pytest_mlops.adapters.http import Exchange

_MANY = re.compile("0{100,}")
_PRINTABLE = range(0x20, 0x7F)
_ESCAPED = {"\r": r"\r", "\n": r"\n", "\\": r"\\", "%": "%%", "'": r"\047"}


def netcat(exchange: Exchange) -> str:
    """Return a raw request as a line for a shell, many zeros as the format that prints them.

    `nc -N` closes its side after the message, as the request did.
    """
    request, parts = exchange.request, urlsplit(exchange.url)
    text = "".join(map(_escaped, raw_message(request, exchange.url).decode("latin-1")))
    text = _MANY.sub(lambda zeros: f"%0{len(zeros[0])}d", text)
    option = "-N " if request.raw is not None and request.raw.ends else ""
    return f"printf '{text}' | nc {option}{parts.hostname} {parts.port or 80}"


def _escaped(letter: str) -> str:
    return _ESCAPED.get(letter) or (letter if ord(letter) in _PRINTABLE else f"\\{ord(letter):03o}")
