"""Batch: a job from Parquet to Parquet answers each row once, the same again, and leaves nothing when killed."""

from __future__ import annotations

import signal
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_mlops.adapters import parquet
from pytest_mlops.core.digest import digest_tree
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.judge import Judgement, judge
from pytest_mlops.core.limit import Limit, at_most
from pytest_mlops.core.measurement import Measurement
from pytest_mlops.core.result import Result
from pytest_mlops.core.verdict import Verdict
from pytest_mlops.stages.batch_runs import Job, Killed, Ran, run, run_killed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

_KILLS = 4  # tries to catch a job before its end
_NAMES = (
    "missing_rows", "extra_rows", "duplicate_rows", "null_predictions", "differences", "largest_difference",
    "leftovers", "input_changed", "duration", "peak_memory",
)  # fmt: skip
_UNITS = {"duration": "s", "peak_memory": "MiB"}


@dataclass(frozen=True)
class _Found:
    """The value of one measurement before it has its name."""

    value: float | None
    n: int
    note: str = ""
    where: str = ""


def measure_batch(
    command: Sequence[str],
    *,
    input: Path,  # noqa: A002 - the word that a user of a batch job thinks of
    name: str,
    workdir: Path,
    project_root: Path,
    key: str | Sequence[str] | None = None,
    timeout_s: float = 600,
    kill: bool = True,
    env: Mapping[str, str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Result:
    """Run a batch job twice, and then kill it midway, by SIGTERM and by SIGKILL.

    Parameters
    ----------
    command
        A list with `{input}` and `{output}` in it; `{python}` stands for this interpreter. It runs in the project's
        root, on a copy of the input, and writes to an empty folder of its own.
    input
        A Parquet file, or a folder of them. Without rows nothing is run, and no value is measured.
    key
        The columns that name a row, in input and output. Without it rows are counted and compared in order, and
        an answer too many can't be told from a duplicate.
    timeout_s
        For each run.
    kill
        Whether to kill further runs: by SIGTERM after half of a run's time and as soon as there is a file in the output
        folder, by SIGKILL at that moment. A job that ended before is killed earlier, up to four times; when it can't be
        caught there is no value.

    Raises
    ------
    DeclarationError
        For an input that does not exist, a command without placeholders, a key that the input has not.
    ToolError
        When the job fails, runs out of time, writes nothing or what is no Parquet.
    """
    keys = [key] if isinstance(key, str) else list(key or ())
    job = Job(
        command=command, name=name, input=input, workdir=workdir, project_root=project_root.resolve(),
        timeout_s=timeout_s, env=env or {},
    )  # fmt: skip
    job.check()
    tell = progress or (lambda _: None)
    rows = _input_rows(job, keys)
    found = _measure(job, keys, rows, tell, kill=kill) if rows else {}
    return _result(job, found, keys)


def _input_rows(job: Job, keys: Sequence[str]) -> int:
    if not job.input.exists():
        raise DeclarationError(
            f"the input of batch job {job.name!r} must be a Parquet file, got {str(job.input)!r}, which does not exist"
        )
    parquet.check_key(job.input, keys)
    return parquet.count_rows(job.input)


def _measure(job: Job, keys: Sequence[str], rows: int, tell: Callable[[str], None], *, kill: bool) -> dict[str, _Found]:
    runs = []
    for number in range(2):
        tell(f"batch job {job.name}: run {number + 1} of 2")
        runs.append(run(job, number))
    found = _completeness(job, runs[0], keys, rows) | _sameness(runs, keys)
    kills = _kill(job, runs, tell) if kill else []
    return found | {
        "leftovers": _leftovers(kills) if kill else _Found(None, 0, "no run was killed: kill=False"),
        "input_changed": _Found(any(ran.input_changed for ran in runs), len(runs)),
        "duration": _Found(max(ran.duration_s for ran in runs), len(runs), "the longer of two runs"),
        "peak_memory": _peak(runs),
    }


def _completeness(job: Job, ran: Ran, keys: Sequence[str], rows: int) -> dict[str, _Found]:
    matching = parquet.match_rows(job.input, ran.output, keys)
    where = "" if matching.first_missing is None else f"first at row {matching.first_missing} of the input"
    answered = parquet.count_rows(ran.output)
    return {
        "missing_rows": _Found(matching.missing, rows, where=where),
        "extra_rows": _Found(matching.extra, max(answered, 1), "" if keys else "by number: no key was given"),
        "duplicate_rows": _Found(None, 0, "no key was given")
        if matching.duplicate is None
        else _Found(matching.duplicate, max(answered, 1)),
        "null_predictions": _nulls(job, ran, keys),
    }


def _nulls(job: Job, ran: Ran, keys: Sequence[str]) -> _Found:
    known = {*parquet.column_types(job.input), *keys}
    columns = [name for name in parquet.column_types(ran.output) if name not in known]
    if not columns:
        return _Found(None, 0, "the output has no column that the input has not")
    counts = {name: parquet.count_nulls(ran.output, [name]) for name in columns}
    worst = [f"{count} in column {name!r}" for name, (count, _) in counts.items() if count]
    nulls, values = (sum(column) for column in zip(*counts.values(), strict=True))
    return _Found(nulls, values, where=", ".join(worst))


def _sameness(runs: Sequence[Ran], keys: Sequence[str]) -> dict[str, _Found]:
    one, other = (ran.output for ran in runs)
    compared = parquet.compare_rows(one, other, keys)
    same = "the same" if digest_tree(one) == digest_tree(other) else "not the same"
    return {
        "differences": _Found(compared.rows, compared.of, f"the files are {same} byte by byte", compared.first),
        "largest_difference": _Found(compared.largest if compared.of else None, compared.of, where=compared.first),
    }


def _kill(job: Job, runs: Sequence[Ran], tell: Callable[[str], None]) -> list[Killed]:
    """Kill by SIGTERM midway and at the first file, by SIGKILL at the first file; earlier until it is caught."""
    rows, duration_s = parquet.count_rows(runs[0].output), min(ran.duration_s for ran in runs)
    midway = [duration_s / 2 ** (attempt + 1) for attempt in range(_KILLS)]
    tell(f"batch job {job.name}: killed midway and at its first file")
    return [
        *_kill_until_caught(job, signal.SIGTERM, midway, rows),
        *_kill_until_caught(job, signal.SIGTERM, [None], rows),
        *_kill_until_caught(job, signal.SIGKILL, [None, *midway], rows),
    ]


def _kill_until_caught(job: Job, kind: signal.Signals, moments: Sequence[float | None], rows: int) -> Iterable[Killed]:
    for after_s in moments:
        killed = run_killed(job, kind, after_s, rows=rows)
        yield killed
        if killed.in_time:
            return


def _leftovers(kills: Sequence[Killed]) -> _Found:
    caught = [killed for killed in kills if killed.in_time]
    if {killed.kind for killed in caught} != {signal.SIGTERM, signal.SIGKILL}:
        tries = f"the job could not be caught before its end in {len(kills)} tries"
        note = f"{tries}. Hint: give it more rows, and end at SIGTERM"
        return _Found(None, 0, note)
    left = [f"{file} after {killed.how}" for killed in caught for file in killed.left]
    return _Found(len(left), len(caught), "killed by " + ", ".join(killed.how for killed in caught), ", ".join(left))


def _peak(runs: Sequence[Ran]) -> _Found:
    peaks = [ran.peak_mib for ran in runs if ran.peak_mib is not None]
    if not peaks:
        return _Found(None, 0, "the system does not tell, or the job was too short")
    return _Found(max(peaks), len(peaks), "the larger of two runs, its processes added up")


def _result(job: Job, found: Mapping[str, _Found], keys: Sequence[str]) -> Result:
    nothing = _Found(None, 0, "the input has no rows")
    values = {name: found.get(name, nothing) for name in _NAMES}
    return Result(
        stage="batch",
        subject=job.name,
        measurements=tuple(
            Measurement(
                name=f"batch.{name}",
                subject=job.name,
                value=item.value,
                unit=_UNITS.get(name, ""),
                n=item.n,
                note=item.note,
            )
            for name, item in values.items()
        ),
        details={"key": list(keys), "where": {name: item.where for name, item in values.items() if item.where}},
        digests={f"data:{job.name}": digest_tree(job.input)},
    )


@dataclass(frozen=True, kw_only=True)
class Clean:
    """The requirement that some measurements of a batch job meet a limit; made by the functions below."""

    names: tuple[str, ...]
    limit: Limit

    def judge(self, result: Result) -> Iterable[Judgement]:
        """Judge each; duplicates only where a key was given, since nothing else tells them."""
        for name in self.names:
            if name != "duplicate_rows" or result.details["key"]:
                yield self._explained(judge(result[name], self.limit), result)

    @staticmethod
    def _explained(judgement: Judgement, result: Result) -> Judgement:
        where = result.details["where"]
        text = where.get(judgement.measurement.short_name, "") if isinstance(where, dict) else ""
        return replace(judgement, reason=str(text)) if judgement.verdict is Verdict.FAIL else judgement


def complete() -> Clean:
    """Require one answer for each row of the input, no other, and no answer that is null or NaN."""
    return Clean(names=("missing_rows", "extra_rows", "duplicate_rows", "null_predictions"), limit=at_most(0))


def same_twice(within: float = 0.0) -> Clean:
    """Require that two runs answer the same.

    Parameters
    ----------
    within
        What floats may differ by: |a - b| / max(1, |a|, |b|), less than 1; everything else must be equal.
    """
    if not 0 <= within < 1:
        raise DeclarationError(f"within must be at least 0 and below 1, got {within!r}")
    return Clean(names=("differences" if within == 0 else "largest_difference",), limit=at_most(within))


def nothing_left_when_killed() -> Clean:
    """Require that a killed run leaves no file but a whole one under the final name."""
    return Clean(names=("leftovers",), limit=at_most(0))
