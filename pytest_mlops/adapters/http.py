"""HTTP through requests: sends one request on a connection of its own and returns all that came back."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from pytest_mlops.adapters.http_raw import exchange_raw
from pytest_mlops.core.errors import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

_KEPT_BYTES = 8 * 1024 * 1024  # of an answer
_BLOCK = 64 * 1024
_AT_ONCE = 32  # connections of one client, before urllib3 warns
_CLOSED = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)  # of a raw message


@dataclass(frozen=True, kw_only=True)
class Raw:
    """What of a message follows the line of the request and `Host`, byte for byte.

    Where it `ends`, the server is told that nothing more will come.
    """

    rest: bytes
    ends: bool = False


@dataclass(frozen=True, kw_only=True)
class Request:
    """One HTTP request; `title` says in a word or two what is special about it.

    With `raw` that is sent instead of headers and body, over plain HTTP alone.
    """

    method: str
    path: str
    body: bytes = b""
    content_type: str = "application/json"
    title: str = ""
    raw: Raw | None = None


def raw_message(request: Request, url: str) -> bytes:
    """Return the whole message of a raw request to a URL."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    head = f"{request.method} {target} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
    return head.encode("latin-1") + (request.raw.rest if request.raw else b"")


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request and what came back: `status` is None and `problem` says why where no whole answer came.

    `log_at` is how long the service's log was before, where it is known. A raw request is `closed` where the server
    closed the connection instead of answering.
    """

    request: Request
    url: str
    status: int | None
    content_type: str = ""
    body: bytes = b""
    elapsed_s: float
    problem: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    log_at: int | None = None
    closed: bool = False

    @property
    def server_failed(self) -> bool:
        """Whether the server answered 5xx, or not at all."""
        return self.status is None or self.status >= 500  # noqa: PLR2004 - HTTP's own number


class HttpClient:
    """Sends requests to one address: no proxy, no redirect, no netrc, every wait limited.

    Each request has a connection of its own, so that a dropped one is that request's doing.
    """

    def __init__(self, url: str, *, timeout_s: float = 10.0) -> None:
        self._session = _requests().Session()
        self._session.trust_env = False
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _requests().adapters.HTTPAdapter(pool_maxsize=_AT_ONCE))
        self.url, self.timeout_s = url.rstrip("/"), timeout_s

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close its connections."""
        self._session.close()

    def send(self, request: Request) -> Exchange:
        """Send a request; never raises for what the server does."""
        url, begun = f"{self.url}{request.path}", time.monotonic()
        try:
            status, headers, body = self._exchange(request, url, begun)
        except _failures() as exc:
            took_s = time.monotonic() - begun
            closed = isinstance(exc, _CLOSED)
            return Exchange(
                request=request, url=url, status=None, elapsed_s=took_s, problem=_words(exc), closed=closed
            )  # fmt: skip
        took_s = time.monotonic() - begun
        return Exchange(
            request=request, url=url, status=status, content_type=headers.get("content-type", ""), body=body,
            elapsed_s=took_s, headers=headers,
        )  # fmt: skip

    def _exchange(self, request: Request, url: str, begun: float) -> tuple[int, Mapping[str, str], bytes]:
        if request.raw is not None:
            message = raw_message(request, url)
            return exchange_raw(url, message, ends=request.raw.ends, timeout_s=self.timeout_s)
        headers = {"Connection": "close", "Accept": "application/json"}
        if request.body or request.method != "GET":
            headers["Content-Type"] = request.content_type
        response = self._session.request(
            request.method, url, data=request.body or None, headers=headers, timeout=self.timeout_s,
            allow_redirects=False, stream=True,
        )  # fmt: skip
        with response:
            body = _read(response.raw.read1, begun + self.timeout_s)
            _check_whole(response.headers.get("Content-Length"), response.headers.get("Content-Encoding"), body)
            return response.status_code, {name.lower(): value for name, value in response.headers.items()}, body


def _read(read_some: Callable[..., bytes], deadline: float) -> bytes:
    """Read an answer to its end, its size limit or the deadline, however slowly it drips."""
    body = b""
    while len(body) < _KEPT_BYTES:
        if time.monotonic() > deadline:
            raise TimeoutError("the answer did not end in time")
        block = read_some(_BLOCK, decode_content=True)
        if not block:
            return body
        body += block
    return body


def _check_whole(announced: str | None, encoding: str | None, body: bytes) -> None:
    if (
        encoding is None
        and announced is not None
        and announced.isdecimal()
        and len(body) < min(int(announced), _KEPT_BYTES)
    ):
        raise ConnectionError(f"the connection was dropped after {len(body)} of {announced} bytes")


def _requests() -> Any:
    try:
        import requests
    except ImportError as exc:
        raise MissingExtra(needs="a check of a service", library="requests", extra="serving") from exc
    return requests


def _failures() -> tuple[type[Exception], ...]:
    requests = _requests()
    from urllib3.exceptions import HTTPError

    return requests.RequestException, HTTPError, HTTPException, OSError


def _words(error: BaseException) -> str:
    """Return the innermost reason of an error, without object addresses."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return f"{type(error).__name__}: {error!s:.200}"
