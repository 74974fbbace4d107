"""The way back to the old version while requests come: how long it takes, and how many fail meanwhile."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.digest import digest_json
from pytest_mlops.core.errors import DeclarationError, ToolError
from pytest_mlops.core.measurement import Measurement
from pytest_mlops.core.plain import plain
from pytest_mlops.core.result import Result
from pytest_mlops.stages.canary.pairs import failure_of
from pytest_mlops.stages.canary.stream import Sent, Stream
from pytest_mlops.stages.contract.answers import read_json
from pytest_mlops.stages.contract.document import Signature, read_signature
from pytest_mlops.stages.contract.faults import request
from pytest_mlops.stages.contract.identity import names_in
from pytest_mlops.stages.contract.measure import contract_of
from pytest_mlops.stages.service_endpoint import Endpoint, endpoint, silent

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pytest_mlops.adapters.http import Exchange
    from pytest_mlops.core.plain import Json

_BEFORE_S, _SETTLED_S, _LOOK_S = 1.0, 1.0, 0.05
_SHOWN = 5

IsBack = Callable[[Any], bool] | Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class RollBack:
    """How it is rolled back, and how that is seen.

    Attributes
    ----------
    call
        Rolls back; it may return before all is done.
    is_back
        What the old version's answers say (`{"model_digest": "sha256:..."}`, in the body or in a header), or a
        function from the JSON of an answer to whether it is the old version's.
    rate
        Requests a second meanwhile.
    longest_s
        How long it is waited for.
    timeout_s
        How long an answer is waited for.
    """

    call: Callable[[], object]
    is_back: IsBack
    rate: float = 50.0
    longest_s: float = 30.0
    timeout_s: float = 5.0
    allowed_hosts: Collection[str] = field(default=())

    def check(self) -> None:
        """Refuse what can't be measured."""
        if not self.rate > 0 or not self.longest_s > _SETTLED_S:
            raise DeclarationError(
                f"a rollback needs a rate above 0 and more than {_SETTLED_S:g} s, got {self.rate:g} requests a "
                f"second and {self.longest_s:g} s"
            )
        if not callable(self.is_back) and not self.is_back:
            raise DeclarationError("is_back must say what the old version's answers say, got nothing. "
                                   "Hint: is_back={'model_digest': 'sha256:...'}")  # fmt: skip


def measure_rollback(
    service: Endpoint | str,
    back: RollBack,
    rows: Sequence[Mapping[str, Any]],
    *,
    contract: Mapping[str, Json] | None = None,
    progress: Callable[[str], None] = silent,
) -> Result:
    """Roll back while requests come, and measure from the call until all answers are the old version's.

    It is back when all requests of a second were answered by the old version; the time is that of the last request
    which was not. Where it never is, the time is infinite, and no limit holds.

    Parameters
    ----------
    service
        What the callers talk to: a router, a gateway, the service itself.
    rows
        Recorded ones; each is a request.
    contract
        The OpenAPI document that answers are held to; by default the one that is served.

    Raises
    ------
    DeclarationError
        When there are no rows, or a host is not allowed.
    ToolError
        When rolling back raised, did not return in time, or there is no document.
    """
    back.check()
    if not rows:
        raise DeclarationError("a rollback needs recorded rows, got none. Hint: rows=, a list or a file of JSON lines")
    target = endpoint(service, allowed_hosts=back.allowed_hosts)
    signature = read_signature(contract_of(service, contract, back.allowed_hosts))
    look = _Look(signature, back.is_back)
    requests = [request(signature, [dict(row)]) for row in rows]
    with Stream(target.url, requests, rate=back.rate, timeout_s=back.timeout_s) as stream:
        time.sleep(_BEFORE_S)
        progress(f"{target.name}: rolling back at {back.rate:g} requests a second")
        called_s = time.monotonic()
        took_s = _call(back, stream, look, called_s)
        stream.end()
    run = _Run(name=target.name, back=back, look=look, sent=stream.sent(), called_s=called_s, took_s=took_s)
    return Result(
        stage="serving",
        subject=target.name,
        measurements=(run.rollback_time(), run.failed_requests()),
        digests={f"requests:{target.name}": digest_json(plain([dict(row) for row in rows]))},
    )


@dataclass(frozen=True)
class _Look:
    """Looks at answers: did they fail, and whose are they."""

    signature: Signature
    is_back: IsBack

    def failure(self, sent: Sent) -> str:
        """Return what kind of failure it is; empty for none."""
        return failure_of(sent.exchange, self.signature)

    def is_old(self, sent: Sent) -> bool:
        """Say whether it is a right answer of the old version."""
        return not self.failure(sent) and self._says_so(sent.exchange)

    def _says_so(self, exchange: Exchange) -> bool:
        if callable(self.is_back):
            return bool(self.is_back(read_json(exchange.body)))
        names = names_in(exchange)
        return all(names.get(name) == str(value) for name, value in self.is_back.items())

    def back_since_s(self, stream: Stream, called_s: float) -> float | None:
        """Return when the last request was sent that the old version did not answer; None before that is known."""
        known_s, after = stream.waiting_since_s(), [one for one in stream.sent() if one.sent_s >= called_s]
        since_s = max((one.sent_s for one in after if not self.is_old(one)), default=called_s)
        until_s = max((one.sent_s for one in after if one.sent_s < known_s), default=called_s)
        return since_s if until_s - since_s >= _SETTLED_S else None


def _call(back: RollBack, stream: Stream, look: _Look, called_s: float) -> float:
    """Roll back, wait until all answers are the old version's, and return how long it took; infinite where never."""
    raised: list[BaseException] = []

    def call() -> None:
        try:
            back.call()
        except Exception as exc:  # noqa: BLE001 - it is raised again below, in the thread that asked
            raised.append(exc)

    caller = threading.Thread(target=call, daemon=True)
    caller.start()
    while time.monotonic() - called_s < back.longest_s and not raised:
        time.sleep(_LOOK_S)
        if not caller.is_alive() and (since_s := look.back_since_s(stream, called_s)) is not None:
            return since_s - called_s
    if raised:
        raise ToolError(f"roll_back must roll back, got {type(raised[0]).__name__}: {raised[0]}") from raised[0]
    if caller.is_alive():
        raise ToolError(f"roll_back must return within {back.longest_s:g} s, got still running. Hint: longest=")
    return math.inf


@dataclass(frozen=True, kw_only=True)
class _Run:
    """What became of the requests of a rollback."""

    name: str
    back: RollBack
    look: _Look
    sent: Sequence[Sent]
    called_s: float
    took_s: float

    def rollback_time(self) -> Measurement:
        """Return how long it took; without a value where there was nothing to be rolled back."""
        before = [one for one in self.sent if one.done_s <= self.called_s and not self.look.failure(one)]
        after = [one for one in self.sent if one.sent_s >= self.called_s]
        nothing = not before or all(map(self.look.is_old, before))
        note = ""
        if nothing:
            why = "every answer was the old version's" if before else "no request was answered"
            note = f"there was nothing to be rolled back: before the call {why}"
        elif math.isinf(self.took_s):
            olds = sum(map(self.look.is_old, after))
            note = f"{olds} of {len(after)} answers in {self.back.longest_s:g} s after the call were the old version's"
        return Measurement(
            name="serving.rollback_time", subject=self.name, value=None if nothing else self.took_s, unit="s",
            n=0 if nothing else len(after), parameters={"rate": self.back.rate}, resolution=1 / self.back.rate,
            method="from the call to the last request that the old version did not answer", note=note,
        )  # fmt: skip

    def failed_requests(self) -> Measurement:
        """Return how many requests failed, before the call and after."""
        kinds = Counter(filter(None, map(self.look.failure, self.sent)))
        return Measurement(
            name="serving.failed_requests", subject=self.name, value=kinds.total() if self.sent else None,
            n=len(self.sent), parameters={"rate": self.back.rate},
            method="requests that failed, before the call and after",
            note=", ".join(f"{kind} ({times:,} times)" for kind, times in kinds.most_common(_SHOWN)),
        )  # fmt: skip
