"""Whether a load run was one: what it must have done before any of its numbers may be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_mlops.stages.load.run import Plan, Record

_SHARE_OF_TIME = 0.99
BUSY_SHARE = 0.7


def why_unproved(record: Record, plan: Plan) -> str:
    """Return why a run proves nothing, all reasons in one line; empty when it proves itself."""
    return "; ".join(_reasons(record, plan))


def _reasons(record: Record, plan: Plan) -> Iterator[str]:
    facts = record.facts
    if not facts["spawned"]:
        yield f"not all {plan.users} users started"
    if facts["duration_s"] < _SHARE_OF_TIME * plan.duration_s:
        yield f"it ran for {facts['duration_s']:.1f} s of {plan.duration_s:g} s"
    if not len(record.latency_ms):
        yield "no request was sent in the measured time"
    elif record.failed.all():
        yield f"all {len(record.failed):,} requests failed"
    if facts["alive"] < plan.users:
        yield f"{plan.users - facts['alive']} of {plan.users} users died"
    if facts["exceptions"]:
        yield f"tasks raised: {_counted(facts['exceptions'])}"
    if facts["refused"]:
        yield f"connections to hosts that are not allowed were refused: {_counted(facts['refused'])}"
    if facts["unfinished"]:
        yield f"{facts['unfinished']} users were still waiting for an answer {plan.drain_s:g} s after the end"


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{text} ({count:,} times)" for text, count in counts.items())


def warning(record: Record) -> str:
    """Return a warning about a run that proves itself, where the generator was busy."""
    share = float(record.facts["cpu_share"])
    if share < BUSY_SHARE:
        return ""
    return f"the generator used {share:.0%} of a core: it may be the slow one. Hint: fewer users, or FastHttpUser"
