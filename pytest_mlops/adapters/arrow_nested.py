"""PyArrow: texts as words, and columns of vectors as rows of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.core.errors import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

_ROWS = 8_192  # vectors at once


@dataclass(frozen=True)
class Words:
    """Texts in words.

    Attributes
    ----------
    lengths
        The characters of each text.
    ends
        Where the words of each text end, of shape (1 + texts,), from 0.
    codes, words
        Which of `words`, in small letters, each one is.
    """

    lengths: Codes
    ends: Codes
    codes: Codes
    words: Sequence[str]


def words_of(texts: Sequence[str]) -> Words:
    """Return texts in words, which white space separates."""
    pa = _pyarrow()
    import pyarrow.compute as pc

    array = pa.array(texts, type=pa.large_string())
    split = pc.utf8_split_whitespace(pc.utf8_trim_whitespace(pc.utf8_lower(array)))
    # What is empty is split into one empty word, which is none.
    found = split.flatten().dictionary_encode()
    ends = np.append(0, np.cumsum(pc.list_value_length(split).to_numpy(zero_copy_only=False)))
    lengths = pc.utf8_length(array).to_numpy(zero_copy_only=False)
    return Words(
        lengths.astype(np.int64),
        ends.astype(np.int64),
        found.indices.to_numpy(zero_copy_only=False).astype(np.int64),
        found.dictionary.to_pylist(),
    )


@dataclass(frozen=True)
class Vectors:
    """Some rows of a column of vectors, beginning at row `start`.

    Attributes
    ----------
    lengths
        Of shape (rows,); -1 where there is none.
    values
        The numbers of all of them, one after the other; NaN where one is missing.
    """

    start: int
    lengths: Codes
    values: NDArray[Any]

    def norms(self) -> Floats:
        """Return the length of each vector, as geometry has it; NaN where there is none, or a number of it is."""
        norms = np.full(len(self.lengths), np.nan)
        filled = self.lengths > 0
        starts = (np.cumsum(np.maximum(self.lengths, 0)) - np.maximum(self.lengths, 0))[filled]
        if len(starts):
            norms[filled] = np.sqrt(np.add.reduceat(self.values.astype(np.float64) ** 2, starts))
        norms[np.isinf(norms)] = np.nan
        return norms

    def of_length(self, length: int) -> tuple[NDArray[np.bool_], NDArray[Any]]:
        """Return which rows have a vector of some length without a gap, and these, of shape (rows, length)."""
        kept = self.lengths == length
        inside = np.repeat(kept, np.maximum(self.lengths, 0))
        rows = self.values[inside].reshape(-1, length) if length else np.zeros((0, 0))
        finite = np.isfinite(rows).all(axis=1)
        kept[np.flatnonzero(kept)] = finite
        return kept, rows[finite]


def vectors_of(series: Any) -> Iterator[Vectors]:
    """Yield the rows of a narwhals series of vectors, some thousand at once."""
    pa = _pyarrow()
    whole = series.to_arrow()
    done = 0
    for array in whole.chunks if isinstance(whole, pa.ChunkedArray) else [whole]:
        for start in range(0, len(array), _ROWS):
            part = array[start : start + _ROWS]
            yield _vectors(pa, part, done + start)
        done += len(array)


def _vectors(pa: Any, array: Any, start: int) -> Vectors:
    filled = array.is_valid().to_numpy(zero_copy_only=False)
    if pa.types.is_fixed_size_list(array.type):
        size = array.type.list_size
        ends = (array.offset + np.arange(len(array) + 1)) * size
    else:
        ends = array.offsets.to_numpy().astype(np.int64)
    values = array.values[int(ends[0]) : int(ends[-1])].to_numpy(zero_copy_only=False)
    lengths = np.diff(ends)
    if not filled.all():
        values = values[np.repeat(filled, lengths)]
    return Vectors(start, np.where(filled, lengths, -1), values)


def _pyarrow() -> Any:
    try:
        import pyarrow as pa
    except ImportError as exc:
        raise MissingExtra(needs="texts and vectors in a frame", library="pyarrow", extra="data") from exc
    return pa
