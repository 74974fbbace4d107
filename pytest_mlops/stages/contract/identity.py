"""The law of what is deployed: answers name the version and the model that they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlops.adapters.http import Request
from pytest_mlops.stages.contract.answers import read_json, wrong_with_answer
from pytest_mlops.stages.contract.faults import request
from pytest_mlops.stages.contract.findings import Findings, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_mlops.adapters.http import Exchange
    from pytest_mlops.stages.contract.bench import Bench

_PATHS = ("/version", "/ping")


def answers_name_what_was_deployed(bench: Bench) -> Findings:
    """Look for the declared names in a prediction's answer, at `/version` and `/ping`, and in the headers of each."""
    findings = Findings()
    if not bench.deployed:
        findings.missing = "nothing is said to be deployed. Hint: give deployed={'model_digest': 'sha256:...'}"
        return findings
    rows = bench.plain_rows
    answer = bench.send(findings, request(bench.signature, rows))
    if problem := wrong_with_answer(answer, bench.signature, len(rows)):
        findings.add(Violation("not_answered", problem, answer))
        return findings
    others = [bench.send(findings, Request(method="GET", path=path)) for path in _PATHS]
    said = [(exchange, names_in(exchange)) for exchange in (answer, *others)]
    for name, expected in bench.deployed.items():
        found = [(exchange, names[name]) for exchange, names in said if name in names]
        if not found:
            why = f"an answer must name {name} {expected!r}, got none at {answer.request.path}, {', '.join(_PATHS)}"
            findings.add(Violation(name, why, answer))
        for exchange, got in found:
            if got != str(expected):
                place = f"{name} at {exchange.request.path}"
                findings.add(Violation(place, f"what was deployed is {expected!r}, got {got!r}", exchange))
    return findings


def names_in(exchange: Exchange) -> Mapping[str, str]:
    """Return what an answer says at its top level and in its headers; `X-Model-Digest` is `model_digest`."""
    return {**dict(_in_headers(exchange)), **dict(_in_body(exchange))}


def _in_headers(exchange: Exchange) -> Iterator[tuple[str, str]]:
    for name, value in exchange.headers.items():
        yield name.replace("-", "_").removeprefix("x_"), value


def _in_body(exchange: Exchange) -> Iterator[tuple[str, str]]:
    try:
        body = read_json(exchange.body) if exchange.status == 200 else None  # noqa: PLR2004 - HTTP's own number
    except (ValueError, RecursionError):
        return
    for name, value in body.items() if isinstance(body, dict) else ():
        if isinstance(value, str | int | float):
            yield name, str(value)
