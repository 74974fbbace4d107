"""Measuring a service under load: exact quantiles of the latency, failures, throughput."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.core.artefact import Artefact
from pytest_mlops.core.digest import digest_file
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.measurement import Interval, Measurement
from pytest_mlops.core.plain import plain
from pytest_mlops.core.result import Result
from pytest_mlops.stages.load.proof import warning, why_unproved
from pytest_mlops.stages.load.run import Plan, Record, run_load
from pytest_mlops.stages.service_endpoint import Endpoint, endpoint, silent
from pytest_mlops.stats.quantiles import CONFIDENCE, enough_for, quantile, quantile_interval

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from numpy.typing import NDArray

_QUANTILES = (0.5, 0.95, 0.99)
_BINS = 40
_FASTEST_MS = 0.01
_MOST_USERS_A_SECOND = 100.0


def measure_load(
    service: Endpoint | str,
    *,
    locustfile: Path,
    users: int,
    duration_s: float,
    spawn_rate: float | None = None,
    warmup_s: float = 1.0,
    seed: int,
    workdir: Path,
    name: str = "",
    project: Path | None = None,
    allowed_hosts: Collection[str] = frozenset(),
    progress: Callable[[str], None] = silent,
) -> Result:
    """Run a locustfile against a service and measure every request of exactly `duration_s` seconds.

    The time counts from when all users are spawned and warm. A closed loop: users wait for their answers. A failed
    request has no latency; it counts as long as the run. A run that does not prove itself (users that died, no
    request, an exception in a task, a refused address, ...) measures nothing: every value is None, with the reason.

    Parameters
    ----------
    spawn_rate
        Users a second; by default all within one second, at most 100 a second.
    warmup_s
        How long all users run before the time counts.
    name
        What the subject is called; by default the service's name.
    project
        The folder that the locustfile's imports are found in; by default the working directory.
    allowed_hosts
        Hosts beside loopback that the run may talk to.

    Raises
    ------
    DeclarationError
        When there is no locustfile, or the numbers describe no load.
    MissingExtra
        When Locust is not installed.
    SubprocessError
        When the locustfile cannot be run.
    """
    target = endpoint(service, name=name, allowed_hosts=allowed_hosts)
    _check(locustfile, users, duration_s)
    plan = Plan(
        locustfile=str(locustfile.resolve()), host=target.url, users=users, duration_s=duration_s, warmup_s=warmup_s,
        spawn_rate=spawn_rate or min(float(users), _MOST_USERS_A_SECOND), seed=seed,
        allowed_hosts=tuple(sorted(allowed_hosts)),
    )  # fmt: skip
    subject = name or target.name
    record = run_load(plan, workdir=workdir, name=subject, project=project or Path.cwd(), progress=progress)
    why = why_unproved(record, plan)
    measured = [
        replace(one, subject=subject, seed=seed, parameters=_parameters(plan)) for one in _measure(record, plan)
    ]
    return Result(
        stage="load",
        subject=subject,
        measurements=tuple(_unproved(one, why) if why else one for one in measured),
        details={"proved": not why, "why": why, "facts": dict(record.facts)},
        digests={f"locustfile:{subject}": digest_file(locustfile)},
    )


def _check(locustfile: Path, users: int, duration_s: float) -> None:
    if not locustfile.is_file():
        raise DeclarationError(f"locustfile must be a file, got {str(locustfile)!r}")
    if users < 1 or not duration_s > 0:
        raise DeclarationError(
            f"a load must have at least 1 user and a duration above 0 s, got {users} and {duration_s:g} s"
        )


def _parameters(plan: Plan) -> dict[str, float]:
    return {
        "users": plan.users,
        "spawn_rate": plan.spawn_rate,
        "warmup_s": plan.warmup_s,
        "duration_s": plan.duration_s,
    }


def _unproved(measurement: Measurement, why: str) -> Measurement:
    note = f"the load run proves nothing: {why}"
    return replace(measurement, value=None, n=0, interval=None, note=note, artefacts=())


def _measure(record: Record, plan: Plan) -> list[Measurement]:
    """Return the measurements of a run, their subject still open."""
    n, took_s = len(record.failed), float(record.facts["duration_s"])
    latency_ms = np.where(record.failed, plan.duration_s * 1000, record.latency_ms)

    def counted(name: str, value: float, unit: str = "", method: str = "") -> Measurement:
        return Measurement(
            name=f"load.{name}", subject="", value=value, unit=unit, n=n, method=method, note=warning(record)
        )

    return [
        *(_quantile(latency_ms, q, record) for q in _QUANTILES),
        counted("failures", float(record.failed.mean()) if n else 0.0, method="share of requests that failed"),
        counted("throughput", float((~record.failed).sum()) / took_s, "1/s", "answered requests a second"),
        counted("requests", n),
        counted("duration", took_s, "s", "from when all users were spawned and warm"),
        counted("generator_cpu", float(record.facts["cpu_share"]), method="share of one core that the generator used"),
    ]


def _quantile(latency_ms: NDArray[np.float64], q: float, record: Record) -> Measurement:
    low, high = quantile_interval(latency_ms, q)
    failed = int(record.failed.sum())
    notes = [
        _too_few(latency_ms, q) if np.isnan(low) else "",
        f"{failed:,} failed requests count as long as the run" if failed else "",
        warning(record),
    ]
    return Measurement(
        name=f"load.p{q * 100:g}",
        subject="",
        value=quantile(latency_ms, q),
        unit="ms",
        n=len(latency_ms),
        method="every request; order statistics, dependence by batch means",
        interval=Interval(low, high, CONFIDENCE),
        note=". ".join(filter(None, notes)),
        artefacts=(_histogram(latency_ms),) if q == 0.95 and len(latency_ms) else (),  # noqa: PLR2004 - one of ours
    )


def _too_few(latency_ms: NDArray[np.float64], q: float) -> str:
    """Say how many requests it takes, or that the slow ones came in too few groups."""
    enough, n = enough_for(q), len(latency_ms)
    if n < enough:
        return f"an interval needs at least {enough:,} requests, got {n:,}. Hint: run longer"
    return "the slow requests came in too few groups for an interval. Hint: run longer"


def _histogram(latency_ms: NDArray[np.float64]) -> Artefact:
    """Return the latencies in bins of equal width on a logarithmic axis."""
    low = max(float(latency_ms.min()), _FASTEST_MS)
    high = max(float(latency_ms.max()), low * 1.01)
    edges = np.geomspace(low * 0.999, high * 1.001, _BINS + 1)
    counts, _ = np.histogram(np.maximum(latency_ms, low), edges)
    quantiles = {f"p{q * 100:g}": quantile(latency_ms, q) for q in _QUANTILES}
    return Artefact(
        "latency", "latency", {"edges_ms": plain(edges), "counts": plain(counts), "quantiles_ms": plain(quantiles)}
    )
