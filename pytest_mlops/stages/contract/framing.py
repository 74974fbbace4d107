"""Requests whose rows are right and whose framing is wrong: where a body ends can't be told, or is told twice.

A service that guesses reads another body than a proxy before it, which is how requests are smuggled (RFC 9112, section
11.2). Most of them never reach an application: its server refuses them, in its own words, or closes the connection.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytest_mlops.adapters.http import Raw
from pytest_mlops.stages.contract.answers import wrong_with_answer
from pytest_mlops.stages.contract.refusals import wrong_with_manner
from pytest_mlops.stages.service_endpoint import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from pytest_mlops.adapters.http import Exchange, Request
    from pytest_mlops.stages.contract.document import Signature

LONG_HEADER_BYTES = 1_000_000
_LACKING = 16  # bytes of a body that never come
_NOT_IMPLEMENTED = 501
_OK = 200


@dataclass(frozen=True, kw_only=True)
class Framing:
    """A named way to say wrongly where a body ends.

    Attributes
    ----------
    headers
        The lines that frame a body.
    body
        What is sent for it.
    line_end
        Ends the lines.
    ends
        Whether the server is told that nothing more will come.
    tolerable
        Whether HTTP lets a server take it all the same: then the answer must be right.
    statuses
        That are a refusal beside 4xx.
    """

    name: str
    headers: Callable[[bytes], Sequence[str]]
    body: Callable[[bytes], bytes] = bytes
    line_end: str = "\r\n"
    ends: bool = False
    tolerable: bool = False
    statuses: Collection[int] = ()


def may_be_framed(url: str) -> bool:
    """Say whether what is at a URL may be sent such requests: a proxy on the way could mix up those of others."""
    parts = urlsplit(url)
    return parts.scheme == "http" and is_loopback(parts.hostname or "")


def framed(request: Request, framing: Framing) -> Request:
    """Return a request framed that way."""
    lines = [f"Content-Type: {request.content_type}", "Accept: application/json", "Connection: close"]
    head = framing.line_end.join([*lines, *framing.headers(request.body), "", ""])
    return replace(request, raw=Raw(rest=head.encode("latin-1") + framing.body(request.body), ends=framing.ends))


def wrong_with_framing(exchange: Exchange, framing: Framing, signature: Signature, rows: int) -> str:
    """Say what is wrong with what became of so many rows that were framed wrongly."""
    status = exchange.status
    if framing.tolerable and status == _OK:
        return wrong_with_answer(exchange, signature, rows)
    if exchange.closed or status in framing.statuses or (status is not None and 400 <= status < 500):  # noqa: PLR2004 - HTTP's own numbers
        return wrong_with_manner(exchange)
    also = "".join(f" or {status}" for status in framing.statuses)
    return f"must be refused with 4xx{also}, or the connection closed, got {status or exchange.problem}"


def _length(text: str) -> list[str]:
    return [f"Content-Length: {text}"]


def _chunks(size: str, body: bytes) -> bytes:
    return size.encode() + b"\r\n" + body + b"\r\n0\r\n\r\n"


def _chunked(_: bytes) -> list[str]:
    return ["Transfer-Encoding: chunked"]


FRAMINGS = (
    # RFC 9112, section 6.3: a length that is no number, or two that differ, must be refused.
    Framing(name="length_is_no_number", headers=lambda _: _length("twelve")),
    Framing(name="negative_length", headers=lambda body: _length(f"-{len(body)}")),
    # What Python's int() takes, and HTTP does not.
    Framing(name="length_with_sign", headers=lambda body: _length(f"+{len(body)}")),
    Framing(name="length_with_underscore", headers=lambda body: _length(f"0_{len(body)}")),
    Framing(
        name="two_lengths_first_right",
        headers=lambda body: [*_length(f"{len(body)}"), *_length(f"{len(body) - 1}")],
    ),
    Framing(
        name="two_lengths_last_right",
        headers=lambda body: [*_length(f"{len(body) - 1}"), *_length(f"{len(body)}")],
    ),
    # Section 8: a body that is not whole is no body.
    Framing(name="body_shorter_than_length", headers=lambda body: _length(f"{len(body) + _LACKING}"), ends=True),
    Framing(
        name="chunk_is_cut_off",
        headers=_chunked,
        body=lambda body: _chunks(f"{len(body):x}", body)[:-_LACKING],
        ends=True,
    ),
    Framing(name="no_last_chunk", headers=_chunked, body=lambda body: _chunks(f"{len(body):x}", body)[:-5], ends=True),
    Framing(name="chunk_size_is_no_number", headers=_chunked, body=lambda body: _chunks("zz", body)),
    Framing(name="chunk_size_with_prefix", headers=_chunked, body=lambda body: _chunks(f"{len(body):#x}", body)),
    Framing(name="chunk_size_with_underscore", headers=_chunked, body=lambda body: _chunks(f"0_{len(body):x}", body)),
    # Section 6.1: 501; section 6.3: 400, since no length counts beside it.
    Framing(
        name="unknown_transfer_encoding",
        headers=lambda body: ["Transfer-Encoding: quizzical", *_length(f"{len(body)}")],
        statuses=[_NOT_IMPLEMENTED],
    ),
    # Section 6.1: may be refused, or read as chunks alone.
    Framing(
        name="length_and_chunks",
        headers=lambda body: [*_length(f"{len(body)}"), *_chunked(body)],
        body=lambda body: _chunks(f"{len(body):x}", body),
        tolerable=True,
    ),
    # Section 2.2: may be taken for the end of a line.
    Framing(
        name="bare_line_feeds",
        headers=lambda body: _length(f"{len(body)}"),
        line_end="\n",
        ends=True,
        tolerable=True,
    ),
    # RFC 9110, section 5.4: refused with 4xx where it is more than a server takes.
    Framing(
        name="header_of_a_megabyte",
        headers=lambda body: [*_length(f"{len(body)}"), f"X-Long: {'0' * LONG_HEADER_BYTES}"],
        tolerable=True,
    ),
)
