"""What every law is tried with: the service, its document, rows, and a client that counts."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.hypothesis import draw, explore
from pytest_mlops.adapters.jsonschema import compile_schema
from pytest_mlops.stages.contract.answers import wrong_with_answer
from pytest_mlops.stages.contract.faults import Rows, request
from pytest_mlops.stages.contract.findings import Findings, Violation
from pytest_mlops.stages.contract.mask import Mask
from pytest_mlops.stages.contract.space import within

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from pytest_mlops.adapters.http import Exchange, HttpClient, Request
    from pytest_mlops.core.plain import Json
    from pytest_mlops.stages.contract.document import Signature
    from pytest_mlops.stages.contract.sources import Spoken
    from pytest_mlops.stages.service_endpoint import Endpoint

Offline = Callable[[Rows], Sequence[Any]]
_ROWS_A_REQUEST = 500
_SAY_EVERY_S = 5.0


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What every law is tried with.

    Attributes
    ----------
    spoken
        What the service speaks: its document, and how rows become requests.
    committed
        The document that is in the repository, where there is one.
    offline
        What predicts rows without the service, or the predictions for `examples`.
    outputs
        What was declared of the values of predictions.
    directions, score
        Fields that move a score, each to one side, and which number of a prediction that is.
    suite_rows
        Rows as a suite of expectations describes them, where one was given.
    deployed
        What answers must name: `{"model_digest": "sha256:..."}`.
    ends_within_s
        How long the service may take to end once it is told to.
    mask
        Hides the values of `examples` in what is told.
    failures
        The failures of the server that were met on the way.
    """

    service: Endpoint
    client: HttpClient
    spoken: Spoken
    committed: Mapping[str, Json] | None
    examples: Rows
    offline: Offline | Sequence[Any] | None
    tolerance: float
    seed: int
    max_examples: int
    time_limit_s: float
    progress: Callable[[str], None]
    outputs: Mapping[str, object] = field(default_factory=dict)
    directions: Mapping[str, str] = field(default_factory=dict)
    score: str = ""
    suite_rows: SearchStrategy[Mapping[str, Any]] | None = None
    deployed: Mapping[str, object] = field(default_factory=dict)
    ends_within_s: float = 10.0
    mask: Mask = field(default_factory=Mask)
    failures: Findings = field(default_factory=Findings)

    @property
    def signature(self) -> Signature:
        """Where rows go in and predictions come out."""
        return self.spoken.signature

    @property
    def contract(self) -> Mapping[str, Json]:
        """The OpenAPI document that requests are made from."""
        return self.spoken.document

    def send(self, findings: Findings, request: Request) -> Exchange:
        """Send a request and count it."""
        findings.tried += 1
        return self.exchange(request)

    def exchange(self, request: Request) -> Exchange:
        """Send a request, and note where the service's log ended before."""
        log_at = self.service.log_size()
        return replace(self.client.send(request), log_at=log_at)

    def ask(self, findings: Findings, rows: Rows, kind: str) -> list[Any] | None:
        """Return the predictions for valid rows; where there are none, that is a violation of this kind."""
        predictions: list[Any] = []
        for chunk in chunks(rows, min(self.signature.max_rows, _ROWS_A_REQUEST)):
            exchange = self.exchange(request(self.signature, chunk))
            problem = wrong_with_answer(exchange, self.signature, len(chunk))
            if problem:
                findings.tried += len(chunk)
                findings.add(Violation(kind, problem, exchange, real=findings.real))
                return None
            predictions += self.signature.wire.decode(exchange.body)
        return predictions

    def explore(
        self,
        findings: Findings,
        drawn: Mapping[str, Any] | SearchStrategy[Any],
        probe: Callable[[Any], bool],
        *,
        share: float = 1.0,
    ) -> None:
        """Give `share` of `max_examples` values of a schema or a strategy to `probe`; say so where time ran out."""
        examples = math.ceil(self.max_examples * share)
        complete = explore(
            drawn,
            self._heard(findings, probe),
            seed=self.seed,
            max_examples=examples,
            time_limit_s=self.time_limit_s,
        )
        if not complete and not findings.violations:
            findings.missing = f"stopped after {self.time_limit_s:g} s, before all {examples} drawn requests were sent"

    def _heard(self, findings: Findings, probe: Callable[[Any], bool]) -> Callable[[Any], bool]:
        """Return a probe that says every few seconds how far it is."""
        say_at = itertools.count(time.monotonic() + _SAY_EVERY_S, _SAY_EVERY_S)
        due = [next(say_at)]

        def heard(value: object) -> bool:
            if time.monotonic() > due[0]:
                due[0] = next(say_at)
                self.progress(f"{findings.tried} {findings.unit} tried so far")
            return probe(value)

        return heard

    @property
    def plain_rows(self) -> Rows:
        """Return one valid row to spoil: the first real one where its values may be shown, else a drawn one."""
        problem = compile_schema(self.signature.row)
        real = None if self.mask.hides else next((row for row in self.examples if not problem(row)), None)
        return [real] if real is not None else draw(self.rows_schema(), seed=self.seed, count=1)[0][:1]

    def some_rows(self, count: int) -> Rows:
        """Return valid rows: real ones first, then drawn ones; fewer than `count` where the document allows fewer."""
        problem = compile_schema(self.signature.row)
        real = [row for row in self.examples if not problem(row)][:count]
        more = count - len(real)
        return [*real, *self.drawn_rows(more)] if more else real

    def drawn_rows(self, count: int) -> Rows:
        """Return `count` drawn rows; fewer where the document allows fewer."""
        return draw(self.signature.row, seed=self.seed, count=count)

    def rows_schema(self, *, at_least: int = 1) -> dict[str, Any]:
        """Return the schema of a list of rows, at least so many."""
        rows = dict(self.signature.body["properties"][self.signature.rows])
        rows["items"] = within(rows["items"], self.spoken.ranges)
        return {**rows, "minItems": min(max(rows.get("minItems", 0), at_least), self.signature.max_rows)}


def chunks(rows: Rows, size: int) -> Iterator[Rows]:
    """Yield rows in lists of at most `size`."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
