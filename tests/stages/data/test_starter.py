"""The starter suite: a person would keep it, and a fresh sample of the same data does not break it.

`STARTER_HALVINGS` says how often real data is halved; 200 were tried, 1 % of the suites may break.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn import datasets

from pytest_mlops import DeclarationError
from pytest_mlops.adapters.great_expectations import run_suite
from pytest_mlops.cli import main
from pytest_mlops.stages.data import measure_entries
from pytest_mlops.stages.data.starter import write_suite
from tests.parity.frames import ENGINES

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
HALVINGS = int(os.environ.get("STARTER_HALVINGS", "20"))


def halves(frame: pd.DataFrame, by: str, seed: int) -> Iterator[pd.DataFrame]:
    """Yield two random halves: of the rows, or of the values of a column."""
    draw = np.random.default_rng(seed)
    units = np.arange(len(frame)) if by == "rows" else frame[by].to_numpy()
    unique = np.unique(units)
    first = np.isin(units, draw.permutation(unique)[: len(unique) // 2])
    yield from (frame[first], frame[~first])


def broken(frame: pd.DataFrame, by: str) -> list[str]:
    found = []
    for seed in range(HALVINGS // 2):
        one, other = halves(frame, by, seed)
        entries = write_suite(one, name="half")["expectations"]
        red = [
            entry
            for entry, outcome in zip(entries, measure_entries(other, entries), strict=True)
            if not outcome.success
        ]
        found += [f"{seed}: {entry['type']} {entry['kwargs']}" for entry in red[:1]]
    return found


@pytest.mark.parametrize("by", ["rows", "day"])
def test_a_fresh_sample_of_the_flights_does_not_break_it(by: str) -> None:
    frame = pd.read_parquet(ROOT / "fixtures/flights/2013-01.parquet")
    assert len(broken(frame, by)) <= HALVINGS / 200, broken(frame, by)


def test_a_fresh_sample_of_other_data_does_not_break_it() -> None:
    cancer = datasets.load_breast_cancer(as_frame=True).frame
    assert len(broken(cancer, "rows")) <= HALVINGS / 200, broken(cancer, "rows")


def test_every_engine_writes_the_same(tmp_path: Path) -> None:
    table = pa.table({
        "key": list(range(200)), "grade": [1, 2, 3, 4] * 50, "size": [float(n % 17) for n in range(200)],
        "code": ["AB", "CD", None, "EF"] * 50, "flag": [True, False] * 100,
    })  # fmt: skip
    suites = [write_suite(make(table, tmp_path), name="t") for make in ENGINES.values()]
    assert all(suite == suites[0] for suite in suites[1:])
    words = {
        (entry["type"].removeprefix("expect_"), entry["kwargs"].get("column")): entry["kwargs"]
        for entry in suites[0]["expectations"]
    }
    assert ("column_values_to_be_unique", "key") in words
    assert words["column_values_to_be_between", "grade"]["max_value"] == 6.3
    assert words["column_values_to_be_in_set", "code"]["value_set"] == ["AB", "CD", "EF"]
    assert words["column_values_to_not_be_null", "code"]["mostly"] == 0.2


def test_great_expectations_takes_it() -> None:
    """The suite is in its format, and met by the data that it was written from."""
    frame = pd.read_parquet(ROOT / "fixtures/flights/2013-02.parquet").drop(columns="late")
    entries = json.loads(json.dumps(write_suite(frame, name="february")))["expectations"]
    known = [entry for entry in entries if not entry["type"].endswith(("be_of_type", "columns_to_match_set"))]
    assert all(outcome.success for outcome in run_suite(frame, {"expectations": known}))


def test_personal_values_are_not_written_down() -> None:
    frame = pd.DataFrame({"first_name": ["canary", "ben"] * 50, "town": ["A", "B"] * 50})
    text = json.dumps(write_suite(frame, name="people"))
    assert "canary" not in text
    assert '["A", "B"]' in text


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(DeclarationError, match="needs at least 30 rows, got 3"):
        write_suite(pd.DataFrame({"a": [1, 2, 3]}), name="t")


def run(*words: Any) -> int:
    return main([str(word) for word in words])


def test_the_command_writes_a_file_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, output = ROOT / "fixtures/flights/2013-01.parquet", tmp_path / "suites/january.json"
    assert run("profile", data, "--output", output) == 0
    assert "expectations, for a person to read before they are committed" in capsys.readouterr().out
    assert json.loads(output.read_text(encoding="utf-8"))["name"] == "2013-01"
    assert run("profile", data, "--output", output) == 2
    assert "is there already" in capsys.readouterr().err
    assert run("profile", data) == 0
    assert capsys.readouterr().out == output.read_text(encoding="utf-8")
    assert run("profile", tmp_path / "nothing.parquet") == 2
    assert "which does not exist" in capsys.readouterr().err
