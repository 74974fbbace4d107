"""The search of a capacity: quick steps up to where a rate is too much, then longer ones where the limit is near."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.stages.load.capacity_steps import NEAR, Tried, is_clearly_kept, is_clearly_over, next_step
from pytest_mlops.stages.load.level import ServiceLevel
from pytest_mlops.stages.load.measure import measure_load
from pytest_mlops.stages.load.scenario import server, single_stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pytest_mlops.adapters.http import Request
    from pytest_mlops.core.judge import Judgement
    from pytest_mlops.core.limit import Limit
    from pytest_mlops.core.measurement import Measurement
    from pytest_mlops.core.result import Result
    from pytest_mlops.stages.load.measure import Load
    from pytest_mlops.stages.service_endpoint import Endpoint

_LOOKS = 3  # in a step: it ends where the whole interval of each latency lies on one side of its limit
_CONFIRMED = 2  # steps at the rate that is found, in one run or in two together
_SHORTEST_S, _LONGEST_S = 1.0, 9.0  # of a step
_FIRST = 0.5  # of what one user after another gets
_AGAIN = 2  # times that a step is made again whose generator was late
_BACK = 0.95  # by which the rate is lowered at least where the longer run does not confirm it
_BEHIND = 0.03  # by which a service may answer slower than requests come: by more, and a queue grows
_FAILED = 0.1  # of the requests, at most
_LEAST_RATE = 2.5  # a second: at less, a step has too few requests to judge a service by


@dataclass(frozen=True)
class _Run:
    """What one run at a rate showed: how many times its limit the worst percentile was, and if all else was kept."""

    steps: int
    n: int
    strain: float
    others_held: bool


@dataclass(frozen=True, kw_only=True)
class _Quick(ServiceLevel):
    """Limits of percentiles that a step may end by as soon as its requests say clearly on which side they are."""

    def is_decided(self, measurements: Iterable[Measurement]) -> bool:
        """Say whether each limit is clearly met, or one is clearly broken."""
        known = {measurement.short_name: measurement for measurement in measurements}
        strains = [(_strain(known[name], limit), known[name].n) for name, limit in self.limits.items()]
        return (
            super().is_decided(known.values())
            or any(is_clearly_over(*one) for one in strains)
            or (bool(strains) and all(is_clearly_kept(*one) for one in strains))
        )


def _strain(measurement: Measurement, limit: Limit) -> float:
    return float(measurement) / limit.high if measurement.value else 0.0


@dataclass
class Search:
    """The rates that were tried, each by runs of `step` requests."""

    service: Endpoint
    load: Load
    requests: Sequence[Request]
    step: int
    runs: dict[float, list[_Run]] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=itertools.count)  # of runs: each has arrivals of its own
    why: str = ""

    def run(self) -> tuple[float, float]:
        """Return the highest rate that was kept, confirmed where it could be, and the lowest that was not."""
        low, high = self._closed_in_on(*self._bracket())
        while low and not self.is_confirmed(low):
            held = self._keeps(low, _CONFIRMED - 1 if low in self.runs else _CONFIRMED)
            if held is None:
                break
            if not held:
                low, high = self._lower_than(low), low
        return low, high

    def held(self, rate: float) -> bool:
        """Say whether the level was kept at a rate, by all runs at it together."""
        return self.strain(rate) <= 1 and all(run.others_held for run in self.runs[rate])

    def strain(self, rate: float) -> float:
        """Return the mean strain of the runs at a rate."""
        runs = self.runs[rate]
        return sum(run.strain * run.steps for run in runs) / sum(run.steps for run in runs)

    def is_confirmed(self, rate: float) -> bool:
        """Say whether enough requests were sent at a rate that was kept."""
        runs = self.runs.get(rate, [])
        return sum(run.steps for run in runs) >= _CONFIRMED and self.held(rate)

    def _bracket(self) -> tuple[float, float]:
        """Double the rate until it is clearly too much, or halve it until it is kept; return both ends.

        At a low rate a step has few requests, and a latency near its limit may be over it by chance: then a higher
        rate is tried, and none is taken as too much.
        """
        low, high, most = 0.0, math.inf, self.load.bounds.rate
        rate = min(max(_FIRST * self._rate_alone(), 2 * _LEAST_RATE), most)
        while math.isinf(high):
            held = self._keeps(rate, is_quick=True)
            if held is None:
                return low, rate
            if self._is_too_much(rate):
                high = rate
            elif held:
                low = rate
            if rate >= most:
                high = high if held else rate
                break
            rate = min(next_step(rate, math.inf, self._tried()).rate, most)
        rate = min(self.runs)
        while not low and (rate := rate / 2) >= _LEAST_RATE:
            held = self._keeps(rate, is_quick=True)
            if held is None:
                return low, min(high, rate)
            low, high = (rate, high) if held else (low, rate)
        return low, high

    def _closed_in_on(self, low: float, high: float) -> tuple[float, float]:
        """Return both ends, nearer to each other."""
        while low and high > NEAR * low and math.isfinite(high):
            rate, is_doubtful = next_step(low, high, self._tried())
            held = self._keeps(rate, _CONFIRMED if is_doubtful else 1)
            if held is None:
                return low, rate
            low, high = (rate, high) if held else (low, rate)
        return low, high

    def _lower_than(self, rate: float) -> float:
        """Return the rate to confirm in place of one that is not kept."""
        known = [other for other in self.runs if other < rate and self.is_confirmed(other)]
        guessed = next_step(rate * _BACK / NEAR**2, rate, self._tried()).rate
        return max([*known, min(rate * _BACK, guessed)])

    def _rate_alone(self) -> float:
        """Return how many requests a second one user gets who sends one after another."""
        load = replace(
            self.load, scenario=single_stream(), duration_s=1.0, longest_s=0.0, workdir=self.load.workdir / "alone"
        )
        alone = measure_load(self.service, load, self.requests, name=self.service.name)
        return float(alone["throughput"]) if alone["throughput"].value is not None else 0.0

    def _keeps(self, rate: float, steps: int = 1, *, is_quick: bool = False) -> bool | None:
        """Try a rate; say if all runs at it together keep the level. None where the generator could not make it."""
        length = float(np.clip(steps * self.step / rate, _SHORTEST_S, _LONGEST_S * steps))
        for _ in range(_AGAIN + 1):
            number = next(self.numbers)
            asked = replace(
                self.load, scenario=server(rate), level=_of_percentiles(self.load.level, is_quick=is_quick),
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

    def _tried(self) -> list[Tried]:
        return [Tried(rate, self.strain(rate), sum(run.n for run in runs)) for rate, runs in self.runs.items()]

    def _is_too_much(self, rate: float) -> bool:
        """Say whether the runs at a rate are enough to see that the level is not kept."""
        runs = self.runs[rate]
        is_over = is_clearly_over(self.strain(rate), sum(run.n for run in runs))
        return is_over or not all(run.others_held for run in runs)

    def _judged(self, result: Result) -> list[Judgement]:
        return [one for one in self.load.level.judge(result) if one.measurement.value is not None]

    def _run_of(self, result: Result, steps: int) -> _Run:
        """Return what a run showed; where nothing was answered, no limit is kept."""
        judged, percentiles = self._judged(result), self.load.level.percentiles()
        strains = [_strain(result[name], limit) for name, limit in percentiles.items() if result[name].value]
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
            n=int(result["requests"].value or 0),
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


def _of_percentiles(level: ServiceLevel, *, is_quick: bool) -> ServiceLevel:
    """Return the limits of percentiles, each judged by its whole interval."""
    limits: Mapping[str, Limit] = {name: replace(limit, by="interval") for name, limit in level.percentiles().items()}
    return _Quick(limits=limits) if is_quick else ServiceLevel(limits=limits)
