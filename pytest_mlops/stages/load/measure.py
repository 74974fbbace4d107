"""Measuring a service under load: exact quantiles of the latency, failures, throughput, what the service used."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.digest import digest_file
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.result import Result
from pytest_mlops.stages.load.bounds import Bounds
from pytest_mlops.stages.load.level import ServiceLevel
from pytest_mlops.stages.load.messages import Address, digest_of, messages_of
from pytest_mlops.stages.load.numbers import Used, about, first_request, is_latency, measurements_of
from pytest_mlops.stages.load.proof import unproved, why_late, why_unproved
from pytest_mlops.stages.load.run_locust import LocustPlan, run_locust
from pytest_mlops.stages.load.run_open import OpenPlan, run_open
from pytest_mlops.stages.load.team import Team
from pytest_mlops.stages.load.watch import Watch
from pytest_mlops.stages.service_endpoint import Endpoint, endpoint, silent

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from pytest_mlops.adapters.http import Request
    from pytest_mlops.core.measurement import Measurement
    from pytest_mlops.stages.load.record import Record
    from pytest_mlops.stages.load.scenario import Scenario

_MOST_USERS_A_SECOND = 100.0


@dataclass(frozen=True, kw_only=True)
class Load:
    """A load on a service: what is sent when, for how long, and where it is written down.

    Attributes
    ----------
    scenario
        What is sent when.
    duration_s, longest_s
        The measured time; up to how long it is made where `level` can't be judged yet.
    level
        The limits that it is made for.
    warmup_s
        How long requests are sent before the time counts.
    start_s
        How long imports and the start of users may take, of a locustfile or a check.
    timeout_s
        How long an answer is waited for.
    workdir
        Holds the records.
    allowed_hosts
        Hosts beside loopback that it may talk to.
    progress, tell
        Show how far it is, and what someone has to do meanwhile.
    """

    scenario: Scenario
    duration_s: float
    workdir: Path
    seed: int
    longest_s: float = 0.0
    level: ServiceLevel = field(default_factory=ServiceLevel)
    warmup_s: float = 1.0
    start_s: float = 120.0
    timeout_s: float = 10.0
    allowed_hosts: Collection[str] = frozenset()
    bounds: Bounds = field(default_factory=Bounds)
    progress: Callable[[str], None] = silent
    tell: Callable[[str], None] = silent

    def __post_init__(self) -> None:
        """Refuse what is no service level."""
        if not isinstance(self.level, ServiceLevel):
            raise DeclarationError(f"level must be a service level, got {self.level!r}. Hint: service_level(p95=...)")

    def check(self) -> None:
        """Refuse what is no load, and what is more than the bounds allow."""
        if not self.duration_s > 0:
            raise DeclarationError(f"a load must have a duration above 0 s, got {self.duration_s:g} s")
        self.bounds.check_scenario(self.scenario, max(self.duration_s, self.longest_s) + self.warmup_s)

    def parameters(self) -> dict[str, Any]:
        """Return what a measurement says of how it was taken."""
        scenario = self.scenario
        said = {"rate": scenario.rate, "arrivals": scenario.arrivals} if scenario.is_open else {"users": scenario.users}
        return {"scenario": scenario.name, **said, "warmup_s": self.warmup_s, "duration_s": self.duration_s}


def measure_load(
    service: Endpoint | str, load: Load, requests: Sequence[Request], *, name: str = "", rows: int = 1
) -> Result:
    """Send requests to a service and measure what became of every one of exactly `load.duration_s` seconds.

    A failed request has no latency; it counts as long as the run. A run that does not prove itself (it was late, no
    request was answered, a refused address, ...) measures nothing: every value is None, with the reason.

    Parameters
    ----------
    requests
        What is sent, each as often as the others.
    name
        What the subject is called; by default the service's name.
    rows
        In each request.

    Raises
    ------
    DeclarationError
        When the numbers describe no load, or more than the bounds allow.
    SubprocessError
        When the generator can't be run.
    """
    load.check()
    target = endpoint(service, name=name, allowed_hosts=load.allowed_hosts)
    subject, address = name or target.name, Address.of(target.url)
    if not requests:
        raise DeclarationError("a load needs requests, got none. Hint: contract=, rows= or requests=")
    plan = OpenPlan(
        scenario=load.scenario, addresses=[address], messages=messages_of(requests, [address]),
        warmup_s=load.warmup_s, duration_s=load.duration_s, longest_s=max(load.longest_s, load.duration_s),
        timeout_s=load.timeout_s, seed=load.seed, allowed_hosts=sorted(load.allowed_hosts),
    )  # fmt: skip
    watch = Watch([getattr(target, "pid", 0)])

    def decided(record: Record) -> bool:
        return load.level.is_decided(measurements_of(record, is_open=load.scenario.is_open, rows=rows))

    record = run_open(
        plan, folder=load.workdir / f"load-{subject}", name=subject, progress=load.progress, look=watch.look,
        decided=decided,
    )  # fmt: skip
    return result_of(
        record, target, load, watch, subject, rows=rows, digests={f"requests:{subject}": digest_of(requests)},
        parameters=load.parameters(),
    )  # fmt: skip


def measure_locust(
    service: Endpoint | str,
    load: Load,
    locustfile: Path,
    *,
    name: str = "",
    user_classes: Collection[str] = (),
    spawn_rate: float | None = None,
    project: Path | None = None,
    team: Team | None = None,
) -> Result:
    """Run a locustfile against a service and measure every request of exactly `load.duration_s` seconds.

    The time counts from when all users are spawned and warm. A closed loop: users wait for their answers.

    Parameters
    ----------
    user_classes
        The names of those User classes of the file that run; by default all of them.
    spawn_rate
        Users a second; by default all within one second, at most 100 a second.
    project
        The folder that the locustfile's imports are found in; by default the working directory.
    team
        The processes that share the users; by default there is one.

    Raises
    ------
    DeclarationError
        When there is no locustfile, or no User class of such a name in it, or the numbers describe no load.
    MissingExtra
        When Locust is not installed.
    SubprocessError
        When the locustfile cannot be run.
    """
    load.check()
    if load.scenario.is_open:
        raise DeclarationError(
            f"a locustfile is a closed loop of users, got {load.scenario.words()}. Hint: closed(users)"
        )
    target = endpoint(service, name=name, allowed_hosts=load.allowed_hosts)
    if not locustfile.is_file():
        raise DeclarationError(f"locustfile must be a file, got {str(locustfile)!r}")
    names = _names_of(user_classes)
    users, subject, team = load.scenario.users, name or target.name, team or Team()
    team.check(users, load.allowed_hosts)
    plan = LocustPlan(
        locustfile=str(locustfile.resolve()), host=target.url, users=users, duration_s=load.duration_s,
        warmup_s=load.warmup_s, spawn_rate=spawn_rate or min(float(users), _MOST_USERS_A_SECOND), seed=load.seed,
        start_s=load.start_s, drain_s=load.timeout_s, allowed_hosts=tuple(sorted(load.allowed_hosts)), team=team,
        user_classes=names,
    )  # fmt: skip
    watch = Watch([getattr(target, "pid", 0)])
    record = run_locust(
        plan, folder=load.workdir / f"load-{subject}", name=subject, project=project or Path.cwd(),
        progress=load.progress, tell=load.tell, look=watch.look,
    )  # fmt: skip
    return result_of(
        record, target, load, watch, subject, digests={f"locustfile:{subject}": digest_file(locustfile)},
        parameters={**load.parameters(), **team.parameters(), **({"user_classes": [*names]} if names else {})},
    )  # fmt: skip


def _names_of(user_classes: Collection[str]) -> tuple[str, ...]:
    if isinstance(user_classes, str) or not all(isinstance(name, str) for name in user_classes):
        raise DeclarationError(f'user_classes must be names, as ["Traveller"], got {user_classes!r}')
    return tuple(sorted(set(user_classes)))


def result_of(
    record: Record,
    target: Endpoint,
    load: Load,
    watch: Watch,
    subject: str,
    *,
    digests: dict[str, str],
    parameters: dict[str, Any],
    rows: int = 1,
    more: Iterable[Measurement] = (),
) -> Result:
    """Return what a run of a service measured, `more` beside what every run does."""
    ended_s = time.time()
    begun_s = record.facts.get("begun_s", ended_s - record.facts["duration_s"])
    end_s = begun_s + record.facts["duration_s"]
    seen = watch.between(0, begun_s, end_s)
    first, last = seen or (None, None)
    used = Used(first=first, last=last, startup_s=getattr(target, "started_in_s", None))
    machine = watch.machine_cpu_s(begun_s, end_s)
    foreign = None
    if machine is not None:
        ours = record.facts.get("own_cpu_s", record.facts["cpu_share"] * record.facts["duration_s"]) + (
            last.cpu_s - first.cpu_s if first and last else 0
        )
        foreign = max(machine - ours, 0.0) / record.facts["duration_s"]
    record = replace(record, facts={**record.facts, "foreign_cores": foreign})
    measured = record.measured()
    why, late = why_unproved(measured, load.scenario), why_late(measured, load.level.tightest_ms())
    numbers = [
        *measurements_of(measured, is_open=load.scenario.is_open, rows=rows, used=used),
        first_request(record),
        *more,
    ]
    numbers = about(numbers, subject, load.seed, parameters)
    return Result(
        stage="load",
        subject=subject,
        measurements=tuple(unproved(one, why or late) if why or (late and is_latency(one)) else one for one in numbers),
        details={"proved": not why, "why": why or late, "facts": dict(record.facts)},
        digests=digests,
    )
