"""Capacity: the highest rate at which a service keeps its level, found by a search and confirmed by a longer run."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.measurement import Interval, Measurement
from pytest_mlops.core.result import Result
from pytest_mlops.stages.load.capacity_search import Search
from pytest_mlops.stages.load.messages import digest_of
from pytest_mlops.stages.load.plots import capacity_plot
from pytest_mlops.stages.service_endpoint import Endpoint, endpoint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlops.adapters.http import Request
    from pytest_mlops.stages.load.measure import Load

_REQUESTS = 1_200  # a step: fewer, and a rate beyond saturation may look well for a while
_WITHIN, _CONFIDENCE = 0.15, 0.9  # of queues whose answer is known: docs/benchmarks/load_searches.md


def measure_capacity(
    service: Endpoint | str, load: Load, requests: Sequence[Request], *, name: str = "", step: int = _REQUESTS
) -> Result:
    """Search the highest rate at which `load.level` is kept, and confirm it by twice as many requests.

    A step ends early where the interval of each latency says that it is kept, or is not. The interval of the result is
    that rate and 15 % to either side: of each kind of queue that was tried it holds the truth of nine searches in ten.

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
    search = Search(target, load, requests, step)
    low, high = search.run()
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
