"""Where an HTTP answer ends: read by what the generator reads, in pieces of any length."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_mlops.runners.http_answer import (
    BROKEN,
    UNTIL_CHUNKS_END,
    UNTIL_CLOSE,
    chunks_end,
    is_last,
    length_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


def counted(body: bytes, status: int = 200) -> bytes:
    return b"HTTP/1.1 %d OK\r\nServer: it\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


def chunked(parts: Sequence[bytes], trailer: bytes = b"") -> bytes:
    written = b"".join(b"%x;name=it\r\n%b\r\n" % (len(part), part) for part in parts)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + written + b"0\r\n" + trailer + b"\r\n"


@given(st.binary(max_size=300))
def test_a_counted_answer_ends_where_it_says(body: bytes) -> None:
    answer = counted(body)
    head = len(answer) - len(body)
    assert [length_of(answer[:n], is_head=False) for n in range(head)] == [0] * head
    assert {length_of(answer[:n], is_head=False) for n in range(head, len(answer) + 1)} == {len(answer)}


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=5), st.sampled_from([b"", b"Digest: it\r\n"]))
def test_a_chunked_answer_ends_after_its_last_chunk(parts: list[bytes], trailer: bytes) -> None:
    answer = chunked(parts, trailer)
    assert length_of(answer, is_head=False) == UNTIL_CHUNKS_END
    head = answer.find(b"\r\n\r\n") + 4
    assert {chunks_end(answer[:n]) for n in range(head, len(answer))} == {0}
    assert chunks_end(answer + b"HTTP/1.1 200") == len(answer)


@pytest.mark.parametrize(
    ("answer", "length"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", 27),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 48),
        (b"HTTP/1.0 200 OK\r\n\r\nwhatever", UNTIL_CLOSE),
        (b"HTTP/1.1 200 OK\r\nContent-Length: nine\r\n\r\n", BROKEN),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -9\r\n\r\n", BROKEN),
        (b"SSH-2.0-OpenSSH_9.2\r\n", BROKEN),
        (b"SSH-2.0\r\n\r\n", BROKEN),
        (b"HTT", 0),
        (b"HTTP/1.1 200 OK\r\n" + b"X: it\r\n" * 10_000, BROKEN),
    ],
)
def test_other_answers(answer: bytes, length: int) -> None:
    assert length_of(answer, is_head=False) == length


def test_an_answer_to_head_has_no_body() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"
    assert length_of(answer, is_head=True) == len(answer)


def test_a_chunk_without_a_length_is_no_http() -> None:
    assert chunks_end(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nmany\r\n") == BROKEN


@pytest.mark.parametrize(
    ("head", "is_it"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0", False),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0", True),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0", True),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0", False),
    ],
)
def test_whether_the_connection_lives_on(head: bytes, is_it: bool) -> None:  # noqa: FBT001 - pytest's parameters
    assert is_last(head + b"\r\n\r\n") is is_it
