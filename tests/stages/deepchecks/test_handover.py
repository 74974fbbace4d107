"""Data of any kind and a model's answers reach another interpreter as they are."""

from __future__ import annotations

import decimal
import json
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pytest_mlops.adapters.handover import hand_over, write_answers
from pytest_mlops.core.errors import DeclarationError, ToolError
from pytest_mlops.stages.deepchecks import Task
from pytest_mlops.stages.deepchecks.predictions import answers_of
from pytest_mlops.stages.deepchecks.task import write_job

if TYPE_CHECKING:
    from pathlib import Path

ROWS: dict[str, list[Any]] = {"late": [True, None, False], "n": [1, 2, None], "word": ["a", None, "c"]}


def csv(folder: Path) -> Path:
    pl.DataFrame(ROWS).write_csv(folder / "a.csv")
    return folder / "a.csv"


def parquet(folder: Path) -> Path:
    pq.write_table(pa.table(ROWS), folder / "a.parquet")
    return folder / "a.parquet"


KINDS: dict[str, Any] = {
    "pandas": lambda _: pd.DataFrame(ROWS),
    "polars": lambda _: pl.DataFrame(ROWS),
    "lazy polars": lambda _: pl.LazyFrame(ROWS),
    "arrow": lambda _: pa.table(ROWS),
    "duckdb": lambda folder: duckdb.read_parquet(str(parquet(folder))),
    "parquet": parquet,
    "glob": lambda folder: f"{parquet(folder).parent}/*.parquet",
    "csv": csv,
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_data_comes_to_the_same(tmp_path: Path, kind: str) -> None:
    handed = hand_over(KINDS[kind](tmp_path), tmp_path / "out.pq", as_numbers=["late"])
    assert (handed.columns, handed.rows, handed.encoded) == (list(ROWS), 3, [])
    read = pq.read_table(handed.path).to_pydict()
    assert read == {**ROWS, "late": [1, None, 0]}


def test_a_column_of_two_types_is_kept(tmp_path: Path) -> None:
    """Parquet has no such column, and the check of mixed types would find nothing."""
    frame = pd.DataFrame({"mixed": ["a", 1, None, 2.5, True], "n": range(5)})
    handed = hand_over(frame, tmp_path / "out.pq")
    assert handed.encoded == ["mixed"]
    texts = pq.read_table(handed.path)["mixed"].to_pylist()
    assert [text and json.loads(text) for text in texts] == ["a", 1, None, 2.5, True]


def test_decimals_become_floats_and_what_cannot_go_is_named(tmp_path: Path) -> None:
    prices = pa.table({"price": pa.array([decimal.Decimal("1.50")])})
    assert pq.read_table(hand_over(prices, tmp_path / "out.pq").path)["price"].to_pylist() == [1.5]
    with pytest.raises(DeclarationError, match="mixed holds object beside other types"):
        hand_over(pd.DataFrame({"mixed": ["a", object()]}), tmp_path / "out.pq")


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    table = pa.table(ROWS)
    for said in ({"label": "lat"}, {"label": "late", "categorical": ["wrd"]}, {"index": "m"}):
        with pytest.raises(DeclarationError, match=r"deepchecks: january has no column '(lat|wrd|m)'"):
            write_job(Task(train=table, names=("january", ""), **said), tmp_path)


@pytest.mark.parametrize(("public", "shown"), [((), False), (("late", "n"), False), (("late", "n", "word"), True)])
def test_words_are_shown_where_every_column_is_public(tmp_path: Path, public: tuple[str, ...], shown: bool) -> None:  # noqa: FBT001 - a parameter
    job, rows = write_job(Task(train=pa.table(ROWS), public=public), tmp_path)
    assert job["show"] is shown
    assert rows == {"train": 3}
    assert write_job(Task(train=pa.table(ROWS), show_details=True), tmp_path)[0]["show"] is True


class Classifier:
    """What answers with a table that was written before."""

    def __init__(self, classes: list[Any], table: list[list[float]]) -> None:
        self.classes_, self.table = np.array(classes), np.array(table)

    def predict_proba(self, rows: Any) -> Any:
        """Return a row for each row."""
        return self.table[: len(rows)]


FRAME = pd.DataFrame({"x": [0.2, 0.9]})


def test_the_answers_of_models_of_each_kind(tmp_path: Path) -> None:
    found = answers_of(Classifier([True, False], [[0.9, 0.1], [0.3, 0.7]]), "m", FRAME, is_class=True)
    assert (found.classes, found.prediction.tolist()) == ([0, 1], [1, 0])
    assert found.probability is not None
    assert found.probability.tolist() == [[0.1, 0.9], [0.7, 0.3]]
    found = answers_of(Classifier(["a", "b", "c"], [[0.1, 0.2, 0.7], [0.5, 0.4, 0.1]]), "m", FRAME, is_class=True)
    assert (found.classes, found.prediction.tolist()) == (["a", "b", "c"], ["c", "a"])
    found = answers_of(lambda rows: rows["x"], "m", FRAME, is_class=True)
    assert (found.classes, found.prediction.tolist()) == ([0, 1], [0, 1])
    found = answers_of(lambda rows: rows["x"] * 10, "m", FRAME, is_class=False)
    assert (found.classes, found.probability, found.prediction.tolist()) == (None, None, [2.0, 9.0])
    write_answers(tmp_path / "answers.pq", found.prediction, found.probability)
    assert pq.read_table(tmp_path / "answers.pq").to_pydict() == {"prediction": [2.0, 9.0]}


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (Classifier([0, 1, 2], [[0.5, 0.5], [0.5, 0.5]]), "must give a probability for each of its classes"),
        (Classifier([0, 1], [[0.5, 0.5]]), "must give an answer a row, got 1 for 2 rows"),
        (lambda rows: rows["x"] / 0 * 0, "must give finite answers"),
        (3, "must have predict_proba or predict, or be a function of a frame; got int"),
    ],
)
def test_a_model_that_answers_badly_is_named(model: Any, words: str) -> None:
    with pytest.raises((ToolError, DeclarationError), match=f"champion {words}"):
        answers_of(model, "champion", FRAME, is_class=True)
