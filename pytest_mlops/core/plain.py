"""Plain JSON types: the only ones that evidence may hold, because it crosses processes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

_PLAIN = "None, bool, int, float, str, list, dict"

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


def plain(value: object) -> Json:
    """Return `value` in plain JSON types; NaN and infinities become None.

    NumPy scalars and arrays (anything with `tolist`), paths and enums are converted; subclasses of
    float and int become the plain type, since xdist's serialiser refuses them.

    Raises
    ------
    TypeError
        For any other type, naming it.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return _plain_container(value)


def _plain_container(value: object) -> Json:
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value, key=repr) if isinstance(value, set | frozenset) else value
        return [plain(item) for item in items]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if hasattr(value, "__fspath__"):
        return str(value)
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    raise TypeError(f"evidence must hold plain JSON types ({_PLAIN}), got {type(value).__name__}: {value!r:.80}")
