"""Where two JSON values differ first: pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Difference = tuple[str, str, str]


def first_difference(one: Any, other: Any, *, tolerance: float = 0.0, part: bool = False) -> Difference | None:
    """Return the path of the first difference and both sides in short; None where there is none.

    Parameters
    ----------
    tolerance
        How far two numbers may be apart.
    part
        Whether `one` may hold keys that `other` has not; `other` must then hold at least one.

    >>> first_difference({"a": [1, 2]}, {"a": [1, 3]})
    ('.a[1]', '2', '3')
    >>> first_difference(0.5, 0.5 + 1e-12, tolerance=1e-9) is None
    True
    """
    if isinstance(one, Mapping) and isinstance(other, Mapping) and (other or not part):
        return _in_objects(one, other, tolerance, part)
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        found = (_below(f"[{place}]", first_difference(a, b, tolerance=tolerance)) for place, (a, b) in pairs)
        return next(filter(None, found), None)
    return None if _equal(one, other, tolerance) else ("", _short(one), _short(other))


def _in_objects(one: Mapping[str, Any], other: Mapping[str, Any], tolerance: float, part: bool) -> Difference | None:  # noqa: FBT001 - passed on
    for key in sorted(other if part else {*one, *other}):
        if key not in one or key not in other:
            return f".{key}", _short(one.get(key, _ABSENT)), _short(other.get(key, _ABSENT))
        difference = _below(f".{key}", first_difference(one[key], other[key], tolerance=tolerance))
        if difference:
            return difference
    return None


class _Absent:
    def __repr__(self) -> str:
        return "absent"


_ABSENT = _Absent()


def _below(step: str, difference: Difference | None) -> Difference | None:
    return None if difference is None else (f"{step}{difference[0]}", *difference[1:])


def _equal(one: object, other: object, tolerance: float) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other or abs(one - other) <= tolerance
    return type(one) is type(other) and one == other


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}..."  # noqa: PLR2004 - a part of a line
