"""A queue that load runs are asked of, without a server: what each would have measured, and how long it would take."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.core.measurement import Measurement
from pytest_mlops.core.result import Result
from pytest_mlops.stages.load.numbers import measurements_of
from pytest_mlops.stages.load.record import Record
from pytest_mlops.stages.load.run_open import looks_s

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_mlops.stages.load import Load

    Floats = NDArray[np.float64]

_STEP_S = 0.7  # that a run takes beside its warm-up and its requests


@dataclass
class SimulatedQueue:
    """A service of which `measure_load` is asked; `law` as in `service_times`."""

    law: str
    mean_s: float
    servers: int
    rng: np.random.Generator
    took_s: float = 0.0
    name: str = "queue"
    url: str = "http://127.0.0.1:1"

    def measure(self, _service: object, load: Load, _requests: object, **_: object) -> Result:
        """Return what a load run measures."""
        if not load.scenario.is_open:
            self.took_s += load.warmup_s + load.duration_s + _STEP_S
            alone = 1 / service_times(self.rng, self.law, self.mean_s, 100).mean()
            found = [Measurement(name="load.throughput", subject="queue", value=float(alone), n=100)]
            return Result(stage="load", subject="queue", measurements=tuple(found))
        length = load.warmup_s + load.longest_s
        n = self.rng.poisson(load.scenario.rate * length)
        due = np.sort(self.rng.uniform(-load.warmup_s, load.longest_s, n))
        done = answered_at(due, service_times(self.rng, self.law, self.mean_s, n), self.servers)
        for look_s in looks_s(load.duration_s, load.longest_s):
            kept = (due >= 0) & (due < look_s)
            found = measurements_of(_record(due[kept], done[kept], look_s), is_open=True)
            if load.level.is_decided(found):
                break
        self.took_s += load.warmup_s + _STEP_S + max(look_s, float(done[kept].max(initial=0.0)))
        return Result(stage="load", subject="queue", measurements=tuple(found), details={"why": ""})


def _record(due_s: Floats, done_s: Floats, length_s: float) -> Record:
    none = np.zeros(len(due_s), dtype=np.int64)
    return Record(
        due_s=due_s, sent_s=due_s, done_s=done_s, status=none + 200, name=none, target=none, problem=none,
        failed=none > 0, size=none, names=["asked"], problems=[""],
        facts={"duration_s": length_s, "asked_s": length_s, "cpu_share": 0.1, "foreign_cores": 0.0},
    )  # fmt: skip


def service_times(rng: np.random.Generator, law: str, mean_s: float, n: int) -> Floats:
    """Return how long a server takes for each of n requests."""
    if law == "constant":
        return np.full(n, mean_s)
    if law == "lognormal":
        return np.asarray(rng.lognormal(math.log(mean_s) - _SPREAD**2 / 2, _SPREAD, n))
    if law == "seldom slow":
        return np.where(rng.random(n) < _SLOW, mean_s * _SLOWER, mean_s * (1 - _SLOW * _SLOWER) / (1 - _SLOW))
    return np.asarray(rng.exponential(mean_s, n))


_SPREAD = 0.8  # of the logarithm
_SLOW, _SLOWER = 0.02, 10.0  # the share of slow requests, and how many times the mean they take


def answered_at(due_s: Floats, service_s: Floats, servers: int) -> Floats:
    """Return when each request is answered that is due at a time: first come, first served, by the next free server."""
    free_at, answered = [-math.inf] * servers, np.empty(len(due_s))
    for number, (due, takes) in enumerate(zip(due_s.tolist(), service_s.tolist(), strict=True)):
        answered[number] = max(due, heapq.heappop(free_at)) + takes
        heapq.heappush(free_at, float(answered[number]))
    return answered
