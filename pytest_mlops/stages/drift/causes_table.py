"""Causes that are not of one column's values: rows that stand there several times, a column of another type."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.adapters.batches import fold_batches

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import narwhals as nw

    from pytest_mlops.adapters.frames import Data
    from pytest_mlops.core.plain import Json
    from pytest_mlops.stages.drift.values import Uniqueness

_ALL = 0.98
_MOST_WORDS = 10_000


def repeats_cause(old: Uniqueness, new: Uniqueness) -> str:
    """Say how often rows stand there, where they stand there more often than before; else nothing."""
    (before, _), (again, times) = _often(old), _often(new)
    if again - before < _LEAST:
        return ""
    often = "twice" if times == _TWICE else f"{times} times"
    if again >= _ALL:
        return f"joined or loaded more than once: every row stands there {often}"
    return f"joined on a key that is not unique: {100 * again:.2g} % of the rows stand there {often}"


_LEAST = 0.005
_TWICE = 2
_HALF = 2  # steps of thinning, to half of the rows
_MOST_TIMES = 12


def _often(rows: Uniqueness) -> tuple[float, int]:
    """Return the share of different rows that stand there several times, and how often: as fits a half of the rows.

    If a share q of the rows stands there t times, the mean is 1 + q (t - 1), and a half of the rows, taken at random,
    has (1 - q) / 2 + q (1 - 2**-t) different ones for each different one of all.
    """
    total, different, half = rows.met(0)[0], *(rows.met(steps)[1] for steps in (0, _HALF))
    mean = total / max(different, 1.0)
    fits = []
    for times in range(_TWICE, _MOST_TIMES + 1):
        share = min((mean - 1) / (times - 1), 1.0)
        fits.append((abs((1 - share) / 2 + share * (1 - 0.5**times) - half / max(different, 1.0)), times, share))
    _, times, share = min(fits)
    return share, times


@dataclass
class Words:
    """The distinct texts of some columns with how often each stands there; of very many the first ones."""

    columns: dict[str, Counter[str]] = field(default_factory=dict)

    def merge(self, other: Words) -> None:
        """Add what was counted of other rows."""
        for name, counts in other.columns.items():
            self.columns.setdefault(name, Counter()).update(counts)


def words_of(batches: Iterable[nw.DataFrame[Any]], start: int) -> Words:  # noqa: ARG001 - as all that folds
    """Count the texts of a part of some data."""
    from pytest_mlops.adapters.arrow import encode

    words = Words()
    for batch in batches:
        for name in batch.columns:
            counts = words.columns.setdefault(name, Counter())
            if len(counts) < _MOST_WORDS:
                codes, found = encode(batch[name])
                times = np.bincount(codes[codes >= 0], minlength=len(found))
                counts.update(dict(zip(found, times.tolist(), strict=True)))
    return words


def said_of_texts(data: Data, columns: Sequence[str], said: Mapping[str, Json]) -> dict[str, Json]:
    """Return what is said of columns that were numbers, with what their texts are: `size (number → text: ...)`."""
    if not columns:
        return {}
    counts = fold_batches(data, columns, words_of, Words.merge).columns
    found = {column: text_cause(counts[column]) for column in columns if column in counts}
    return {column: f"{str(said[column]).removesuffix(')')}: {words})" for column, words in found.items() if words}


def text_cause(counts: Counter[str]) -> str:
    """Say what texts in place of numbers are, where it is recognisable; else nothing.

    >>> text_cause(Counter({"1.5": 3, "2": 1})), text_cause(Counter({"1,5": 3})), text_cause(Counter({"a": 3, "1": 1}))
    ('numbers written as text', 'numbers written with a decimal comma', '')
    """
    total = sum(counts.values())
    known: tuple[tuple[str, Any], ...] = (
        ("numbers written as text", lambda word: word),
        ("numbers written with a decimal comma", lambda word: word.replace(".", "").replace(",", ".")),
        ("numbers written with commas between thousands", lambda word: word.replace(",", "")),
        ("numbers with a sign or unit beside them", lambda word: word.strip("".join(_SIGNS)).strip()),
    )
    for words, plain in known:
        share = sum(n for word, n in counts.items() if _is_number(plain(word))) / max(total, 1)
        if share == 1 and total:
            return words
        if share >= _MANY:
            return f"{words}, but for {100 * (1 - share):.2g} % of the rows, which are none"
    return ""


_MANY = 0.8
_SIGNS = "€$£%°abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/²³ "


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
