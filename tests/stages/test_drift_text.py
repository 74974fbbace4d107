"""Texts, names and numbers of rows: red twins turn what they should red, quiet twins nothing; no word is kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_mlops import no_drift
from pytest_mlops.adapters.arrow_nested import words_of
from pytest_mlops.stages.drift import measure_drift, reference_of, reference_text
from pytest_mlops.stages.drift.reading import Reading
from pytest_mlops.stages.drift.text import Texts
from pytest_mlops.stages.drift.values import Values, repeated, split_at_equal_n

if TYPE_CHECKING:
    from collections.abc import Sequence

DAYS, ROWS = 24, 100
WORDS = np.array([f"word{number}" for number in range(600)])
OFTEN = 1 / np.arange(1.0, 601.0)


def month(seed: int) -> pd.DataFrame:
    """Return notes, names that nobody shares, customers of a stock, and numbers of rows."""
    rng = np.random.default_rng(seed)
    n = DAYS * ROWS
    ends = np.cumsum(rng.poisson(7, n) + 1)
    words = rng.choice(WORDS, ends[-1], p=OFTEN / OFTEN.sum())
    return pd.DataFrame(
        {
            "day": np.repeat(np.arange(DAYS), ROWS),
            "note": [" ".join(some) for some in np.split(words, ends[:-1])],
            "key": [f"{number:012x}" for number in rng.integers(0, 2**48, n)],
            "customer": [f"customer {number}" for number in (rng.random(n) ** 2 * 12_000).astype(int)],
            "number": rng.permutation(20 * n)[:n],
        }
    )


OLD, NEW = month(1), month(2)
SOME = np.random.default_rng(3).random(len(NEW))


@pytest.fixture(autouse=True)
def _few_rows_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that names are told from categories by fewer rows."""
    monkeypatch.setattr("pytest_mlops.stages.drift.column_sketch.MANY", 1_000)


def red(current: Any, reference: Any = OLD, **options: Any) -> set[str]:
    """Return `column:kind` of everything that is not a pass."""
    result = measure_drift(current, reference=reference, name="new", unit="day", seed=5)
    judged = no_drift(**options).judge(result)
    return {
        f"{j.measurement.subject.partition('.')[2]}:{j.measurement.short_name}" for j in judged if j.verdict != "pass"
    }


RED = {
    "names that are one": (NEW.assign(key="0" * 12), {"key:repeat_share_change"}),
    "names that repeat": (
        NEW.assign(key=NEW["key"].where(SOME > 0.1, NEW["key"].shift(1, fill_value="0" * 12))),
        {"key:repeat_share_change"},
    ),
    "names of another form": (NEW.assign(key=NEW["key"] + "-1"), {"key:text_length_ks"}),
    "names that are missing": (NEW.assign(key=NEW["key"].mask(SOME < 0.06)), {"key:missing_share_change"}),
    "numbers that repeat": (
        NEW.assign(number=NEW["number"].where(SOME > 0.1, NEW["number"].shift(1, fill_value=0))),
        {"number:repeat_share_change"},
    ),
    "texts that are cut": (NEW.assign(note=NEW["note"].str[:30]), {"note:text_length_ks"}),
    "other words": (NEW.assign(note=NEW["note"].str.replace("word", "mot ")), {"note:vocabulary_distance"}),
}


@pytest.mark.parametrize("name", RED)
def test_red_twins(name: str) -> None:
    frame, expected = RED[name]
    assert expected <= red(frame) <= expected | ({"note:text_length_ks"} if name == "other words" else set())


QUIET = {
    "unchanged": NEW,
    "rows in another order": NEW.sample(frac=1, random_state=1),
    "capital letters": NEW.assign(note=NEW["note"].str.upper()),
    "a part of the rows": NEW.sample(frac=0.4, random_state=2),
    "more days": pd.concat([NEW, month(4).assign(day=lambda rows: rows["day"] + DAYS)]),
    "texts as categories": NEW.assign(note=NEW["note"].astype("category")),
}


@pytest.mark.parametrize("name", QUIET)
def test_quiet_twins(name: str) -> None:
    assert red(QUIET[name]) == set()


def test_categories_that_become_names_are_seen() -> None:
    """Of thousands of new labels those of the reference are still told apart."""
    old = OLD[["day"]].assign(kind=np.where(SOME < 0.5, "a", "b"))
    new = old.assign(kind=NEW["key"])
    assert red(new, old) >= {"kind:total_variation", "kind:vanished_category_share"}
    assert red(old.assign(kind=old["kind"].where(SOME > 0.002, NEW["key"])), old) == set()


def test_texts_are_no_categories_though_they_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    few = slice(0, 300)
    result = measure_drift(NEW[few], reference=OLD[few], name="new", unit="row", seed=5)
    measured = {(m.subject, m.short_name) for m in result.measurements}
    assert ("new.note", "text_length_ks") in measured
    assert ("new.note", "repeat_share_change") in measured
    assert ("new.note", "new_category_share") not in measured


@pytest.mark.parametrize("engine", ["polars", "pyarrow"])
def test_other_frames_give_the_same(engine: str) -> None:
    frames = [nw.from_native(frame, eager_only=True) for frame in (NEW, OLD)]
    new, old = (frame.to_polars() if engine == "polars" else frame.to_arrow() for frame in frames)
    there = measure_drift(new, reference=old, name="new", unit="day", seed=5)
    here = measure_drift(NEW, reference=OLD, name="new", unit="day", seed=5)
    assert [float(m) for m in there.measurements] == pytest.approx([float(m) for m in here.measurements], abs=1e-12)


def test_no_word_is_kept() -> None:
    text = reference_text(reference_of(OLD.head(2000), unit="day"))
    assert not re.search(r"word\d|customer \d", text)
    assert not any(key in text for key in OLD["key"].head(50))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=12), max_size=12))
def test_words_are_those_of_python(texts: list[str]) -> None:
    """But for letters whose small form is longer, and what only one of both takes as white space."""
    texts = [re.sub(r"[^\w ]", " ", text, flags=re.ASCII) for text in texts]
    words = words_of(texts)
    assert words.lengths.tolist() == [len(text) for text in texts]
    for number, text in enumerate(texts):
        found = [words.words[code] for code in words.codes[words.ends[number] : words.ends[number + 1]]]
        assert [word for word in found if word] == text.lower().split()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["a b", "a", "", "b a a", "c"]), st.integers(0, 3)), min_size=1, max_size=60))
def test_words_of_rows_are_counted_one_way_or_the_other(rows: list[tuple[str, int]]) -> None:
    """By a table of the different texts, or row by row where these are many."""
    texts, units = [text for text, _ in rows], np.array([unit for _, unit in rows], dtype=np.intp)
    whole = counted_texts(texts, units)
    by_row = [counted_texts([text], units[at : at + 1]) for at, text in enumerate(texts)]
    assert np.array_equal(whole, np.sum(by_row, axis=0))


def counted_texts(texts: Sequence[str], units: Any) -> Any:
    part = Texts("a")
    part.add(Reading(nw.from_native(pd.DataFrame({"a": texts}), eager_only=True)["a"]), units, 4)
    return part.sums.of(4)


def values_of(keys: Sequence[str], units: Any, n_units: int) -> Values:
    part = Values("a")
    part.add(Reading(nw.from_native(pd.DataFrame({"a": keys}), eager_only=True)["a"]), np.asarray(units), n_units)
    return part


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60))
def test_the_share_that_repeats_is_that_of_the_rows(seed: int, stock: int) -> None:
    rng = np.random.default_rng(seed)
    keys, units = [f"k{key}" for key in rng.integers(0, stock, 40)], rng.integers(0, 3, 40)
    found = values_of(keys, units, 3).finished()
    assert repeated(found.split(3)) == pytest.approx(1 - len(set(keys)) / 40, abs=0.01)


def test_of_more_rows_more_repeat_and_are_compared_at_equal_n() -> None:
    rng = np.random.default_rng(1)
    sides = [values_of([f"k{k}" for k in rng.integers(0, 900, n)], np.arange(n) % 7, 7).finished() for n in (800, 3200)]
    raw = [repeated(side.split(7)) for side in sides]
    assert raw[1] - raw[0] > 0.3
    first, second = map(repeated, split_at_equal_n(sides[0], sides[1], (7, 7)))
    assert first == pytest.approx(second, abs=0.03)


def test_a_sample_of_values_stands_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where one value, which the sample leaves out, has half of the rows; and the same in any parts."""
    monkeypatch.setattr("pytest_mlops.stages.drift.values._MOST", 500)
    alone = [f"key {number}" for number in range(6000)]
    half = ["same"] * 3000 + alone[3000:]
    units = np.arange(6000) % 5
    assert repeated(values_of(alone, units, 5).finished().split(5)) == 0
    assert repeated(values_of(half, units, 5).finished().split(5)) == pytest.approx(0.5, abs=0.06)
    whole, part = values_of(half, units, 5), values_of(half[:1000], units[:1000], 5)
    part.merge(values_of(half[1000:], units[1000:], 5), np.arange(5), 5)
    assert np.array_equal(whole.finished().sums.of(5), part.finished().sums.of(5))
