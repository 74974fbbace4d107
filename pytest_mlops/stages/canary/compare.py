"""How a new version of a service differs from the old one: failures, decisions, scores, latency."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.core.digest import digest_json
from pytest_mlops.core.errors import DeclarationError, ToolError
from pytest_mlops.core.measurement import Interval, Measurement
from pytest_mlops.core.plain import plain
from pytest_mlops.core.result import Result
from pytest_mlops.stages.canary.pairs import Answer, Version, ask_both
from pytest_mlops.stages.canary.scores import decision, scores_of
from pytest_mlops.stages.contract.document import read_signature
from pytest_mlops.stages.contract.measure import contract_of
from pytest_mlops.stages.service_endpoint import Endpoint, endpoint, silent
from pytest_mlops.stats.intervals import share_interval
from pytest_mlops.stats.paired import FEWEST, block_quantiles, paired_ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from pytest_mlops.core.plain import Json

    Pairs = Sequence[tuple[Answer, Answer]]

PAIRS = 400
_BLOCK = 10  # pairs, whose quantiles are compared
_CONFIDENCE = 0.95
_QUANTILES = {"p50_ratio": 0.5, "p90_ratio": 0.9}
_SHOWN = 5


def measure_canary(
    old: Endpoint | str,
    new: Endpoint | str,
    rows: Sequence[Mapping[str, Any]],
    *,
    contract: Mapping[str, Json] | None = None,
    pairs: int = PAIRS,
    seed: int,
    time_limit_s: float = 60.0,
    allowed_hosts: Collection[str] = (),
    progress: Callable[[str], None] = silent,
) -> Result:
    """Send recorded rows to two versions of a service, and measure how they differ.

    Parameters
    ----------
    rows
        Recorded ones; each is a request.
    contract
        The OpenAPI document that both are held to; by default each is held to the one that it serves.
    pairs
        How many pairs of requests the latency is compared on; rows are sent again where there are fewer.
    time_limit_s
        After which no row is sent again.

    Raises
    ------
    DeclarationError
        When there are no rows, or a host is not allowed.
    ToolError
        When there is no document.
    """
    if not rows:
        raise DeclarationError("a canary needs recorded rows, got none. Hint: rows=, a list or a file of JSON lines")
    versions = tuple(_version(one, contract, allowed_hosts) for one in (old, new))
    asked = ask_both(
        (versions[0], versions[1]), rows, pairs=pairs, seed=seed, time_limit_s=time_limit_s, progress=progress
    )
    first = asked[: len(rows)]
    measured = [*_failures(asked, len(rows)), *_predictions(first), *_ratios(asked, seed)]
    subject = versions[1].name
    said: dict[str, Json] = {"old": versions[0].name, "rows": len(rows), "pairs": len(asked)}
    return Result(
        stage="serving",
        subject=subject,
        measurements=tuple(replace(one, subject=subject, seed=seed, parameters=said) for one in measured),
        details={"old": versions[0].name},
        digests={f"requests:{subject}": digest_json(plain([dict(row) for row in rows]))},
    )


def _version(service: Endpoint | str, contract: Mapping[str, Json] | None, allowed_hosts: Collection[str]) -> Version:
    target = endpoint(service, allowed_hosts=allowed_hosts)
    try:
        said = contract_of(service, contract, allowed_hosts)
    except ToolError as exc:
        raise ToolError(f"{exc!s} Or contract=, for both versions") from exc
    return Version(target.name, target.url, read_signature(said))


def _measured(name: str, value: float | None, n: int, method: str, **more: Any) -> Measurement:
    return Measurement(name=f"serving.{name}", subject="", value=value if n else None, n=n, method=method, **more)


def _share(name: str, count: int, n: int, method: str, note: str) -> Measurement:
    low, high = share_interval(count, n, _CONFIDENCE)
    return _measured(name, count / max(n, 1), n, f"{method}; interval of Clopper and Pearson", note=note,
                     interval=Interval(low, high, _CONFIDENCE) if n else None)  # fmt: skip


def _failures(asked: Pairs, rows: int) -> Iterable[Measurement]:
    """Yield the share of rows that a version failed on, once or more often, and its failed requests."""
    for side, word in ((1, ""), (0, "old_")):
        answers = [pair[side] for pair in asked]
        failed = [answer for answer in answers if not answer.ok]
        kinds = Counter(answer.failure for answer in failed).most_common(_SHOWN)
        note = ", ".join(f"{kind} ({times:,} times)" for kind, times in kinds)
        share = len({answer.row for answer in failed})
        yield _share(f"{word}failures", share, rows, "share of recorded rows that the version failed on", note)
        yield _measured(f"{word}failed_requests", len(failed), len(answers), "requests that failed", note=note)


def _predictions(pairs: Pairs) -> Iterable[Measurement]:
    both = [(old, new) for old, new in pairs if old.ok and new.ok]
    decided = [(old.row, decision(old.prediction), decision(new.prediction)) for old, new in both]
    decided = [(row, was, now) for row, was, now in decided if was is not None]
    changed = [(row, was, now) for row, was, now in decided if was != now]
    lost = "" if both else "there is no row that both versions answered"
    none = lost or ("" if decided else "the old version's predictions hold no decision (a text, a boolean, a label)")
    told = ", ".join(f"row {row}: {was!r}, now {now!r}" for row, was, now in changed[:_SHOWN])
    method = "share of rows whose decision is another"
    yield _share("decisions_changed", len(changed), len(decided), method, none or told)
    yield _largest(both, lost)


def _largest(both: Pairs, lost: str) -> Measurement:
    """Return the largest difference of two numbers in the same place of the predictions for a row."""
    found = []
    missing = 0
    for old, new in both:
        was, now = scores_of(old.prediction), scores_of(new.prediction)
        missing += not set(was) <= set(now)
        found += [(abs(now[at] - was[at]), old.row, at, was[at], now[at]) for at in sorted(set(was) & set(now))]
    largest = max(found, key=lambda one: one[0], default=None)
    where = "" if largest is None else f"row {largest[1]}{largest[2]}: {largest[3]:.6g}, now {largest[4]:.6g}"
    gone = f"{missing} rows lack a number that the old version answers" if missing else ""
    none = "" if found else "the predictions hold no numbers"
    n = len({one[1] for one in found})
    return _measured("largest_difference", largest[0] if largest else None, n, "largest absolute difference of a score",
                     note=lost or ". ".join(filter(None, (where, gone, none))))  # fmt: skip


def _ratios(asked: Pairs, seed: int) -> Iterable[Measurement]:
    """Yield the ratios of latencies, of pairs that both versions answered, by blocks of consecutive ones."""
    pairs = [(old.latency_ms, new.latency_ms) for old, new in asked if old.ok and new.ok]
    times = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    n = len(times) // _BLOCK
    blocks = np.arange(len(times)) // _BLOCK
    for name, q in _QUANTILES.items():
        old, new = (block_quantiles(times[:, side], blocks, n, q, _BLOCK) for side in (0, 1))
        ratio, low, high = paired_ratio(old, new, confidence=_CONFIDENCE, seed=seed)
        few = f"{len(times)} pairs of answers are too few: {FEWEST * _BLOCK} would do" if n < FEWEST else ""
        median = "" if few else f"median of blocks {np.median(old):.3g} ms, now {np.median(new):.3g} ms"
        yield _measured(
            name, ratio, n,
            f"new over old, {q:.0%} quantile of the latency; paired bootstrap-t over blocks of {_BLOCK} pairs",
            note=few or median, interval=Interval(low, high, _CONFIDENCE) if n else None,
        )  # fmt: skip
