"""Whether a load run was one: what it must have done before any of its numbers may be judged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.core.messages import sentences
from pytest_mlops.stages.load.team import join_command
from pytest_mlops.stats.quantiles import quantile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_mlops.core.measurement import Measurement
    from pytest_mlops.stages.load.record import Record
    from pytest_mlops.stages.load.scenario import Scenario

_SHARE_OF_TIME = 0.99
BUSY_SHARE = 0.7
_LATE_SHARE = 0.1  # of the tightest limit
_LATE_MS = 1.0  # where no latency has a limit
_FEWEST = 20  # requests
_REPLAYED = 0.9  # of the time
_DEVIATIONS = 5.0  # standard deviations of a Poisson count


def why_unproved(record: Record, scenario: Scenario) -> str:
    """Return why a run proves nothing, all reasons in one line; empty when it proves itself.

    `record` has the requests of the measured time.
    """
    facts = record.facts
    if "team" in facts and (why := _why_not_whole(facts["team"], len(record))):
        return why  # all else was counted of a part of the run
    reasons = [*_of_any(record, facts)]
    if scenario.is_open:
        reasons += _of_open(record, scenario)
    if "alive" in facts:
        reasons += _of_users(facts)
    return "; ".join(reasons)


def why_late(record: Record, tightest_ms: float | None) -> str:
    """Return why latencies prove nothing, empty where they do: requests were sent too late.

    Too late is more than a tenth of the lowest limit that a latency has; where none is known, of the p95 of what was
    answered, from when it was sent, and 1 ms.
    """
    answered = ~record.failed
    if not answered.any():
        return ""
    late = quantile(record.lateness_ms, 0.99)
    took = (record.latency_ms - record.lateness_ms)[answered]
    most = _LATE_SHARE * tightest_ms if tightest_ms else max(_LATE_SHARE * quantile(took, 0.95), _LATE_MS)
    if late <= most:
        return ""
    return (
        f"requests were sent too late (p99 {late:.2g} ms, at most {most:.2g} ms is a tenth of the limit). "
        "Hint: a calmer machine, or another one for the generator"
    )


def unproved(measurement: Measurement, why: str) -> Measurement:
    """Return a measurement of a run that proves nothing: without a value, with the reason."""
    note = f"the load run proves nothing: {why}"
    return replace(measurement, value=None, n=0, interval=None, note=note, artefacts=())


def _of_any(record: Record, facts: Mapping[str, Any]) -> Iterator[str]:
    if facts["duration_s"] < _SHARE_OF_TIME * facts["asked_s"]:
        yield f"it ran for {facts['duration_s']:.1f} s of {facts['asked_s']:g} s"
    if not len(record):
        yield "no request was sent in the measured time"
    elif record.failed.all():
        kinds = ", ".join(f"{kind} ({count:,} times)" for kind, count in list(record.kinds().items())[:3])
        yield f"all {len(record):,} requests failed: {kinds}"
    elif len(record) < _FEWEST:
        yield f"{len(record)} requests are too few to judge a service by. Hint: {_FEWEST} and more"
    else:
        yield from _of_end(record)
    if facts["refused"]:
        yield f"connections to hosts that are not allowed were refused: {_counted(facts['refused'])}"
    if facts.get("silent"):
        yield f"{facts['silent']:,} calls of the check passed without a request to the service"


def _of_end(record: Record) -> Iterator[str]:
    """Yield that the service was gone at the end: what it did before is no measure of the whole run."""
    answered = np.flatnonzero(~record.failed | (record.status > 0))
    first = int(answered[-1]) + 1 if len(answered) else 0
    if len(record) - first >= _FEWEST:
        end = record.only(np.arange(len(record)) >= first)
        yield (
            f"the last {len(end):,} requests failed, from {end.due_s[0]:.2f} s of {record.facts['duration_s']:.3g} s "
            f"on: {', '.join(end.kinds())}"
        )


def _of_users(facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield what speaks against a run of users: Locust's, or those of a check."""
    if not facts["spawned"]:
        yield f"not all {facts['users']} users started"
    if facts["alive"] < facts["users"]:
        yield f"{facts['users'] - facts['alive']} of {facts['users']} users died"
    if facts["exceptions"]:
        yield f"tasks raised: {_counted(facts['exceptions'])}"
    if facts["unfinished"]:
        yield f"{facts['unfinished']} users were still waiting for an answer at the end"


def _why_not_whole(team: Mapping[str, Any], n: int) -> str:
    """Return what of a run of several workers is missing, or too much; empty where nothing is."""
    asked, joined, left = team["asked"], team["joined"], team["asked"] - team["done"]
    reasons = {
        f"{team['others']} of {asked} workers had another locustfile, or other users of it": team["others"] > 0,
        _who_is_missing(team): joined < asked,
        f"the run must have {asked} workers, got {joined}": joined > asked,
        f"{left} of {asked} workers left before the end": left > 0,
        f"{team['late']} of {asked} workers heard too late that the time began": team["late"] > 0,
        f"the workers counted {team['requests']:,} requests, of which {n:,} arrived here": team["requests"] != n,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _who_is_missing(team: Mapping[str, Any]) -> str:
    words = f"{team['joined']} of {team['asked']} workers joined within {team['waited_s']:g} s"
    if team["ended"]:
        return f"{words}, {team['ended']} ended before that"
    if team["refused"]:
        words += ", and connections without the token of the run were refused"
    if not team["expected"]:
        return words
    return f"{words}. Hint: the run prints how each joins: {join_command('HOST:PORT', 'TOKEN', 'FILE')}"


def _of_open(record: Record, scenario: Scenario) -> Iterator[str]:
    """Yield what speaks against a run whose requests were to be sent when they were due."""
    facts = record.facts
    if facts["held"]:
        yield f"{facts['most_in_flight']:,} requests were in flight at once, and others had to wait to be sent"
    if scenario.arrivals == "replay":
        last_s = float(record.due_s[-1]) if len(record) else 0.0
        if last_s < _REPLAYED * facts["duration_s"]:
            whole, n = scenario.offsets_s[-1], len(scenario.offsets_s)
            yield (
                f"the last request was due at {last_s:.3g} s of {facts['duration_s']:g} s: the replay has {n:,} in "
                f"{whole:.4g} s, of which the first are the warm-up. Hint: a duration that it fills"
            )
    else:
        expected = scenario.rate * facts["duration_s"]
        spread = _DEVIATIONS * float(np.sqrt(expected)) if scenario.arrivals == "poisson" else 1.0
        if len(record) < expected - spread - 1:
            yield f"{len(record):,} requests were due of about {expected:,.0f}"
    if facts["cpu_share"] > BUSY_SHARE:
        yield f"the generator used {facts['cpu_share']:.0%} of a core, and may be what is slow"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{text} ({count:,} times)" for text, count in counts.items())


def warning(record: Record) -> str:
    """Return a warning about a run that proves itself, where generator or machine were busy."""
    share, foreign = float(record.facts["cpu_share"]), record.facts.get("foreign_cores")
    said = []
    if share >= BUSY_SHARE:
        said.append(
            f"the generator used {share:.0%} of a core: it may be the slow one. Hint: fewer users, or FastHttpUser"
        )
    if foreign is not None and foreign >= _FOREIGN:
        said.append(f"other programs used {foreign:.1f} cores meanwhile")
    return sentences(said)


_FOREIGN = 0.2  # cores
