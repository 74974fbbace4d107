"""Capacity: the highest rate at which a service keeps its level, found by a search and confirmed by a longer run."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.measurement import Interval, Measurement
from pytest_mlops.core.result import Result
from pytest_mlops.stages.load.capacity_steps import NEAR, next_step
from pytest_mlops.stages.load.level import ServiceLevel
from pytest_mlops.stages.load.measure import measure_load
from pytest_mlops.stages.load.messages import digest_of
from pytest_mlops.stages.load.plots import capacity_plot
from pytest_mlops.stages.load.scenario import server, single_stream
from pytest_mlops.stages.service_endpoint import Endpoint, endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_mlops.adapters.http import Request
    from pytest_mlops.core.judge import Judgement
    from pytest_mlops.stages.load.measure import Load

_REQUESTS = 1_200  # a step: fewer, and a rate beyond saturation may look well for a while
_LOOKS = 3  # in a step: it ends where the whole interval of each latency lies on one side of its limit
_CONFIRMED = 2  # steps at the rate that is found, in one run or in two together
_SHORTEST_S, _LONGEST_S = 1.0, 9.0  # of a step
_FIRST = 0.5  # of what one user after another gets
_AGAIN = 2  # times that a step is made again whose generator was late
_BACK = 0.95  # by which the rate is lowered where the longer run does not confirm it
_WITHIN, _CONFIDENCE = 0.1, 0.9  # of queues whose answer is known: docs/benchmarks/load_capacity.md


@dataclass(frozen=True)
class _Run:
    """What one run at a rate showed: how many times its limit the worst percentile was, and if all else was kept."""

    steps: int
    strain: float
    others_held: bool


@dataclass
class _Search:
    """The rates that were tried."""

    service: Endpoint
    load: Load
    requests: Sequence[Request]
    step: int
    runs: dict[float, list[_Run]] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=itertools.count)  # of runs: each has arrivals of its own
    why: str = ""

    def keeps(self, rate: float, steps: int = 1) -> bool | None:
        """Try a rate; say if all runs at it together keep the level. None where the generator could not make it."""
        length = float(np.clip(steps * self.step / rate, _SHORTEST_S, _LONGEST_S * steps))
        for _ in range(_AGAIN + 1):
            number = next(self.numbers)
            asked = replace(
                self.load, scenario=server(rate), level=_of_percentiles(self.load.level),
                seed=self.load.seed + number, workdir=self.load.workdir / f"{number:02d}",
                duration_s=length / _LOOKS, longest_s=length,
            )  # fmt: skip
            result = measure_load(self.service, asked, self.requests, name=self.service.name)
            self.why = str(result.details["why"])
            if self._judged(result) or "failed" in self.why or "in flight" in self.why:
                break
        else:
            return None
        self.runs.setdefault(rate, []).append(self._run_of(result, steps))
        held = self.held(rate)
        self.load.progress(
            f"{self.service.name}: {rate:.0f} requests a second {'are kept' if held else 'are too many'}"
        )
        return held

    def _judged(self, result: Result) -> list[Judgement]:
        return [one for one in self.load.level.judge(result) if one.measurement.value is not None]

    def _run_of(self, result: Result, steps: int) -> _Run:
        """Return what a run showed; where nothing was answered, no limit is kept."""
        judged, percentiles = self._judged(result), self.load.level.percentiles()
        strains = [float(result[name]) / limit.high for name, limit in percentiles.items() if result[name].value]
        held = all(
            # What a percentile may be at most is judged by its strain, over all runs at the rate.
            (replace(one.limit, high=math.inf) if one.measurement.short_name in percentiles else one.limit).holds(
                float(one.measurement)
            )
            for one in judged
            if one.limit is not None
        )
        return _Run(
            steps=steps,
            strain=max(strains, default=0.0 if judged and not percentiles else math.inf),
            others_held=bool(judged) and held and self._keeps_up(result),
        )

    def _keeps_up(self, result: Result) -> bool:
        """Say whether requests were answered as fast as they came, and failed seldom where the level says nothing."""
        n, length, throughput, failures = (
            float(result[name].value or 0.0) for name in ("requests", "duration", "throughput", "failures")
        )
        if not n or ("failures" not in self.load.level.limits and failures > _FAILED):
            return False
        behind = max(_BEHIND, 1 / math.sqrt(n))  # few requests come, and are answered, unevenly
        return throughput * length >= (1 - behind) * n * (1 - failures)

    def strain(self, rate: float) -> float:
        """Return the mean strain of the runs at a rate."""
        runs = self.runs[rate]
        return sum(run.strain * run.steps for run in runs) / sum(run.steps for run in runs)

    def held(self, rate: float) -> bool:
        """Say whether the level was kept at a rate, by all runs at it together."""
        return self.strain(rate) <= 1 and all(run.others_held for run in self.runs[rate])

    def is_confirmed(self, rate: float) -> bool:
        """Say whether enough requests were sent at a rate that was kept."""
        runs = self.runs.get(rate, [])
        return sum(run.steps for run in runs) >= _CONFIRMED and self.held(rate)

    def run(self) -> tuple[float, float]:
        """Return the highest rate that was kept, and the lowest that was not."""
        alone = measure_load(
            self.service,
            replace(
                self.load, scenario=single_stream(), duration_s=1.0, longest_s=0.0, workdir=self.load.workdir / "alone"
            ),
            self.requests,
            name=self.service.name,
        )
        alone_rate = float(alone["throughput"]) if alone["throughput"].value is not None else 0.0
        low, high, most = 0.0, math.inf, self.load.bounds.rate
        rate = min(max(_FIRST * alone_rate, 2 * _LEAST_RATE), most)
        steps = 1
        while high > NEAR * low:
            held = self.keeps(rate, steps)
            if held is None:
                high = min(high, rate)
                break
            low, high = (rate, high) if held else (low, rate)
            if low >= most:
                break
            if low:
                rate, is_doubtful = next_step(low, high, {tried: self.strain(tried) for tried in self.runs})
                rate, steps = min(rate, most), _CONFIRMED if is_doubtful else 1
                continue
            rate /= 2
            if rate < _LEAST_RATE:
                return 0.0, high
        return low, high


_BEHIND = 0.03  # by which a service may answer slower than requests come: by more, and a queue grows
_FAILED = 0.1  # of the requests, at most
_LEAST_RATE = 2.5  # a second: at less, a step has too few requests to judge a service by


def _of_percentiles(level: ServiceLevel) -> ServiceLevel:
    """Return the limits of percentiles, each judged by its whole interval."""
    limits = {name: replace(limit, by="interval") for name, limit in level.percentiles().items()}
    return ServiceLevel(limits=limits)


def measure_capacity(
    service: Endpoint | str, load: Load, requests: Sequence[Request], *, name: str = "", step: int = _REQUESTS
) -> Result:
    """Search the highest rate at which `load.level` is kept, and confirm it by twice as many requests.

    A step ends early where the interval of each latency says that it is kept, or is not. The interval of the result is
    that rate and a tenth to either side, within which nine of ten searches of known queues end.

    Parameters
    ----------
    step
        Requests of each rate that is tried.

    Raises
    ------
    DeclarationError
        Without a level.
    SubprocessError
        When the generator can't be run.
    """
    if not load.level.limits:
        raise DeclarationError("a capacity needs level=, what must be kept. Hint: service_level(p95=at_most(50, 'ms'))")
    target = endpoint(service, name=name, allowed_hosts=load.allowed_hosts)
    search = _Search(target, load, requests, step)
    low, high = search.run()
    while low and not search.is_confirmed(low):
        held = search.keeps(low)
        if held is None:
            break
        low, high = (low, high) if held else (low * _BACK, low)
    kept = {rate: search.held(rate) for rate in search.runs}
    found, is_none = search.is_confirmed(low), not low and bool(kept) and not any(kept.values())
    strains = {rate: strain for rate in kept if 0 < (strain := search.strain(rate)) < math.inf}
    plots = (capacity_plot(np.array([*strains]), np.array([*strains.values()])),) if strains else ()
    at_end = f"not searched beyond {load.bounds.rate:,.0f} requests a second" if low >= load.bounds.rate else ""
    too_much = f"{high:.4g} a second are too many"
    measurement = Measurement(
        name="load.capacity",
        subject=name or target.name,
        value=low if found or is_none else None,
        unit="1/s",
        n=len(kept) if found or is_none else 0,
        method=f"{len(kept)} rates tried, in steps of up to {step:,} requests; the one that is found in two",
        parameters={"rates": [float(f"{rate:.4g}") for rate in kept], "kept": [*kept.values()]},
        seed=load.seed,
        interval=Interval(low * (1 - _WITHIN), math.nan if at_end else low * (1 + _WITHIN), _CONFIDENCE)
        if found
        else None,
        note=at_end or ("no rate was kept" if is_none else too_much if found else search.why),
        artefacts=plots,
    )
    return Result(
        stage="load",
        subject=name or target.name,
        measurements=(measurement,),
        details={"why": search.why},
        digests={f"requests:{name or target.name}": digest_of(requests)},
    )
