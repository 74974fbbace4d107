"""Regressions on a noisy machine: base and candidate at once, each arrival sent to one of them at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.measurement import Interval, Measurement
from pytest_mlops.core.result import Result
from pytest_mlops.stages.load.messages import Address, digest_of, messages_of
from pytest_mlops.stages.load.numbers import about
from pytest_mlops.stages.load.plots import ratio_plot
from pytest_mlops.stages.load.proof import unproved, why_unproved
from pytest_mlops.stages.load.run_open import OpenPlan, run_open
from pytest_mlops.stages.load.watch import Watch
from pytest_mlops.stages.service_endpoint import Endpoint, endpoint
from pytest_mlops.stats.paired import FEWEST, block_quantiles, paired_ratio

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from pytest_mlops.adapters.http import Request
    from pytest_mlops.stages.load.measure import Load
    from pytest_mlops.stages.load.record import Record

    Floats = NDArray[np.float64]

BLOCK_S = 2.0
_CONFIDENCE = 0.99
_QUANTILES = {"p50_ratio": 0.5, "p90_ratio": 0.9}
_FEWEST_OF_BLOCK = 10  # answers of each side


def measure_regression(
    candidate: Endpoint | str, base: Endpoint | str, load: Load, requests: Sequence[Request], *, name: str = ""
) -> Result:
    """Send requests to two services at once, each to one of them at random, and measure how they differ.

    What the machine does beside it hits both alike. Judged are the ratios of candidate to base, of the median and the
    90 % quantile of the latency and of the CPU time a request, paired over blocks of two seconds.

    Raises
    ------
    DeclarationError
        When the scenario is no open loop, or the run too short for enough blocks.
    SubprocessError
        When the generator can't be run.
    """
    load.check()
    if not load.scenario.is_open:
        raise DeclarationError(
            f"base and candidate need an open loop, got {load.scenario.words()}. Hint: server(rate=50)"
        )
    if load.duration_s < (FEWEST + 1) * BLOCK_S:
        raise DeclarationError(
            f"base and candidate need {FEWEST + 1} blocks of {BLOCK_S:g} s, got a duration of {load.duration_s:g} s"
        )
    targets = [endpoint(one, allowed_hosts=load.allowed_hosts) for one in (base, candidate)]
    addresses = [Address.of(target.url) for target in targets]
    subject = name or targets[1].name
    plan = OpenPlan(
        scenario=load.scenario, addresses=addresses, messages=messages_of(requests, addresses),
        warmup_s=load.warmup_s, duration_s=load.duration_s, longest_s=load.duration_s, timeout_s=load.timeout_s,
        seed=load.seed, allowed_hosts=sorted(load.allowed_hosts),
    )  # fmt: skip
    watch = Watch([getattr(target, "pid", 0) for target in targets])
    record = run_open(
        plan, folder=load.workdir / f"regression-{subject}", name=subject, progress=load.progress, look=watch.look,
        decided=lambda _: False,
    ).measured()  # fmt: skip
    why = why_unproved(record, load.scenario)
    found = about(_Blocks(record, watch, load.seed).measurements(), subject, load.seed, load.parameters())
    return Result(
        stage="load",
        subject=subject,
        measurements=tuple(unproved(one, why) if why else one for one in found),
        details={"proved": not why, "why": why, "facts": dict(record.facts), "base": targets[0].name},
        digests={f"requests:{subject}": digest_of(requests)},
    )


@dataclass(frozen=True)
class _Blocks:
    """The requests of both services, in blocks of time."""

    record: Record
    watch: Watch
    seed: int

    @property
    def n(self) -> int:
        """Return the number of whole blocks."""
        return int(float(self.record.facts["duration_s"]) / BLOCK_S + 1e-6)

    def measurements(self) -> Iterable[Measurement]:
        """Yield the ratios, and the failures of each service."""
        record, blocks = self.record, (self.record.due_s / BLOCK_S).astype(np.intp)
        sides = [(record.target == side) & (blocks < self.n) for side in (0, 1)]
        for name, q in _QUANTILES.items():
            values = [
                block_quantiles(record.latency_ms[side], blocks[side], self.n, q, _FEWEST_OF_BLOCK) for side in sides
            ]
            yield self._ratio(name, values[0], values[1], f"{q:.0%} quantile of the latency, by block")
        cpu = [self._cpu(number, blocks[side]) for number, side in enumerate(sides)]
        yield self._ratio("server_cpu_ratio", cpu[0], cpu[1], "CPU time of the service a request, by block")
        for word, side in zip(("base_failures", "failures"), sides, strict=True):
            n = int(side.sum())
            yield Measurement(
                name=f"load.{word}", subject="", value=float(record.failed[side].mean()) if n else None, n=n,
                method="share of requests that failed",
            )  # fmt: skip

    def _cpu(self, service: int, blocks: NDArray[np.intp]) -> Floats:
        """Return the CPU time a request of each block, NaN where it is not known."""
        seen = self.watch.seen[service]
        n = np.bincount(blocks, minlength=self.n)[: self.n]
        if len(seen) < 2:  # noqa: PLR2004 - a difference takes two
            return np.full(self.n, np.nan)
        times = np.array([one.at_s for one in seen]) - self.record.facts["begun_s"]
        used = np.interp(np.arange(self.n + 1) * BLOCK_S, times, np.array([one.cpu_s for one in seen]))
        return np.asarray(np.where(n >= _FEWEST_OF_BLOCK, np.diff(used) / np.maximum(n, 1), np.nan))

    def _ratio(self, name: str, base: Floats, candidate: Floats, method: str) -> Measurement:
        ratio, low, high = paired_ratio(base, candidate, confidence=_CONFIDENCE, seed=self.seed)
        n = int((~np.isnan(base) & ~np.isnan(candidate)).sum())
        unknown = "not known: a service is not ours, or this system has no /proc" if "cpu" in name else ""
        too_few = f"blocks with {_FEWEST_OF_BLOCK} answers of each service are too few: {n}, {FEWEST} would do"
        return Measurement(
            name=f"load.{name}",
            subject="",
            value=ratio if n else None,
            n=n,
            method=f"candidate over base, {method}; paired bootstrap-t over blocks of {BLOCK_S:g} s",
            interval=Interval(low, high, _CONFIDENCE) if n else None,
            note="" if n >= FEWEST else unknown or too_few,
            artefacts=(ratio_plot(name, base, candidate, BLOCK_S, (ratio, low, high)),) if n >= FEWEST else (),
        )
