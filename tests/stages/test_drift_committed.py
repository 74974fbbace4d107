"""A committed reference: the same verdicts as the data it was made of, no value of a row in it, and clear messages."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_mlops import DeclarationError
from pytest_mlops.core.baseline import MissingBaseline
from pytest_mlops.stages.drift import measure_drift, read_reference, reference_of, reference_text
from pytest_mlops.stages.drift.packed import fold_signs, pack, unfold_signs, unpack
from tests.stages.test_drift import NEW, OLD

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from pytest_mlops.core.result import Result

PEOPLE = OLD.assign(name=[f"person {n % 40}" for n in range(len(OLD))])


@given(st.lists(st.integers(0, 2**62)))
@example([0])
@example([0, 0, 5, 0])
def test_numbers_are_unpacked_as_they_were_packed(numbers: list[int]) -> None:
    assert unpack(pack(np.array(numbers, dtype=np.int64))).tolist() == numbers


@given(st.lists(st.integers(-(2**60), 2**60)))
def test_signs_are_unfolded_as_they_were_folded(numbers: list[int]) -> None:
    whole = np.array(numbers, dtype=np.int64)
    assert unfold_signs(unpack(pack(fold_signs(whole)))).tolist() == numbers


@pytest.mark.parametrize("text", ["A", "g", "AAAB", "B!", "B ", "é", "g" * 14 + "B"])
def test_what_was_not_packed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="…"):
        unpack(text)


def through_a_file(folder: Path, data: Any, **options: Any) -> Any:
    path = folder / "reference.json"
    path.write_text(reference_text(reference_of(data, **options)), encoding="utf-8")
    return read_reference(path)


def numbers_of(result: Result) -> dict[str, tuple[float | None, object]]:
    """Return value and p-value of each measure, but for repeated rows, of which the file holds a part."""
    return {
        f"{m.subject} {m.name}": (m.value, m.parameters.get("p_value"))
        for m in result.measurements
        if m.short_name != "duplicate_share_change"
    }


@pytest.mark.parametrize("unit", ["day", "row", None])
@pytest.mark.parametrize("now", [NEW, NEW.assign(count=NEW["count"] + 3), NEW.drop(columns="kind")])
def test_the_verdict_is_that_of_the_data(tmp_path: Path, unit: str | None, now: pd.DataFrame) -> None:
    kept = through_a_file(tmp_path, OLD, unit=unit, seed=5)
    from_file = measure_drift(now, reference=kept, name="new", seed=5)
    from_data = measure_drift(now, reference=OLD, name="new", unit=unit, seed=5)
    assert from_file.digests == from_data.digests
    if "kind" in now:
        assert numbers_of(from_file) == numbers_of(from_data)
    assert [m.note for m in from_file.measurements[:2]] == [m.note for m in from_data.measurements[:2]]


def test_some_of_its_columns_can_be_compared(tmp_path: Path) -> None:
    kept = through_a_file(tmp_path, OLD, unit="day")
    some = measure_drift(NEW, reference=kept, name="new", columns=["kind"])
    assert {m.subject for m in some.measurements} == {"new", "new.kind"}
    with pytest.raises(DeclarationError, match=r"the reference has no column 'kinds'. Did you mean 'kind'"):
        measure_drift(NEW, reference=kept, name="new", columns=["kinds"])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000))
def test_rows_in_another_order_make_the_same_file(seed: int) -> None:
    small = OLD[OLD["day"] < 8]
    shuffled = small.sample(frac=1, random_state=seed)
    first, second = (json.loads(reference_text(reference_of(rows, unit="day"))) for rows in (small, shuffled))
    assert first["of"].pop("digest") != second["of"].pop("digest")
    assert first == second


def test_it_shows_no_value_of_a_row() -> None:
    text = reference_text(reference_of(PEOPLE, unit="day", public=["kind"]))
    assert "person" not in text
    assert json.loads(text)["columns"]["kind"]["labels"] == ["a", "b", "c"]
    edges = json.loads(text)["columns"]["size"]["grid"]["edges"]
    assert not set(edges) & set(PEOPLE["size"])


def test_it_is_some_kilobytes() -> None:
    """A line of counts for each of 30 days and each column; a megabyte of rows."""
    assert len(reference_text(reference_of(OLD, unit="day"))) < 60_000


def test_numbers_are_short(tmp_path: Path) -> None:
    """What is in memory is what is in the file."""
    made, read = reference_of(OLD, unit="day"), through_a_file(tmp_path, OLD, unit="day")
    for name, column in made.sketch.columns.items():
        if column.grid is not None:
            assert column.grid.to_json() == read.sketch.columns[name].grid.to_json()


def test_a_missing_file_is_a_missing_baseline(tmp_path: Path) -> None:
    with pytest.raises(MissingBaseline, match=r"there is no drift reference .*x.json. Hint: pytest --mlops --mlops-up"):
        read_reference(tmp_path / "x.json")


def broken() -> dict[str, tuple[str, str]]:
    """Return texts that are no reference, and what is said of each."""
    good = json.loads(reference_text(reference_of(OLD.head(400), unit="day")))

    def changed(*path: str, to: Any, without: str = "content") -> str:
        copied = copy.deepcopy(good)
        copied.pop(without, None)
        inner = copied
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = to
        return json.dumps(copied)

    return {
        "half a file": (json.dumps(good)[:300], "must be a drift reference, got: Expecting value: line 1"),
        "a list": ("[]", "format must be 'pytest-mlops drift reference 1', got 'list'"),
        "a later format": (
            changed("format", to="pytest-mlops drift reference 2"),
            "got 'pytest-mlops drift reference 2",
        ),
        "rows missing": (changed("units", "rows", to="B"), "is broken: ValueError: 1 rows in 1 units, said are 400"),
        "a column cut": (changed("columns", "size", "counts", to=["B"]), "is broken: ValueError: counts of shape"),
        "edited by hand": (changed("columns", "size", "counts", to=["B"], without=""), "was edited since it was made"),
        "a key gone": (changed("columns", "size", to={}), "is broken: KeyError: "),
    }


@pytest.mark.parametrize("name", broken())
def test_a_broken_file_is_named_with_what_is_wrong(name: str, tmp_path: Path) -> None:
    text, message = broken()[name]
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DeclarationError) as raised:
        read_reference(path)
    assert message in str(raised.value)
    assert "Hint: pytest --mlops --mlops-update" in str(raised.value)
