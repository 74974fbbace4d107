"""Where an HTTP/1.1 answer ends, and whether its connection lives on. The standard library alone."""

from __future__ import annotations

BROKEN, UNTIL_CLOSE, UNTIL_CHUNKS_END = -1, -2, -3
_HEAD_BYTES = 1 << 16
_NO_BODY = (b"204", b"304")


def length_of(answer: bytes, is_head: bool) -> int:  # noqa: FBT001 - called for each answer
    """Return how long an answer is with its head: 0 where that is not known yet, else how its end is told."""
    head = answer.find(b"\r\n\r\n")
    if head < 0:
        is_http = answer[:5] == b"HTTP/"[: len(answer)]
        return 0 if is_http and len(answer) < _HEAD_BYTES else BROKEN
    if answer[:5] != b"HTTP/":
        return BROKEN
    if is_head or answer[9:12] in _NO_BODY:
        return head + 4
    lines = answer[:head].lower()
    at = lines.find(b"\r\ncontent-length:")
    if at >= 0:
        text = lines[at + 17 :].split(b"\r\n", 1)[0].strip()
        return head + 4 + int(text) if text.isdigit() else BROKEN
    at = lines.find(b"\r\ntransfer-encoding:")
    return UNTIL_CHUNKS_END if at >= 0 and b"chunked" in lines[at:].split(b"\r\n", 2)[1] else UNTIL_CLOSE


def chunks_end(answer: bytes) -> int:
    """Return where the chunks of an answer end, 0 where they do not yet."""
    at = answer.find(b"\r\n\r\n") + 4
    while True:
        line = answer.find(b"\r\n", at)
        if line < 0:
            return 0
        try:
            size = int(answer[at:line].split(b";", 1)[0], 16)
        except ValueError:
            return BROKEN
        if size == 0:
            trailers = answer.find(b"\r\n\r\n", line)
            return trailers + 4 if trailers >= 0 else 0
        at = line + 4 + size
        if at > len(answer):
            return 0


def is_last(answer: bytes) -> bool:
    """Say whether the server closes the connection after this answer."""
    head = answer[: answer.find(b"\r\n\r\n")].lower()
    return b"\r\nconnection: close" in head or (head[:8] == b"http/1.0" and b"keep-alive" not in head)
