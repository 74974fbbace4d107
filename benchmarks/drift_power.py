"""What is found of planted changes, at the same measured false-alarm rate: ours, textbook tests, and other tools.

python benchmarks/drift_power.py --into FILE.json [--cells NAME ...] [--tools NAME ...] [--page FILE.md]
    [--evidently PYTHON] [--deepchecks PYTHON] [--nannyml PYTHON] [--whylogs PYTHON]

Each tool runs in an interpreter of its own, which is given; a tool that is not given is left out. They were made with

- Evidently: `evidently==0.7.23 pandas<3 pyarrow`
- NannyML: `nannyml==0.13.1 statsmodels pyarrow`
- whylogs: `whylogs[viz]==1.6.4 numpy<2 pandas<2.3 pyarrow==25.0.1 setuptools<80`
- deepchecks: `deepchecks==0.19.1 numpy==1.26.4 pandas==2.3.3 scikit-learn==1.7.2 scipy==1.17.1 setuptools==79.0.1
  pyarrow==25.0.1`

all on Python 3.11. What was scored is kept in the JSON, and not scored again. The page is written by
`drift_power_page.py`.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import tempfile
import warnings
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import drift_power_page
import numpy as np
from drift_planted import CELLS, CHANGES, DAY, TARGET, UNCHANGED, planted
from drift_power_page import RATE
from drift_tests import p_values

from pytest_mlops import no_drift
from pytest_mlops.stages.drift import measure_drift, reference_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import pandas as pd

    Found = dict[str, dict[str, dict[str, Any]]]
    Case = tuple[int, str]

PEERS = ("evidently", "deepchecks", "nannyml", "whylogs")
_AT_ONCE = 50  # trials, whose files stand there together
_QUIET = {
    "OMP_NUM_THREADS": "1",
    "DO_NOT_TRACK": "1",
    "DISABLE_DEEPCHECKS_ANONYMOUS_TELEMETRY": "1",
    "DISABLE_LATEST_VERSION_CHECK": "1",
}


def cases(cell: str, share: float) -> Iterator[Case]:
    """Yield the trials of a cell and what is changed in each, a part of them where `share` is below 1."""
    n_null, n_changed = (math.ceil(count * share) for count in CELLS[cell].trials)
    for number in range(max(n_null, n_changed)):
        changes = [*([UNCHANGED] if number < n_null else []), *(CHANGES if number < n_changed else [])]
        yield from ((number, change) for change in changes)


def draw(cell: str, number: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the unchanged pair of a trial."""
    return CELLS[cell].draw(np.random.default_rng([number, 4711]))


def changed(current: pd.DataFrame, case: Case) -> pd.DataFrame:
    """Return the current side of a case."""
    return planted(current, case[1], np.random.default_rng([case[0], 12]))


def ours(cell: str, some: Iterable[Case], *, target: str | None = None) -> Iterator[tuple[Case, dict[str, Any]]]:
    """Score cases with this package: the smallest adjusted p-value, as the classical test has it."""
    trial, reference, old, current = -1, None, None, None
    unit = CELLS[cell].unit
    for case in some:
        if case[0] != trial:
            trial, (old, current) = case[0], draw(cell, case[0])
            reference = old if target else reference_of(old, unit=unit, seed=trial)
        result = measure_drift(
            changed(current, case), reference=reference, name="it", unit=unit, seed=trial, target=target
        )
        ps: dict[str, float] = {}
        for measurement in result.measurements:
            if "p_value" in measurement.parameters:
                name = f"{measurement.subject.partition('.')[2]} {measurement.short_name}"
                ps[name] = float(measurement.parameters["p_value"])  # type: ignore[arg-type]
        verdicts = {str(judgement.verdict) for judgement in no_drift().judge(result)}
        alarms = {
            "any change at 5 %": min(ps.values()) <= RATE,
            "no_drift() fails": "fail" in verdicts,
        }
        yield case, {"parts": _of_p(ps, 0.2), "alarms": alarms}


def tests(cell: str, some: Iterable[Case]) -> Iterator[tuple[Case, dict[str, Any]]]:
    """Score cases with textbook tests; at their defaults with Holm's correction."""
    trial, old, current = -1, None, None
    for case in some:
        if case[0] != trial:
            trial, (old, current) = case[0], draw(cell, case[0])
        ps = p_values(old, changed(current, case))  # type: ignore[arg-type]
        yield case, {"parts": _of_p(ps), "alarms": {"Holm at 5 %": _by_holm(ps) <= RATE}}


def _by_holm(ps: Mapping[str, float]) -> float:
    """Return the smallest corrected p-value, without the tests of categories that were chosen for being new."""
    kept = [p for name, p in ps.items() if not name.endswith(" new")]
    return min(kept) * len(kept)


def _of_p(ps: Mapping[str, float], most: float = 1.0) -> dict[str, float]:
    """Return p-values as ratios of logarithms to that of 5 %; large ones are left out."""
    return {name: round(math.log(max(p, 1e-300)) / math.log(RATE), 4) for name, p in ps.items() if p <= most}


def peer(tool: str, python: str, cell: str, some: Iterable[Case]) -> Iterator[tuple[Case, dict[str, Any]]]:
    """Score cases with another tool, in a process of its own for every fifty trials."""
    listed = list(some)
    trials = iter(dict.fromkeys(number for number, _ in listed))
    while chunk := list(islice(trials, _AT_ONCE)):
        with tempfile.TemporaryDirectory() as folder:
            pairs = Path(folder, "pairs.json")
            at = [case for case in listed if case[0] in chunk]
            pairs.write_text(json.dumps(dict(_files(cell, at, Path(folder)))), encoding="utf-8")
            scores = Path(folder, "scores.json")
            script = Path(__file__).with_name("drift_peers.py")
            done = subprocess.run(
                [python, script, tool, pairs, scores],
                env={**os.environ, **_QUIET},
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise SystemExit(f"{tool}: {done.stderr[-2000:]}")
            print(done.stdout.splitlines()[-1], flush=True)
            read = json.loads(scores.read_text(encoding="utf-8"))
        yield from ((case, read[_key(case)]) for case in at)


def _key(case: Case) -> str:
    return f"{case[0]} {case[1]}"


def _files(cell: str, some: Iterable[Case], folder: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    trial, current, paths = -1, None, [folder, folder]
    for place, case in enumerate(some):
        if case[0] != trial:
            trial, (old, current) = case[0], draw(cell, case[0])
            paths[0] = folder / f"{trial}.parquet"
            old.drop(columns=DAY, errors="ignore").to_parquet(paths[0])
        path = folder / f"{trial}-{place}.parquet"
        changed(current, case).drop(columns=DAY, errors="ignore").to_parquet(path)  # type: ignore[arg-type]
        yield _key(case), (str(paths[0]), str(path))


def measure(scorers: Mapping[str, Callable[..., Any]], asked: argparse.Namespace) -> Found:
    """Score all that is not known yet; it is written down after every trial."""
    into: Path = asked.into
    found: Found = json.loads(into.read_text(encoding="utf-8")) if into.exists() else {}
    for cell in asked.cells or CELLS:
        for tool, score in scorers.items():
            known = found.setdefault(cell, {}).setdefault(tool, {})
            some = [case for case in cases(cell, asked.share) if _key(case) not in known]
            trial = -1
            for case, scored in score(cell, some):
                known[_key(case)] = scored
                if case[0] != trial:
                    trial = case[0]
                    _write(found, into)
            _write(found, into)
            print(cell, tool, len(some), flush=True)
    return found


def _write(found: Found, into: Path) -> None:
    part = into.with_suffix(".part")
    part.write_text(json.dumps(found) + "\n", encoding="utf-8")
    part.replace(into)


def scorers(asked: argparse.Namespace) -> dict[str, Callable[..., Any]]:
    """Return what scores, by name, of the tools that are given."""
    known: dict[str, Callable[..., Any]] = {"ours": ours, "tests": tests, "ours, target=": partial(ours, target=TARGET)}
    for tool in PEERS:
        if python := getattr(asked, tool):
            known[tool] = partial(peer, tool, python)
    return {name: score for name, score in known.items() if not asked.tools or name in asked.tools}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="what drift tools find of planted changes")
    parser.add_argument("--into", type=Path, required=True, help="keep the scores in this file of JSON")
    parser.add_argument("--cells", nargs="*", help=", ".join(CELLS))
    parser.add_argument("--tools", nargs="*", help="ours, tests, 'ours, target=', " + ", ".join(PEERS))
    parser.add_argument("--share", type=float, default=1.0, help="of the trials")
    parser.add_argument("--page", type=Path, help="write the tables into this file")
    for tool in PEERS:
        parser.add_argument(f"--{tool}", metavar="PYTHON", help=f"the interpreter that has {tool}")
    warnings.simplefilter("ignore")
    given = parser.parse_args()
    scored = measure(scorers(given), given)
    if given.page:
        given.page.write_text(drift_power_page.page(scored), encoding="utf-8")
