"""One column of a batch, read once for all that is counted of it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import narwhals as nw
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.intp]
    Hashes = NDArray[np.uint64]


@dataclass
class Reading:
    """The values of a column as what they are counted as."""

    series: nw.Series[Any]

    @cached_property
    def numbers(self) -> Floats:
        """Return values as floating-point numbers, NaN where they are missing."""
        return numbers(self.series)

    @cached_property
    def codes(self) -> tuple[Codes, list[str]]:
        """Return the code of each value, -1 where it is missing, and what the codes stand for."""
        from pytest_mlops.adapters.arrow import encode

        return encode(self.series)

    def hashes(self) -> Hashes:
        """Return a hash of each value, the same in every run: of a number its bits, of a text its checksum.

        Vectors are told by their norms.
        """
        import narwhals as nw

        if is_number(self.series.dtype) or is_vector(self.series.dtype):
            values = self.numbers + 0.0  # so that -0.0 is 0.0
            missing = np.isnan(values)
            if missing.any():
                values[missing] = np.nan  # of many bit patterns one
            return values.view(np.uint64)
        if isinstance(self.series.dtype, nw.Datetime | nw.Date):
            return np.asarray(self.series.to_numpy()).astype("datetime64[us]").view(np.uint64)
        codes, words = self.codes
        sums = np.array([zlib.crc32(word.encode()) + (len(word) << 32) for word in [*words, ""]], dtype=np.uint64)
        return np.asarray(sums[codes])


def mix(rows: Hashes, column: Hashes) -> None:
    """Bring the next column's hashes into those of rows, in place; the columns come in their order."""
    rows ^= column
    rows *= _ODD
    rows ^= rows >> np.uint64(29)


_ODD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio: Knuth, The Art of Computer Programming 3, 6.4


def numbers(series: nw.Series[Any]) -> Floats:
    """Return values as floating-point numbers, NaN where they are missing.

    Of vectors their norms, of durations and times of the day seconds.
    """
    if is_vector(series.dtype):
        from pytest_mlops.adapters.arrow_nested import vectors_of

        return np.concatenate([np.zeros(0), *(part.norms() for part in vectors_of(series))])
    if not series.dtype.is_numeric() and is_number(series.dtype):
        from pytest_mlops.adapters.arrow import seconds_of

        return np.asarray(seconds_of(series), dtype=np.float64)
    return np.asarray(series.to_numpy(), dtype=np.float64)


def is_number(dtype: nw.dtypes.DType) -> bool:
    """Say whether values are compared as numbers: so are durations and times of the day."""
    import narwhals as nw

    return bool(dtype.is_numeric()) or isinstance(dtype, nw.Duration | nw.Time)


def is_vector(dtype: nw.dtypes.DType) -> bool:
    """Say whether values are vectors: lists of numbers."""
    import narwhals as nw

    if not isinstance(dtype, nw.List | nw.Array):
        return False
    inner = dtype.inner() if isinstance(dtype.inner, type) else dtype.inner
    return bool(inner.is_numeric())
