"""Texts: how long they are and what words they use, as counts by unit; no word is kept."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.adapters.arrow_nested import Words, words_of
from pytest_mlops.stages.drift.parts import Sums, counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from pytest_mlops.core.plain import Json
    from pytest_mlops.stages.drift.reading import Reading

    Floats = NDArray[np.float64]
    Whole = NDArray[np.int64]
    Codes = NDArray[np.intp]

GROUPS = 128  # of words, by their checksum
_EACH = 24  # characters up to which each length is a cell of its own
_WIDER = 1.15  # times as long as the cell before, beyond
_LONGEST = 100_000
_MANY_WORDS = 3.0  # in a text, of which fewer are a label
_FEW_LABELS = 50
_PHRASE = 1.5  # words in a text, from which on words say more than the text as a whole
_DENSE = 4  # cells for each row, up to which a table of units and texts is made
_AT_ONCE = 4_000_000  # words


def _edges() -> Whole:
    beyond = _EACH * _WIDER ** np.arange(1, 60)
    return np.concatenate([np.arange(_EACH + 1), np.unique(np.rint(beyond[beyond < _LONGEST]))]).astype(np.int64)


@dataclass
class Texts:
    """Counts by unit: of texts by their length, and of words by a group that their checksum gives.

    A group has many words, and any word is in one group: what is counted does not tell the words.
    """

    column: str
    sums: Sums = field(default_factory=lambda: Sums(len(_edges()) + GROUPS))

    def fresh(self) -> Texts:
        """Return the same of no rows."""
        return Texts(self.column)

    def add(self, reading: Reading, units: Codes, n_units: int) -> None:
        """Take the rows of a batch."""
        codes, texts = reading.codes
        table = self.sums.reach(n_units)
        if not len(texts):
            return
        if (codes < 0).any():
            units, codes = units[codes >= 0], codes[codes >= 0]
        n_lengths = len(_edges())
        words = words_of(texts)
        lengths = np.searchsorted(_edges(), words.lengths, side="right") - 1
        if n_units * len(texts) <= _DENSE * len(units):
            rows = counted(units, codes, n_units, len(texts))
            table[:, :n_lengths] += rows @ np.eye(n_lengths, dtype=np.int64)[lengths]
            table[:, n_lengths:] += rows @ _of_texts(words)
            return
        table[:, :n_lengths] += counted(units, lengths[codes], n_units, n_lengths)
        for owners, groups in _of_rows(words, codes):
            table[:, n_lengths:] += counted(units[owners], groups, n_units, GROUPS)

    def merge(self, other: Texts, place: Codes, n_units: int) -> None:
        """Add the counts of another one."""
        self.sums.merge(other.sums, place, n_units)

    def grouped(self, place: Codes, n_units: int) -> Texts:
        """Return the same with units together."""
        return Texts(self.column, self.sums.grouped(place, n_units))

    def finished(self) -> Texts:
        """Return the same."""
        return self

    def of_units(self, kept: Codes, n_units: int) -> Texts:
        """Return the same of some units."""
        return Texts(self.column, self.sums.of_units(kept, n_units))

    def is_worth(self, n_labels: int, *, is_name: bool) -> bool:
        """Say whether these are texts, and no categories."""
        return is_name or (n_labels > _FEW_LABELS and self._words_a_text() >= _MANY_WORDS)

    def is_of_words(self) -> bool:
        """Say whether texts have several words."""
        return self._words_a_text() >= _PHRASE

    def _words_a_text(self) -> float:
        n_lengths = len(_edges())
        total = self.sums.table.sum(axis=0)
        return float(total[n_lengths:].sum() / max(total[:n_lengths].sum(), 1))

    def lengths(self, n_units: int) -> Floats:
        """Return counts of lengths, of shape (units, cells)."""
        return self.sums.of(n_units)[:, : len(_edges())]

    def words(self, n_units: int) -> Floats:
        """Return counts of words, of shape (units, groups)."""
        return self.sums.of(n_units)[:, len(_edges()) :]

    def to_json(self) -> dict[str, Json]:
        """Return it in plain JSON types."""
        return {"kind": "texts", "column": self.column, "sums": self.sums.to_json()}

    @classmethod
    def from_json(cls, read: Mapping[str, Any]) -> Texts:
        """Return what `to_json` wrote."""
        return cls(read["column"], Sums.from_json(read["sums"], len(_edges()) + GROUPS))


def middle_length(counts: Floats) -> int:
    """Return the length that half of the texts have at most, by how many there are of each, of shape (cells,)."""
    return int(_edges()[np.argmax(np.cumsum(counts) >= counts.sum() / 2)])


def _groups_of(words: Words) -> Codes:
    """Return the group of each different word, -1 of what is none."""
    groups = [zlib.crc32(word.encode()) % GROUPS if word else -1 for word in words.words]
    return np.array(groups, dtype=np.intp)


def _of_texts(words: Words) -> Whole:
    """Return how many words of each group a text has, of shape (texts, groups)."""
    groups = _groups_of(words)[words.codes]
    owners = np.repeat(np.arange(len(words.lengths)), np.diff(words.ends))
    return counted(owners[groups >= 0], groups[groups >= 0], len(words.lengths), GROUPS)


def _of_rows(words: Words, codes: Codes) -> Iterable[tuple[Codes, Codes]]:
    """Yield for each word of the rows whose it is and its group, some rows at once."""
    groups = _groups_of(words)[words.codes]
    many = np.diff(words.ends)[codes]
    parts = np.cumsum(many) // _AT_ONCE
    for start, end in _stretches(parts):
        n, first = many[start:end], words.ends[codes[start:end]]
        at = np.repeat(first - np.cumsum(n) + n, n) + np.arange(n.sum())
        found, owners = groups[at], np.repeat(np.arange(start, end), n)
        yield owners[found >= 0], found[found >= 0]


def _stretches(parts: Whole) -> Iterable[tuple[int, int]]:
    ends = [*(np.flatnonzero(np.diff(parts)) + 1).tolist(), len(parts)]
    return zip([0, *ends[:-1]], ends, strict=True)
