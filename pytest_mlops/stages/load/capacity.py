"""Capacity: the highest rate at which a service keeps its level, found by a search and confirmed by a longer run."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.core.digest import digest_json
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.measurement import Interval, Measurement
from pytest_mlops.core.result import Result
from pytest_mlops.stages.load.capacity_steps import NEAR, next_rate
from pytest_mlops.stages.load.level import ServiceLevel
from pytest_mlops.stages.load.measure import measure_load
from pytest_mlops.stages.load.plots import capacity_plot
from pytest_mlops.stages.load.scenario import server, single_stream
from pytest_mlops.stages.service_endpoint import Endpoint, endpoint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlops.adapters.http import Request
    from pytest_mlops.stages.load.measure import Load

_REQUESTS = 1_500  # a step: fewer, and a rate beyond saturation may look well for a while
_LOOKS = 3  # in a step: it ends where the whole interval of each latency lies on one side of its limit
_CONFIRMED = 2  # times as many requests as a step's, of the last run
_SHORTEST_S, _LONGEST_S = 1.0, 9.0  # of a step
_FIRST = 0.5  # of what one user after another gets
_AGAIN = 2  # times that a step is made again whose generator was late
_BACK = 0.95  # by which the rate is lowered where the longer run does not confirm it
_CONFIDENCE = 0.9


@dataclass
class _Search:
    """The rates that were tried, and whether the level was kept."""

    service: Endpoint
    load: Load
    requests: Sequence[Request]
    step: int
    kept: dict[float, bool] = field(default_factory=dict)
    strains: dict[float, float] = field(default_factory=dict)
    why: str = ""

    def keeps(self, rate: float, times: int = 1) -> bool | None:
        """Try a rate; None where the generator could not make it."""
        length = float(np.clip(times * self.step / rate, _SHORTEST_S, _LONGEST_S * times))
        for again in range(_AGAIN + 1):
            folder = self.load.workdir / f"{len(self.kept):02d}-{again}"
            asked = replace(
                self.load, scenario=server(rate), level=_of_latencies(self.load.level), workdir=folder,
                duration_s=length / _LOOKS if times == 1 else length, longest_s=length,
            )  # fmt: skip
            result = measure_load(self.service, asked, self.requests, name=self.service.name)
            self.why = str(result.details["why"])
            judged = [one for one in self.load.level.judge(result) if one.measurement.value is not None]
            if judged or "failed" in self.why or "in flight" in self.why:
                break
        else:
            return None
        held = bool(judged) and all(one.limit is None or one.limit.holds(float(one.measurement)) for one in judged)
        answered = float(result["throughput"]) if result["throughput"].value is not None else 0.0
        held = held and answered >= _ANSWERED * rate
        self.kept[rate] = held
        strains = [
            float(result[name]) / limit.high
            for name, limit in self.load.level.percentiles().items()
            if result[name].value is not None
        ]
        if strains:
            self.strains[rate] = max(strains)
        self.load.progress(
            f"{self.service.name}: {rate:.0f} requests a second {'are kept' if held else 'are too many'}"
        )
        return held

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
        while high > NEAR * low:
            held = self.keeps(rate)
            if held is None:
                high = min(high, rate)
                break
            low, high = (rate, high) if held else (low, rate)
            if low >= most:
                break
            if low:
                rate = min(next_rate(low, high, self.strains), most)
                continue
            rate /= 2
            if rate < _LEAST_RATE:
                return 0.0, high
        return low, high


_ANSWERED = 0.9  # of the rate, that must be answered: else a queue grows
_LEAST_RATE = 2.5  # a second: at less, a step has too few requests to judge a service by


def _of_latencies(level: ServiceLevel) -> ServiceLevel:
    """Return the limits of latencies, each judged by its whole interval."""
    limits = {name: replace(limit, by="interval") for name, limit in level.percentiles().items()}
    return ServiceLevel(limits=limits)


def measure_capacity(
    service: Endpoint | str, load: Load, requests: Sequence[Request], *, name: str = "", step: int = _REQUESTS
) -> Result:
    """Search the highest rate at which `load.level` is kept, and confirm it by a run of twice as many requests.

    A step ends early where the interval of each latency says that it is kept, or is not. The interval of the result
    reaches from that rate to the lowest that was too much.

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
    confirmed = False
    while low and not confirmed:
        held = search.keeps(low, times=_CONFIRMED)
        if held is None:
            break
        confirmed, low, high = held, (low if held else low * _BACK), (high if held else low)
    found, is_none = bool(low) and confirmed, not low and bool(search.kept) and not any(search.kept.values())
    rates, strains = np.array([*search.strains]), np.array([*search.strains.values()])
    plots = (capacity_plot(rates, strains),) if len(rates) else ()
    at_end = f"not searched beyond {load.bounds.rate:,.0f} requests a second" if low >= load.bounds.rate else ""
    measurement = Measurement(
        name="load.capacity",
        subject=name or target.name,
        value=low if found or is_none else None,
        unit="1/s",
        n=len(search.kept) if found or is_none else 0,
        method=f"search by steps of up to {step:,} requests, confirmed by {_CONFIRMED * step:,}",
        parameters={"rates": [float(f"{rate:.4g}") for rate in search.kept], "kept": [*search.kept.values()]},
        seed=load.seed,
        interval=Interval(low, min(high, load.bounds.rate), _CONFIDENCE) if found else None,
        note=at_end or ("no rate was kept" if is_none else "" if found else search.why),
        artefacts=plots,
    )
    return Result(
        stage="load",
        subject=name or target.name,
        measurements=(measurement,),
        details={"why": search.why},
        digests={f"requests:{name or target.name}": digest_json([one.body.decode("latin-1") for one in requests])},
    )
