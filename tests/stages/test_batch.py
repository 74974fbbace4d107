"""Batch jobs in real processes: each broken one turns exactly its measurement red, each sound one stays green."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_mlops.core.errors import DeclarationError, RequirementNotMet, SubprocessError, ToolError
from pytest_mlops.core.limit import at_most
from pytest_mlops.stages.batch import complete, measure_batch, nothing_left_when_killed, same_twice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_mlops.core.result import Result

ROOT = Path(__file__).parents[2]
JOB = ROOT / "tests" / "broken_batches" / "batches.py"
SCORES = [i / 50 for i in range(50)]


def _table(ids: Sequence[int], scores: Sequence[float | None], key: str = "id") -> pa.Table:
    return pa.table({key: ids, "score": pa.array(scores, pa.float64())})


def _answers() -> dict[str, pa.Table]:
    ids = list(range(50))
    sound = _table(ids, SCORES)
    return {
        "sound": sound,
        "drops": sound.slice(1),
        "duplicates": pa.concat_tables([sound, sound.slice(3, 1)]),
        "invents": pa.concat_tables([sound, _table([777], [0.5])]),
        "nan": _table(ids, [float("nan"), *SCORES[1:]]),
        "null": _table(ids, [None, *SCORES[1:]]),
        "random-1": sound,
        "random-2": _table(ids, [*SCORES[:-1], 0.123]),
        "noise-1": sound,
        "noise-2": _table(ids, [score * (1 + 1e-12) for score in SCORES]),
        "shuffled-1": sound,
        "shuffled-2": sound.take(list(reversed(ids))),
        "halves-1": sound,
        "halves-2": sound.slice(25),
        "keyless": _table(ids, SCORES, key="number"),
        "unscored": sound.select(["id"]),
        "swaps": _table([1, *ids[1:]], SCORES),
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("batch")
    for name, table in _answers().items():
        pq.write_table(table, folder / f"{name}.parquet")
    pq.write_table(pa.table({"id": list(range(50)), "x": SCORES}), folder / "input.parquet")
    pq.write_table(pa.table({"id": pa.array([], pa.int64())}), folder / "empty.parquet")
    return folder


def _measure(folder: Path, workdir: Path, defect: str, **given: Any) -> Result:
    options: dict[str, Any] = {"input": folder / "input.parquet", "key": "id", "kill": False, "timeout_s": 20} | given
    command = ["{python}", "-S", str(JOB), str(folder), defect, "{input}", "{output}"]
    return measure_batch(command, name=defect, workdir=workdir, project_root=ROOT, **options)


def _red(result: Result) -> set[str]:
    requirements = [complete(), same_twice()]
    judged = [judgement for requirement in requirements for judgement in requirement.judge(result)]
    return {judgement.measurement.short_name for judgement in judged if not judgement}


@pytest.mark.parametrize(
    ("defect", "red"),
    [
        ("sound", set()),
        ("shuffled", set()),
        ("drops", {"missing_rows"}),
        ("duplicates", {"duplicate_rows"}),
        ("invents", {"extra_rows"}),
        ("nan", {"null_predictions"}),
        ("null", {"null_predictions"}),
        ("random", {"differences"}),
        ("noise", {"differences"}),
        ("halves", {"differences"}),
        ("unscored", {"null_predictions"}),
        ("swaps", {"missing_rows", "duplicate_rows"}),
    ],
)
def test_a_defect_turns_its_measurement_red(folder: Path, tmp_path: Path, defect: str, red: set[str]) -> None:
    assert _red(_measure(folder, tmp_path, defect)) == red


def test_a_tolerance_excuses_noise_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    _measure(folder, tmp_path / "noise", "noise").require(same_twice(within=1e-9))
    for defect in ("random", "halves"):
        with pytest.raises(RequirementNotMet, match="largest_difference"):
            _measure(folder, tmp_path / defect, defect).require(same_twice(within=1e-3))


def test_the_story_says_where(folder: Path, tmp_path: Path) -> None:
    result = _measure(folder, tmp_path, "drops")
    with pytest.raises(
        RequirementNotMet, match=r"missing_rows must be at most 0, got 1 \(n = 50.*First at row 0 of the"
    ):
        result.require(complete())
    assert list(result.digests) == ["data:drops"]


def test_without_a_key_rows_are_counted_and_compared_in_order(folder: Path, tmp_path: Path) -> None:
    assert _red(_measure(folder, tmp_path / "a", "sound", key=None)) == set()
    assert _red(_measure(folder, tmp_path / "b", "drops", key=None)) == {"missing_rows"}
    assert _red(_measure(folder, tmp_path / "c", "duplicates", key=None)) == {"extra_rows"}
    assert _red(_measure(folder, tmp_path / "d", "shuffled", key=None)) == {"differences"}


def test_a_changed_input_is_seen_and_the_users_file_is_not_touched(folder: Path, tmp_path: Path) -> None:
    before = (folder / "input.parquet").read_bytes()
    result = _measure(folder, tmp_path, "touches")
    with pytest.raises(RequirementNotMet, match="input_changed"):
        result.require(complete(), input_changed=at_most(0))
    assert (folder / "input.parquet").read_bytes() == before


@pytest.mark.parametrize(
    ("defect", "left"),
    [
        ("sound", []),
        ("untidy", ["predictions.part after SIGTERM at its first file"]),
        ("direct", ["half-written under the final name"]),
        ("closing", ["49 of 50 rows under the final name"]),
    ],
)
def test_what_a_killed_job_leaves(folder: Path, tmp_path: Path, defect: str, left: list[str]) -> None:
    result = _measure(folder, tmp_path, defect, kill=True)
    assert _red(result) == set()
    assert result["leftovers"].n >= 2
    verdicts = list(nothing_left_when_killed().judge(result))
    assert bool(verdicts[0]) is not bool(left)
    assert all(text in verdicts[0].reason for text in left)


def test_a_job_that_cant_be_caught_is_not_run(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_mlops.stages.batch_runs._wait_for_moment", lambda child, *_: child.wait(20))
    (judgement,) = nothing_left_when_killed().judge(_measure(folder, tmp_path, "instant", kill=True))
    assert judgement.verdict == "not_run"
    assert "could not be caught before its end in 10 tries" in judgement.measurement.note


def test_an_input_without_rows_is_not_run(folder: Path, tmp_path: Path) -> None:
    result = _measure(folder, tmp_path, "sound", input=folder / "empty.parquet", kill=True)
    assert {m.value for m in result.measurements} == {None}
    requirements = (complete(), same_twice(), nothing_left_when_killed())
    assert {j.verdict.value for requirement in requirements for j in requirement.judge(result)} == {"not_run"}


@pytest.mark.parametrize(
    ("defect", "error", "words"),
    [
        ("fails", SubprocessError, "(?s)must end with exit code 0, got 2.*no model under models/champion"),
        ("silent", SubprocessError, "must write to \\{output\\}, got nothing there"),
        ("garbage", ToolError, "predictions.parquet must be readable Parquet"),
        ("keyless", ToolError, "the output must have the key 'id', got the columns 'number', 'score'"),
    ],
)
def test_a_failing_job_is_an_error(
    folder: Path, tmp_path: Path, defect: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        _measure(folder, tmp_path, defect)


def test_a_job_that_does_not_end_is_an_error(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SubprocessError, match=r"must end within 0\.5 s, got still running"):
        _measure(folder, tmp_path, "stuck", timeout_s=0.5)


def test_wrong_declarations(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"key 'ix' must be a column of input.parquet\. Did you mean"):
        _measure(folder, tmp_path, "sound", key="ix")
    with pytest.raises(DeclarationError, match="which does not exist"):
        _measure(folder, tmp_path, "sound", input=folder / "nowhere.parquet")
    with pytest.raises(DeclarationError, match=r"must be a list with \{output\}"):
        measure_batch(["job", "{input}"], input=folder, name="job", workdir=tmp_path, project_root=ROOT)
    with pytest.raises(DeclarationError, match="within must be"):
        same_twice(within=1)


def test_progress_time_and_memory(folder: Path, tmp_path: Path) -> None:
    said: list[str] = []
    result = _measure(folder, tmp_path, "sound", progress=said.append)
    assert said == ["batch job sound: run 1 of 2", "batch job sound: run 2 of 2"]
    assert 0.2 <= float(result["duration"]) < 20
    assert result["peak_memory"].unit == "MiB"
