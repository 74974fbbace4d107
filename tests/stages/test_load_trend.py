"""The trend of a load: what is kept of a run, what is drawn of it, and that it changes no verdict."""

from __future__ import annotations

import json
import math
import multiprocessing
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops import ToolError, at_most
from pytest_mlops.core.judge import judge
from pytest_mlops.core.measurement import Interval, Measurement
from pytest_mlops.core.result import Result
from pytest_mlops.stages.load import keep_run, read_runs, run_of, with_trend
from pytest_mlops.stages.load.trend import Kept, Run

if TYPE_CHECKING:
    from pathlib import Path


P95 = Measurement(name="load.p95", subject="api", value=9.0, unit="ms", n=500)


def measured(p95: float | None = 9.0, low: float = 8.0, high: float = 12.0, *, proved: bool = True) -> Result:
    return Result(
        stage="load",
        subject="api",
        measurements=(
            replace(P95, value=p95, interval=Interval(low, high, 0.95)),
            Measurement(name="load.memory_growth", subject="api", value=None, unit="MiB", n=0),
        ),
        details={"proved": proved},
        digests={"requests:api": "sha256:a"},
    )  # fmt: skip


def run(p95: float = 9.0, *, at: str = "2026-11-01T03:00:00+00:00", machine: str = "here", rate: int = 50) -> Run:
    found = run_of(measured(p95), {"rate": rate}, at=at, commit="abc", machine=machine)
    assert found is not None
    return found


def trend(result: Result, name: str = "p95") -> dict[str, Any]:
    (artefact,) = [one for one in result[name].artefacts if one.kind == "trend"]
    return artefact.to_json()["data"]  # type: ignore[return-value]


def test_what_was_kept_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "api.jsonl"
    first, second = run(9.123456789), run(10.0, at="2026-11-02T03:00:00+00:00")
    for one in (first, second):
        keep_run(path, one, read_runs(path))
    kept = read_runs(path)
    assert kept == Kept(runs=[first, second], broken=[])
    assert first.values == {"p95": {"value": 9.12346, "unit": "ms", "n": 500, "low": 8.0, "high": 12.0}}
    assert len(path.read_text(encoding="utf-8").splitlines()) == 2


@pytest.mark.parametrize("result", [measured(None), measured(proved=False)])
def test_a_run_that_measured_nothing_is_no_point(result: Result) -> None:
    assert run_of(result, {}, at="", commit="", machine="") is None


def test_an_interval_without_an_end_is_not_kept() -> None:
    found = run_of(measured(low=math.nan, high=math.nan), {}, at="", commit="", machine="")
    assert found is not None
    assert found.values["p95"] == {"value": 9.0, "unit": "ms", "n": 500}


def test_this_machine_comes_first_and_another_load_is_left_out() -> None:
    earlier = [
        run(5.0, at="2026-11-01T03:00:00+00:00", machine="another"),
        run(8.5, at="2026-11-02T03:00:00+00:00"),
        run(80.0, at="2026-11-03T03:00:00+00:00", rate=500),
        replace(run(7.0, at="2026-11-04T03:00:00+00:00"), sent="sha256:more"),
    ]
    newest = run(at="2026-11-05T03:00:00+00:00")
    data = trend(with_trend(measured(), newest, Kept(runs=earlier, broken=[7])))
    assert [when[:10] for when, _ in data["runs"]] == ["2026-11-01", "2026-11-02", "2026-11-04", "2026-11-05"]
    assert data["series"] == [
        {"name": "here", "points": [[1, 8.5, 8.0, 12.0], [2, 7.0, 8.0, 12.0], [3, 9.0, 8.0, 12.0]]},
        {"name": "another", "points": [[0, 5.0, 8.0, 12.0]]},
    ]
    assert data["note"] == (
        "Drawn, not judged: what a machine was doing at another time, or another machine, says little of this run. "
        "Changes of what was sent: 2. Runs of another load, left out: 1. Lines that are no run: 1, the first is line 7."
    )


def test_the_newest_hundred_are_drawn() -> None:
    earlier = [run(float(k), at=f"2026-11-01T03:{k // 60:02d}:{k % 60:02d}+00:00") for k in range(1, 301)]
    data = trend(with_trend(measured(), run(at="2026-11-02T00:00:00+00:00"), Kept(runs=earlier)))
    assert len(data["runs"]) == 100
    assert [point[1] for point in data["series"][0]["points"]] == [*map(float, range(202, 301)), 9.0]


@pytest.mark.parametrize("earlier", [Kept(), Kept(runs=[run(rate=9)])])
def test_a_first_run_has_no_trend(earlier: Kept) -> None:
    assert with_trend(measured(), run(), earlier)["p95"].artefacts == ()


def test_what_was_not_measured_has_no_trend() -> None:
    result = with_trend(measured(), run(), Kept(runs=[run()]))
    assert result["memory_growth"].artefacts == ()


@pytest.mark.parametrize("stored", [0.001, 9.0, 9_000.0])
@pytest.mark.parametrize("limit", [at_most(20, "ms"), at_most(10, "ms"), at_most(5, "ms")])
def test_no_stored_number_changes_a_verdict(stored: float, limit: Any) -> None:
    plain, drawn = measured()["p95"], with_trend(measured(), run(), Kept(runs=[run(stored)] * 5))["p95"]
    assert judge(drawn, limit).verdict == judge(plain, limit).verdict
    assert judge(drawn, limit).reason == judge(plain, limit).reason


BROKEN = {
    "half a line": run().line()[:40],
    "another document": '{"p95": 3}',
    "a list": "[]",
    "a number": "3",
    "no number": run().line().replace("9.0", '"fast"'),
    "no finite number": run().line().replace("9.0", "NaN"),
    "no words": run().line().replace('"here"', "3"),
    "no bytes of text": "\x00\x01",
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_line_that_is_no_run_is_told_and_the_others_count(broken: str, tmp_path: Path) -> None:
    path = tmp_path / "api.jsonl"
    path.write_text(f"{run().line()}{broken.rstrip()}\n\n{run(10.0).line()}", encoding="utf-8")
    kept = read_runs(path)
    assert (list(kept.broken), len(kept.runs)) == ([2], 2)


def test_a_torn_last_line_does_not_take_the_next_run_with_it(tmp_path: Path) -> None:
    path = tmp_path / "api.jsonl"
    path.write_text(run().line() + run().line()[:100], encoding="utf-8")
    keep_run(path, run(10.0), read_runs(path))
    kept = read_runs(path)
    assert (list(kept.broken), [one.values["p95"]["value"] for one in kept.runs]) == ([2], [9.0, 10.0])


def _keep_many(path: Path, machine: str) -> None:
    for _ in range(50):
        keep_run(path, run(machine=machine), Kept())


def test_several_processes_keep_runs_at_once(tmp_path: Path) -> None:
    path = tmp_path / "api.jsonl"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_keep_many, args=(path, machine)) for machine in ("one", "two", "three")]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    kept = read_runs(path)
    assert not kept.broken
    assert sorted(one.machine for one in kept.runs) == ["one"] * 50 + ["three"] * 50 + ["two"] * 50


def test_a_file_that_can_not_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "api.jsonl").mkdir()
    with pytest.raises(ToolError, match=r"the trend .*api\.jsonl can't be read: Is a directory"):
        read_runs(tmp_path / "api.jsonl")
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ToolError, match=r"can't be written: .*Hint: trends of mlops\.toml"):
        keep_run(tmp_path / "file" / "api.jsonl", run(), Kept())


def test_a_line_is_one_write_of_less_than_a_page() -> None:
    """What `O_APPEND` keeps together: a run has some twenty numbers."""
    values = {f"number_{k}": {"value": 123.456, "unit": "ms", "n": 10_000, "low": 1.2, "high": 3.4} for k in range(25)}
    line = replace(run(), values=values).line()
    assert len(line) < os.sysconf("SC_PAGE_SIZE")
    assert json.loads(line)["machine"] == "here"
