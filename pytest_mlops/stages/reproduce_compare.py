"""Comparing two trainings, leaf by leaf.

One number says how far apart two floats are: |a - b| / max(1, |a|, |b|), which is the absolute difference
below one and the relative difference above. NaN equals NaN. Everything else (whole numbers, texts, shapes,
types, leaves that only one side has) is equal or counts one, so that no tolerance below one excuses it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.core.digest import digest_bytes, digest_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_mlops.stages.reproduce_runs import Leaf, Training

_ABSENT = "absent"
_LONGEST = 60


@dataclass(frozen=True)
class Difference:
    """How far apart one aspect of two trainings is.

    Attributes
    ----------
    value
        The largest difference of numbers, or how many other leaves differ where that is more.
    n
        How many values were compared.
    places
        The paths that differ, in order.
    text
        Where the first one is, and the two values; empty where nothing differs.
    """

    value: float
    n: int
    places: Sequence[str] = ()
    text: str = ""


def compare(one: Training, other: Training, aspect: str) -> Difference:
    """Return the difference of an aspect that at least one of two trainings returned."""
    left, right = one.aspects.get(aspect, {}), other.aspects.get(aspect, {})
    found, n = [], 0
    for path in [*left, *(path for path in right if path not in left)]:
        a, b = _value(one, left, path), _value(other, right, path)
        n += max(_size(a), _size(b))
        gap = _gap(a, b)
        if gap is not None:
            found.append((path, *gap))
    counted = sum(size for _, size, is_count, _ in found if is_count)
    largest = max((size for _, size, is_count, _ in found if not is_count), default=0.0)
    worst = next((item for item in found if item[2]), None) or max(found, key=lambda item: item[1], default=None)
    text = f"{aspect}{_place(worst[0])}{worst[3]}" if worst else ""
    return Difference(max(counted, largest), n, [path for path, *_ in found], text)


def digest_state(training: Training) -> str:
    """Return the digest of a training's fitted state."""
    leaves = training.aspects["fitted_state"]
    values = {path: _value(training, leaves, path) for path in leaves}
    arrays = {path: value for path, value in values.items() if isinstance(value, np.ndarray)}
    return digest_json(
        [
            {path: repr(value) for path, value in values.items() if path not in arrays},
            {path: [str(a.dtype), list(a.shape), digest_bytes(a.tobytes())] for path, a in arrays.items()},
        ]
    )


def _value(training: Training, leaves: Mapping[str, Leaf], path: str) -> Any:
    leaf = leaves.get(path, _ABSENT)
    if not isinstance(leaf, list):
        return leaf
    _, kind, shape, offset, size = leaf
    flat = training.arrays[kind][offset : offset + size]
    return flat.reshape(shape) if flat.size == np.prod(shape, dtype=int) else flat


def _size(value: object) -> int:
    return value.size if isinstance(value, np.ndarray) else 1


def _gap(a: Any, b: Any) -> tuple[float, bool, str] | None:
    """Return (size, whether it is a count, where and what) of two leaves that differ, else None."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return _gap_of_arrays(a, b)
    if isinstance(a, float) and isinstance(b, float):
        return _gap_of_arrays(np.asarray(a), np.asarray(b))
    if type(a) is type(b) and not isinstance(a, np.ndarray) and a == b:
        return None
    return 1.0, True, f": {_words(a)} against {_words(b)}"


def _gap_of_arrays(a: NDArray[Any], b: NDArray[Any]) -> tuple[float, bool, str] | None:
    if a.shape != b.shape or a.dtype.kind != b.dtype.kind:
        return max(1.0, abs(a.size - b.size)), True, f": {_words(a)} against {_words(b)}"
    unequal = a != b
    if a.dtype.kind in "fc":
        unequal &= ~(np.isnan(a) & np.isnan(b))
    if not unequal.any():
        return None
    sizes = _scaled(a, b) if a.dtype.kind in "fc" else np.full(a.shape, np.inf)
    counts = unequal & ~np.isfinite(sizes)
    at = np.unravel_index(int(np.argmax(counts if counts.any() else np.where(unequal, sizes, 0))), a.shape)
    text = f"{list(map(int, at)) if at else ''}: {a[at].item()!r} against {b[at].item()!r}"
    if counts.any():
        return float(counts.sum()), True, text
    return float(np.max(sizes, where=unequal, initial=0)), False, text


def _scaled(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """Return |a - b| / max(1, |a|, |b|); infinite or NaN where a side is."""
    with np.errstate(all="ignore"):
        wide = np.promote_types(a.dtype, np.float64)
        x, y = a.astype(wide), b.astype(wide)
        return np.asarray(np.abs(x - y) / np.maximum(1, np.maximum(np.abs(x), np.abs(y))))


def _place(path: str) -> str:
    return f" at {path.removeprefix('.')}" if path else ""


def _words(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} of shape {value.shape}"
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
