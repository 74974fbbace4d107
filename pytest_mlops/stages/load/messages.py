"""The requests of a load run as whole HTTP messages, made once before it begins."""

from __future__ import annotations

import base64
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_mlops.adapters.hypothesis import draw
from pytest_mlops.core.digest import digest_bytes, digest_json
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.stages.contract.document import Signature, read_signature
from pytest_mlops.stages.contract.faults import request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_mlops.adapters.http import Request
    from pytest_mlops.core.plain import Json

DRAWN = 100  # rows, where none are given


def digest_of(requests: Sequence[Request]) -> str:
    """Return the digest of requests, wherever they are sent: a service has another port in each run."""
    parts = [[one.method, one.path, one.content_type, digest_bytes(one.body)] for one in requests]
    return digest_json(parts)


@dataclass(frozen=True)
class Address:
    """Where requests go: host and port of a URL, and what stands before their paths."""

    host: str
    port: int
    prefix: str

    @classmethod
    def of(cls, url: str) -> Address:
        """Return the address of a URL.

        Raises
        ------
        DeclarationError
            When it is none of plain HTTP.
        """
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise DeclarationError(
                f"the generator of requests speaks plain HTTP, got {url!r}. Hint: locustfile= for another protocol"
            )
        return cls(parts.hostname, parts.port or 80, parts.path.rstrip("/"))

    def message(self, request: Request) -> bytes:
        """Return a request as it is sent there."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        lines = [
            f"{request.method} {self.prefix}{request.path} HTTP/1.1",
            f"Host: {host}:{self.port}",
            "Accept: application/json",
        ]
        if request.body or request.method not in {"GET", "HEAD"}:
            lines += [f"Content-Type: {request.content_type}", f"Content-Length: {len(request.body)}"]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + request.body


def requests_of(
    contract: Mapping[str, Json] | Signature,
    rows: Sequence[Mapping[str, Any]],
    *,
    batch: int,
    seed: int,
    path: str | None = None,
) -> list[Request]:
    """Return requests that a contract allows, of the rows that are given, or of drawn ones.

    Parameters
    ----------
    contract
        An OpenAPI document, or where a contract takes rows.
    batch
        Rows in a request.

    Raises
    ------
    DeclarationError
        When the contract takes fewer rows in a request, or no rows could be drawn.
    """
    signature = contract if isinstance(contract, Signature) else read_signature(contract, path=path)
    if batch > signature.max_rows:
        raise DeclarationError(
            f"batch must be at most {signature.max_rows:,} rows, as the contract says, got {batch:,}"
        )
    sent = [dict(row) for row in rows] or draw(signature.row, seed=seed, count=DRAWN)
    if not sent:
        raise DeclarationError("the contract allows no row that could be drawn. Hint: rows= gives real ones")
    again = itertools.cycle(sent)
    if batch == 1:
        return [request(signature, [row]) for row in sent]
    return [request(signature, list(itertools.islice(again, batch))) for _ in range(max(len(sent) // batch, 1))]


def messages_of(requests: Sequence[Request], addresses: Sequence[Address]) -> list[Json]:
    """Return what the generator reads: the name of each request, and the message for each address."""
    return [
        [
            one.title or f"{one.method} {one.path.partition('?')[0]}",
            [base64.b64encode(address.message(one)).decode() for address in addresses],
        ]
        for one in requests
    ]
