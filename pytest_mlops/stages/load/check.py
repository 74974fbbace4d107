"""A check as load: the function that a test calls with a service's URL is called by many users at once."""

from __future__ import annotations

import json
import math
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.core.digest import digest_file
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.measurement import Measurement
from pytest_mlops.stages.load.child_run import Job, environment, run_job
from pytest_mlops.stages.load.measure import result_of
from pytest_mlops.stages.load.record import Record, record_of
from pytest_mlops.stages.load.watch import Watch
from pytest_mlops.stages.service_endpoint import Endpoint, endpoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from pytest_mlops.core.result import Result
    from pytest_mlops.stages.load.measure import Load

_MOST_THREADS = 64  # of an open loop
_ASSERTS = ("AssertionError ", "Failed ")  # the latter is pytest.fail


def measure_check(
    service: Endpoint | str, load: Load, check: str, *, name: str = "", project: Path | None = None
) -> Result:
    """Call a check as users do, in a process of its own, and measure every call.

    A call that ends is an answered request, however many it made; one whose assert fails, or that raises, is a failed
    one, and its user lives on. A closed loop of users, or calls that begin when they are due.

    Parameters
    ----------
    check
        `package.module:function`, called with the service's URL.
    project
        The folder that its module is found in; by default the working directory.

    Raises
    ------
    DeclarationError
        When there is no such check, it is no function of a URL, or the numbers describe no load.
    SubprocessError
        When its module can't be imported.
    """
    load.check()
    module, colon, function = check.partition(":")
    if not (module and colon and function.isidentifier()):
        raise DeclarationError(f'check must be "package.module:function", got {check!r}')
    target = endpoint(service, name=name, allowed_hosts=load.allowed_hosts)
    subject, watch = name or target.name, Watch([getattr(target, "pid", 0)])
    job = _job(load, check, target.url, subject)
    path = os.pathsep.join(filter(None, [str(project or Path.cwd()), os.environ.get("PYTHONPATH", "")]))
    records, facts = run_job(
        job, folder=load.workdir / f"load-{subject}", env=environment(PYTHONPATH=path, PYTHONOPTIMIZE=""),
        progress=load.progress, look=watch.look,
    )  # fmt: skip
    record = _read(records, {**facts, "asked_s": load.duration_s})
    digests = {f"check:{subject}": digest_file(Path(facts["file"]))} if facts["file"] else {}
    return result_of(
        record, target, load, watch, subject, digests=digests, parameters=load.parameters(),
        more=_kinds(record.measured()),
    )  # fmt: skip


def _job(load: Load, check: str, url: str, subject: str) -> Job:
    scenario = load.scenario
    users = scenario.users or min(math.ceil(max(scenario.rate * load.timeout_s, 1)), _MOST_THREADS)
    return Job(
        name=subject,
        runner="check_run.py",
        flags=("-P",),
        config={
            "check": check, "url": url, "users": users, "arrivals": scenario.to_json(), "warmup_s": load.warmup_s,
            "duration_s": load.duration_s, "drain_s": load.timeout_s, "seed": load.seed,
            "allowed_hosts": sorted(load.allowed_hosts),
        },
        limit_s=load.start_s + load.warmup_s + load.duration_s + load.timeout_s,
        words=f"{check}, {scenario.words()} for {load.duration_s:g} s",
    )  # fmt: skip


def _read(path: Path, facts: Mapping[str, Any]) -> Record:
    """Return what the runner wrote; what went wrong is what the check says, whatever the status was."""
    lines = sorted(json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    record = record_of([(sent, done, 0, facts["name"], problem) for _, sent, done, _, problem in lines], facts)
    due, status = (np.array([line[at] for line in lines]) for at in (0, 3))
    return replace(record, due_s=due.astype(np.float64), status=status.astype(np.int64))


def _kinds(record: Record) -> Iterable[Measurement]:
    """Yield the shares of calls that failed by an assert, and by what is none."""
    n = len(record)
    asserted = np.array([words.startswith(_ASSERTS) for words in record.problems])[record.problem]
    for name, found, words in (
        ("failures_asserted", asserted, "share of calls whose assert failed"),
        ("failures_raised", record.failed & ~asserted, "share of calls that raised what is no failed assert"),
    ):
        value = float(found.mean()) if n else 0.0
        yield Measurement(name=f"load.{name}", subject="", value=value, n=n, method=words)
