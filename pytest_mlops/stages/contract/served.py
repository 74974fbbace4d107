"""The OpenAPI document that a service serves, and whether it is still what was committed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.http import Request
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.stages.contract.answers import read_json, wrong_with_json
from pytest_mlops.stages.contract.contract_change import contract_changes
from pytest_mlops.stages.contract.document import read_signature
from pytest_mlops.stages.contract.findings import Findings, Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_mlops.adapters.http import Exchange, HttpClient
    from pytest_mlops.core.plain import Json
    from pytest_mlops.stages.contract.bench import Bench
    from pytest_mlops.stages.contract.document import Signature

_PATH = "/openapi.json"
ASK = Request(method="GET", path=_PATH)
_TOLD = 8  # changes in a note


def document_of(exchange: Exchange) -> Mapping[str, Json] | None:
    """Return the document that an answer holds; None where it holds none."""
    try:
        document = read_json(exchange.body) if exchange.status == 200 else None  # noqa: PLR2004 - HTTP's own number
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def served_signature(client: HttpClient, ours: Signature) -> Signature | None:
    """Return what the served document says of the operation that takes rows; None where it says the same of requests.

    A document that can't be read says nothing here; `no_breaking_change` tells of it.
    """
    document = document_of(client.send(ASK))
    try:
        theirs = None if document is None else read_signature(document, path=ours.path)
    except DeclarationError:
        return None
    return None if theirs is None or theirs.body == ours.body else theirs


def no_breaking_change(bench: Bench) -> Findings:
    """Compare the document that is served with the committed one, as a client sees it."""
    findings = Findings(unit="documents")
    if bench.committed is None:
        findings.missing = "there is no committed document to compare with. Hint: give committed="
        return findings
    exchange = bench.send(findings, ASK)
    problem = wrong_with_json(exchange, None) if exchange.status == 200 else f"must answer 200, got {exchange.status}"  # noqa: PLR2004 - HTTP's own number
    try:
        changes = [] if problem else contract_changes(bench.committed, read_json(exchange.body))
    except (DeclarationError, AttributeError, TypeError, KeyError) as exc:  # it is JSON, and no OpenAPI document
        problem, changes = f"what is served can't be read as an OpenAPI document: {exc!s:.200}", []
    if problem:
        findings.add(Violation(_PATH, problem, exchange))
    for change in (change for change in changes if change.breaking):
        findings.add(Violation(change.place, change.words().removeprefix(f"{change.place}: "), exchange))
    findings.told = _told(changes)
    return findings


def _told(changes: Any) -> str:
    """Return what changed in words, the breaking changes first."""
    words = [f"{'breaking' if change.breaking else 'no break'}: {change.words()}" for change in changes]
    more = [f"and {len(words) - _TOLD} more changes"] if len(words) > _TOLD else []
    return "\n".join([*words[:_TOLD], *more])
