"""PyArrow: text matched by RE2, and columns of Python objects given their type."""

from __future__ import annotations

import math
from functools import reduce
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def contains(series: Any, patterns: Sequence[str], *, every: bool) -> Any:
    """Return, as a NumPy array, whether each text contains any (or every one) of some patterns of RE2."""
    pa = _pyarrow()
    import pyarrow.compute as pc

    native = series.to_native() if hasattr(series, "to_native") else series.native  # as narwhals hands it over
    texts = pa.array(native, type=pa.string(), from_pandas=True)
    found = [pc.match_substring_regex(texts, pattern) for pattern in patterns]
    joined = reduce(pc.and_ if every else pc.or_, found)
    return pc.fill_null(joined, False).to_numpy(zero_copy_only=False)  # noqa: FBT003 - its parameter has no name


def typed(native: Any) -> Any:
    """Return a pandas series of objects as a typed one, or None where its values are of several types."""
    pa = _pyarrow()
    import pandas as pd

    try:
        array = pa.array(native, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return None
    if (pa.types.is_nested(array.type) and not _is_vector(array.type)) or pa.types.is_binary(array.type):
        return None
    return pd.Series(array, dtype=pd.ArrowDtype(array.type), index=native.index, name=native.name)


def _is_vector(dtype: Any) -> bool:
    """Say whether values are lists of numbers."""
    pa = _pyarrow()
    is_list = pa.types.is_list(dtype) or pa.types.is_large_list(dtype) or pa.types.is_fixed_size_list(dtype)
    return bool(is_list and (pa.types.is_floating(dtype.value_type) or pa.types.is_integer(dtype.value_type)))


_KINDS = {"whole": "int64", "float": "float64", "text": "string", "boolean": "bool_", "date": "date32"}


def table_of(columns: Mapping[str, Sequence[Any]], kinds: Mapping[str, str] = MappingProxyType({})) -> Any:
    """Return an Arrow table of Python values; a column of a named kind has its type also where all values are None."""
    pa = _pyarrow()
    arrays = {}
    for name, values in columns.items():
        kind = kinds.get(name, "")
        zoned = any(getattr(value, "tzinfo", None) for value in values)
        made = pa.timestamp("us") if kind == "time" and not zoned else _KINDS.get(kind) and getattr(pa, _KINDS[kind])()
        arrays[name] = pa.array(values, type=made) if made else pa.array(values)
    return pa.table(arrays)


def _pyarrow() -> Any:
    try:
        import pyarrow as pa
    except ImportError as exc:
        raise MissingExtra(needs="text and objects in a frame", library="pyarrow", extra="data") from exc
    return pa


def seconds_of(series: Any) -> Any:
    """Return durations, or times of the day, of a narwhals series in seconds, NaN where there is none."""
    pa = _pyarrow()
    array = series.to_arrow()
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    whole = pa.int32() if pa.types.is_time32(array.type) else pa.int64()
    values = array.cast(whole).cast(pa.float64()).fill_null(math.nan).to_numpy(zero_copy_only=False)
    return values / {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}[array.type.unit]


def encode(series: Any) -> tuple[Any, list[str]]:
    """Return the codes of a narwhals series of text or the like, -1 where there is no value, and what they stand for.

    Values of other types (booleans, objects) stand there as their text.
    """
    import numpy as np

    pa = _pyarrow()
    try:
        array = series.to_arrow()
        if isinstance(array, pa.ChunkedArray):
            array = array.combine_chunks()
        is_fresh = not pa.types.is_dictionary(array.type)
        if is_fresh:
            array = array.dictionary_encode()
        words = array.dictionary.to_pylist()
        # polars' indices are unsigned, and have no -1
        codes = array.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
        if is_fresh:  # whose words are distinct, and occur
            return codes, [str(word) for word in words]
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        values = [None if isinstance(value, float) and math.isnan(value) else value for value in series.to_list()]
        place: dict[str, int] = {}
        codes = np.array([-1 if v is None else place.setdefault(str(v), len(place)) for v in values], dtype=np.intp)
        return codes, list(place)
    return _merged(codes, [None if word is None else str(word) for word in words])


def _merged(codes: Any, words: list[str | None]) -> tuple[Any, list[str]]:
    """Return codes of distinct words that occur: a dictionary may hold one twice, none in place of one, or unused."""
    import numpy as np

    occurs = np.bincount(codes[codes >= 0], minlength=len(words)) > 0
    place: dict[str, int] = {}
    kept = [word if seen else None for word, seen in zip(words, occurs, strict=True)]
    target = np.array([-1 if word is None else place.setdefault(word, len(place)) for word in kept], dtype=np.intp)
    return (np.where(codes >= 0, target[codes], -1) if len(target) else codes), list(place)
