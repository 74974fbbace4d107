"""One run of the open-loop generator."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_mlops.stages.load.child_run import Job, environment, run_job
from pytest_mlops.stages.load.record import Record, complete_until_s, read_records

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pytest_mlops.core.plain import Json
    from pytest_mlops.stages.load.messages import Address
    from pytest_mlops.stages.load.scenario import Scenario

_START_S = 30.0  # that the process may take before its first request
MOST_IN_FLIGHT = 900  # connections, of the thousand that a process can watch


@dataclass(frozen=True, kw_only=True)
class OpenPlan:
    """What the generator is asked to do; times in seconds.

    Attributes
    ----------
    duration_s, longest_s
        The measured time; up to how long it may be made where the limits can't be judged yet.
    messages
        As `messages_of` returns them, for each of `addresses`.
    """

    scenario: Scenario
    addresses: Sequence[Address]
    messages: Sequence[Json]
    warmup_s: float
    duration_s: float
    longest_s: float
    timeout_s: float
    seed: int
    allowed_hosts: Sequence[str]

    @property
    def drain_s(self) -> float:
        """How long answers are waited for after the end."""
        return self.timeout_s


def looks_s(duration_s: float, longest_s: float) -> list[float]:
    """Return when the limits are looked at: at the planned end, and each time that the run is twice as long."""
    looks = [duration_s]
    while looks[-1] * 2 < longest_s:
        looks.append(looks[-1] * 2)
    return [*looks, longest_s] if longest_s > looks[-1] else looks


def run_open(
    plan: OpenPlan,
    *,
    folder: Path,
    name: str,
    progress: Callable[[str], None],
    look: Callable[[], None],
    decided: Callable[[Record], bool],
) -> Record:
    """Run the generator in a process of its own until the limits are `decided`, or for the longest time.

    Raises
    ------
    SubprocessError
        When it ends without a summary, or not in time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    messages = folder / "messages.json"
    messages.write_text(json.dumps(plan.messages), encoding="utf-8")
    job = Job(
        name=name,
        runner="open_loop.py",
        flags=("-I",),
        config={
            "targets": [[address.host, address.port] for address in plan.addresses],
            "messages": str(messages),
            "arrivals": plan.scenario.to_json(),
            "warmup_s": plan.warmup_s,
            "duration_s": plan.longest_s,
            "timeout_s": plan.timeout_s,
            "drain_s": plan.drain_s,
            "most_in_flight": MOST_IN_FLIGHT,
            "seed": plan.seed,
            "allowed_hosts": [*plan.allowed_hosts],
        },
        limit_s=_START_S + plan.warmup_s + plan.longest_s + plan.drain_s,
        words=f"{plan.scenario.words()} for {plan.duration_s:g} s",
    )
    names = [message[0] for message in plan.messages]  # type: ignore[index]
    looks = looks_s(plan.duration_s, plan.longest_s)
    seen = 0

    def is_enough(records: Path) -> bool:
        nonlocal seen
        if seen == len(looks) - 1 or complete_until_s(records) < looks[seen]:
            return False
        length = looks[seen]
        seen += 1
        facts = {"duration_s": length, "asked_s": length, "names": names, "cpu_share": 0.0}
        return decided(read_records(records, facts).measured())

    records, facts = run_job(job, folder=folder, env=environment(), progress=progress, look=look, is_enough=is_enough)
    asked_s = looks[max(seen - 1, 0)] if facts["ended_early"] else looks[-1]
    return read_records(records, {**facts, "asked_s": asked_s, "duration_s": min(facts["duration_s"], asked_s)})
