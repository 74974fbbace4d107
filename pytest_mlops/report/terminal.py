"""The terminal's summary: a table of the stages, what was excused, what is missing, and the next command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlops.core.verdict import Verdict
from pytest_mlops.report.reproduce import next_command
from pytest_mlops.report.standing import (
    EXCUSED,
    Record,
    StageRow,
    excused_checks,
    failed_gates,
    name_of,
    reason_of_run,
    stage_rows,
    tally,
    verdict_words,
)
from pytest_mlops.report.text import one_line, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEADER = f"{'stage':<17}checks  {'verdict':<14}what was measured"
_NAMED = 3


def summary_lines(record: Record, *, width: int, report_dir: str, quiet: bool = False) -> list[str]:
    """Return the lines under the header; with `quiet` the verdict alone.

    Every line is cut to `width` characters but the next command, which must stay whole to be run.
    """
    if quiet:
        verdict = f"mlops {record['profile']}: {verdict_words(record['verdict'])} ({reason_of_run(record)})"
        return [shorten(verdict, width)]
    lines = [*_table(record), *_excused(record), *_baselines(record), *_gates(record), _verdict(record)]
    lines.append(f"report  {report_dir}/report.html  .json  .md")
    return [*(shorten(line, width) for line in lines), *_next(record, width)]


def _table(record: Record) -> Iterator[str]:
    rows = stage_rows(record)
    yield _HEADER
    yield from (_line(row) for row in rows if not row.is_silent)
    silent = ", ".join(row.stage for row in rows if row.is_silent)
    if silent:
        yield f"not run   {silent}"


def _line(row: StageRow) -> str:
    count = f"{row.checks:>4}" if row.checks else f"{'-':>4}"
    return f"{row.stage:<17}{count:<8}{row.words:<14}{row.measured}".rstrip()


def _excused(record: Record) -> Iterator[str]:
    for gate, word in EXCUSED.items():
        checks = excused_checks(record, gate)
        if checks:
            named = [f"{name_of(check)}: {one_line(check['reason'])}".rstrip(": ") for check in checks[:_NAMED]]
            yield f"{word} {len(checks)} ({'; '.join(named)}{'; …' if len(checks) > _NAMED else ''})"


def _baselines(record: Record) -> Iterator[str]:
    baselines = {word: names for word, names in sorted(record["baselines"].items()) if names}
    changes = baselines.pop("changes", ())
    if baselines:
        yield f"baselines {', '.join(f'{len(names)} {one_line(word)}' for word, names in baselines.items())}"
    yield from (f"          {one_line(change)}" for change in changes)


def _gates(record: Record) -> Iterator[str]:
    for gate in failed_gates(record):
        yield f"gate    {one_line(gate['name'])}: {one_line(gate['reason'])}"


def _verdict(record: Record) -> str:
    """Return the verdict of the run; why it has none, or how many checks stand where."""
    has_none = record["verdict"] == Verdict.NOT_RUN
    return f"verdict {verdict_words(record['verdict'])}: {reason_of_run(record) if has_none else tally(record)}"


def _next(record: Record, width: int) -> Iterator[str]:
    found = next_command(record)
    if found is not None:
        line = f"next    {found.command}"
        full = f"{line}      {found.purpose}"
        yield full if len(full) <= width else line
