"""The trend of a load: what its earlier runs measured, a line of JSON a run, drawn beside this one, never judged."""

from __future__ import annotations

import errno
import itertools
import json
import math
import os
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.artefact import Artefact
from pytest_mlops.core.digest import digest_json
from pytest_mlops.core.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pytest_mlops.core.measurement import Measurement
    from pytest_mlops.core.plain import Json
    from pytest_mlops.core.result import Result

_DRAWN = 100  # of the newest runs


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one run of a load measured, where and when.

    Attributes
    ----------
    at
        When it ended, ISO 8601 in UTC.
    commit
        Of the code, "+" behind it where the tree was not clean; empty where it is not known.
    machine
        Its processors and memory, in words.
    load
        The digest of what was asked: runs of another scenario, rate or length are not compared.
    sent
        The digest of the requests, or of the locustfile.
    values
        `{"p95": {"value", "unit", "n"}}`, with `low` and `high` where there is an interval.
    """

    at: str
    commit: str
    machine: str
    load: str
    sent: str
    values: Mapping[str, Mapping[str, Any]]

    def line(self) -> str:
        """Return the run as a line of JSON."""
        return json.dumps(asdict(self), sort_keys=True, allow_nan=False) + "\n"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The runs of a file, the oldest first, and which lines of it are no runs (counted from 1)."""

    runs: Sequence[Run] = ()
    broken: Sequence[int] = ()
    is_torn: bool = False  # the last line has no end


def run_of(result: Result, asked: Json, *, at: str, commit: str, machine: str) -> Run | None:
    """Return what is kept of a run; None of one that measured nothing, which is no point of a trend."""
    values = {one.short_name: _kept(one) for one in result.measurements if math.isfinite(float(one))}
    if not values or not result.details.get("proved", True):
        return None
    return Run(
        at=at, commit=commit, machine=machine, load=digest_json(asked), sent=digest_json(dict(result.digests)),
        values=values,
    )  # fmt: skip


def _kept(measurement: Measurement) -> dict[str, Any]:
    interval = measurement.interval
    is_whole = interval is not None and math.isfinite(interval.low) and math.isfinite(interval.high)
    ends = {"low": _rounded(interval.low), "high": _rounded(interval.high)} if interval and is_whole else {}
    return {"value": _rounded(float(measurement)), "unit": measurement.unit, "n": measurement.n, **ends}


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")


def read_runs(path: Path) -> Kept:
    """Return the runs of a file; none where there is no file.

    Raises
    ------
    ToolError
        When it is there and can't be read.
    """
    try:
        text = path.read_bytes().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return Kept()
    except OSError as exc:
        raise ToolError(f"the trend {path} can't be read: {exc.strerror}") from exc
    runs, broken = [], []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            runs.append(_run(json.loads(line)))
        except (ValueError, TypeError, KeyError, AttributeError):
            broken.append(number)
    return Kept(runs=sorted(runs, key=lambda run: run.at), broken=broken, is_torn=bool(text) and text[-1] != "\n")


def _run(data: Mapping[str, Any]) -> Run:
    """Return the run that a line holds; TypeError, ValueError or KeyError where it holds none."""
    run = Run(**{name: data[name] for name in Run.__dataclass_fields__})
    words = [run.at, run.commit, run.machine, run.load, run.sent, *(entry["unit"] for entry in run.values.values())]
    numbers = [float(entry.get(name, 0)) for entry in run.values.values() for name in ("value", "low", "high")]
    if not all(isinstance(word, str) for word in words) or not all(map(math.isfinite, numbers)):
        raise ValueError("a run has words and finite numbers")
    return run


def keep_run(path: Path, run: Run, earlier: Kept) -> None:
    """Append a run to a file in one write, as several processes may do at once; half a line would be told later.

    Raises
    ------
    ToolError
        When it can't be written.
    """
    line = (("\n" if earlier.is_torn else "") + run.line()).encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            if os.write(descriptor, line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            os.close(descriptor)
    except OSError as exc:
        raise ToolError(f"the trend {path} can't be written: {exc.strerror}. Hint: trends of mlops.toml") from exc


def with_trend(result: Result, run: Run, earlier: Kept) -> Result:
    """Return a result whose measurements draw what earlier runs of the same load measured."""
    same = [one for one in earlier.runs if one.load == run.load]
    others = len(earlier.runs) - len(same)
    measurements = tuple(
        replace(one, artefacts=(*one.artefacts, *_trend(one.short_name, [*same, run], others, earlier.broken)))
        for one in result.measurements
    )
    return replace(result, measurements=measurements)


def _trend(name: str, runs: Sequence[Run], others: int, broken: Sequence[int]) -> Sequence[Artefact]:
    """Return the trend of one number, those of this machine first; nothing where it was measured once."""
    known = [run for run in runs if name in run.values][-_DRAWN:]
    if len(known) < 2 or known[-1] is not runs[-1]:  # noqa: PLR2004 - one run is no trend
        return ()
    unit = runs[-1].values[name]["unit"]
    known = [run for run in known if run.values[name]["unit"] == unit]
    here = runs[-1].machine
    machines = [here, *sorted({run.machine for run in known} - {here})]
    data: dict[str, Json] = {
        "unit": unit,
        "runs": [[run.at, run.commit] for run in known],
        "series": [{"name": one, "points": _points(name, known, one)} for one in machines],
        "note": _note(known, others, broken),
    }
    return (Artefact("trend", f"{name.replace('_', ' ')} of this run and earlier ones", data),)


def _points(name: str, runs: Sequence[Run], machine: str) -> list[Json]:
    return [
        [place, *(run.values[name].get(part) for part in ("value", "low", "high"))]
        for place, run in enumerate(runs)
        if run.machine == machine
    ]


def _note(runs: Sequence[Run], others: int, broken: Sequence[int]) -> str:
    """Say what the plot is not, and what it leaves out."""
    changed = sum(1 for earlier, later in itertools.pairwise(runs) if earlier.sent != later.sent)
    said = [
        "Drawn, not judged: what a machine was doing at another time, or another machine, says little of this run.",
        f"Changes of what was sent: {changed:,}." if changed else "",
        f"Runs of another load, left out: {others:,}." if others else "",
        f"Lines that are no run: {len(broken):,}, the first is line {broken[0]:,}." if broken else "",
    ]
    return " ".join(filter(None, said))
