"""Whole numbers as short text: what a committed sketch holds, a line for each unit and column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Whole = NDArray[np.int64]

_LETTERS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", dtype=np.uint8)
_PLACE = np.full(256, 255, dtype=np.uint8)
_PLACE[_LETTERS] = np.arange(64, dtype=np.uint8)
_BITS = 5  # of a number in a letter; the sixth says that more letters follow
_MORE = 1 << _BITS
_MOST = 13  # letters of a number


def pack(numbers: Whole) -> str:
    """Return numbers as letters: five bits in each, the lowest first; zeros in a row as a zero and their count.

    >>> pack(np.array([1, 0, 0, 0, 31, 32, 0]))
    'BADfgBAB'
    """
    tokens = _with_counted_zeros(numbers.astype(np.int64))
    parts = (tokens[:, None] >> (_BITS * np.arange(_MOST))) & (_MORE - 1)
    last = np.maximum(_MOST - 1 - np.argmax(parts[:, ::-1] > 0, axis=1), 0) * (tokens > 0)
    place = np.arange(_MOST)
    letters = _LETTERS[parts + _MORE * (place < last[:, None])]
    return bytes(letters[place <= last[:, None]]).decode("ascii")


def unpack(text: str) -> Whole:
    """Return the numbers that `pack` wrote.

    Raises
    ------
    ValueError
        When it did not write this.
    """
    places = _PLACE[np.frombuffer(text.encode("latin-1", "replace"), dtype=np.uint8)].astype(np.int64)
    if not len(places):
        return np.zeros(0, dtype=np.int64)
    ends = np.flatnonzero((places & _MORE) == 0)
    if places.max() >= len(_LETTERS) or not len(ends) or ends[-1] != len(places) - 1:
        raise ValueError(f"{text[:12]!r}… is not what a sketch holds")
    starts = np.append(0, ends[:-1] + 1)
    shift = np.arange(len(places)) - np.repeat(starts, ends - starts + 1)
    if shift.max() >= _MOST:
        raise ValueError(f"{text[:12]!r}… holds a number that is too large")
    tokens = np.add.reduceat((places & (_MORE - 1)) << (_BITS * shift), starts)
    is_zero = tokens == 0
    is_count = np.append(False, is_zero[:-1])
    if is_zero[-1] or (is_zero & is_count).any():
        raise ValueError(f"{text[:12]!r}… does not say how many zeros")
    times = np.ones(len(tokens), dtype=np.int64)
    times[is_zero] = tokens[is_count]
    return np.asarray(np.repeat(tokens[~is_count], times[~is_count]))


def fold_signs(numbers: Whole) -> Whole:
    """Return numbers of any sign as numbers that are not negative, small ones small: 0, -1, 1, -2, 2, ..."""
    return np.asarray(np.where(numbers < 0, -2 * numbers - 1, 2 * numbers))


def unfold_signs(numbers: Whole) -> Whole:
    """Return the numbers that `fold_signs` folded."""
    return np.asarray(np.where(numbers % 2 == 1, -(numbers + 1) // 2, numbers // 2))


def _with_counted_zeros(numbers: Whole) -> Whole:
    starts = np.flatnonzero(np.append(True, (numbers[1:] != 0) | (numbers[:-1] != 0)))
    starts = starts[: len(numbers)]
    lengths = np.diff(np.append(starts, len(numbers)))
    first = numbers[starts]
    tokens = np.stack([first, lengths], axis=1)
    return np.asarray(tokens[np.stack([np.ones(len(first), dtype=bool), first == 0], axis=1)])
