"""Hypothesis: strategies of rows and frames that keep to a suite, made and not sifted out."""

from __future__ import annotations

import datetime as dt
import math
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import DeclarationError, MissingExtra

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hypothesis.strategies import SearchStrategy

_WIDE = 10**6
_FIRST, _LAST = dt.datetime(1990, 1, 1), dt.datetime(2050, 1, 1)  # noqa: DTZ001 - Hypothesis wants them bare


Spec = Any  # a `Spec` of stages/data/specs.py, which this room does not see


def strategies() -> Any:
    """Return Hypothesis' strategies.

    Raises
    ------
    MissingExtra
        When it is not installed.
    """
    try:
        from hypothesis import strategies as st
    except ImportError as exc:
        raise MissingExtra(needs="drawing rows", library="hypothesis", extra="serving") from exc
    return st


def values_of(spec: Spec) -> SearchStrategy[Any]:
    """Return the strategy of the values of one column, None among them where it need not be filled.

    Raises
    ------
    DeclarationError
        When no value keeps to the column's expectations.
    """
    st = strategies()
    if spec.empty:
        return st.none()  # type: ignore[no-any-return]
    values = _present(spec)
    return values if spec.filled else st.none() | values


def _present(spec: Spec) -> SearchStrategy[Any]:
    st = strategies()
    if spec.among is not None:
        among = [value for value in spec.among if spec.allows(value)]
        if not among:
            raise DeclarationError(f"no value keeps to all of a column's expectations: {spec.among!r} leaves none")
        return st.sampled_from(among)  # type: ignore[no-any-return]
    makes = {"whole": _whole, "float": _floats, "decimal": _floats, "time": _times, "date": _dates, "text": _texts}
    if spec.kind == "boolean":
        return st.booleans()  # type: ignore[no-any-return]
    return makes.get(spec.kind, _texts)(spec)


def _whole(spec: Spec) -> SearchStrategy[int]:
    st = strategies()
    low = -_WIDE if spec.low is None else math.floor(spec.low[0]) + 1 if spec.low[1] else math.ceil(spec.low[0])
    high = _WIDE if spec.high is None else math.ceil(spec.high[0]) - 1 if spec.high[1] else math.floor(spec.high[0])
    cuts = sorted({int(value) for value in spec.apart if low <= value <= high})
    starts, ends = [low, *(cut + 1 for cut in cuts)], [*(cut - 1 for cut in cuts), high]
    ranges = [st.integers(a, b) for a, b in zip(starts, ends, strict=True) if a <= b]
    if not ranges:
        raise DeclarationError(f"no whole number lies between {low} and {high}")
    return st.one_of(ranges)  # type: ignore[no-any-return]


def _floats(spec: Spec) -> SearchStrategy[float]:
    st = strategies()
    low, open_low = spec.low or (-float(_WIDE), False)
    high, open_high = spec.high or (float(_WIDE), False)
    cuts = sorted({float(value) for value in spec.apart if low <= value <= high})
    ends = [(float(low), open_low), *((cut, True) for cut in cuts), (float(high), open_high)]
    ranges = [
        st.floats(a, b, exclude_min=open_a, exclude_max=open_b, allow_nan=False, allow_infinity=False)
        for (a, open_a), (b, open_b) in pairwise(ends)
        if a < b or (a == b and not (open_a or open_b))
    ]
    if not ranges:
        raise DeclarationError(f"no number lies between {low} and {high}")
    return st.one_of(ranges)  # type: ignore[no-any-return]


def _times(spec: Spec) -> SearchStrategy[dt.datetime]:
    low, high = (end and end[0].replace(tzinfo=None) for end in (spec.low, spec.high))
    made: SearchStrategy[dt.datetime] = strategies().datetimes(
        low or _FIRST,
        high or _LAST,
    )
    zone = next((end[0].tzinfo for end in (spec.low, spec.high) if end and end[0].tzinfo), None)
    return made if zone is None else made.map(lambda moment: moment.replace(tzinfo=zone))


def _dates(spec: Spec) -> SearchStrategy[dt.date]:
    low, high = (
        None if end is None else dt.date(end[0].year, end[0].month, end[0].day) for end in (spec.low, spec.high)
    )
    return strategies().dates(low or dt.date(1990, 1, 1), high or dt.date(2050, 1, 1))  # type: ignore[no-any-return]


def _of_length(pattern: str, low: int, high: int) -> str:
    """Return a pattern of one repeated letter class with its length in it, any other one as it is.

    >>> _of_length("^[A-Z]+$", 3, 5), _of_length("^N[0-9]+$", 3, 5)
    ('^[A-Z]{3,5}$', '^N[0-9]+$')
    """
    found = _ONE_CLASS.fullmatch(pattern)
    return pattern if found is None else f"^{found[1]}{{{max(low, found[2] == '+')},{high}}}$"


_ONE_CLASS = re.compile(r"\^(\[[^\]\\]+\]|\\[wd])([+*])\$")


def _texts(spec: Spec) -> SearchStrategy[str]:
    st = strategies()
    if spec.layout:
        moments = st.datetimes(_FIRST, _LAST)
        return moments.map(lambda moment: moment.strftime(spec.layout))  # type: ignore[no-any-return]
    low, high = spec.lengths or (0, 40)
    if spec.pattern:
        letters = st.characters(codec="ascii" if spec.pattern.isascii() else "utf-8", exclude_characters="\x00")
        pattern = spec.pattern if spec.lengths is None else _of_length(spec.pattern, low, high)
        made = st.from_regex(pattern, alphabet=letters)
        if spec.pattern.endswith("$"):  # for Python it also matches before a last line break, elsewhere it does not
            made = made.map(lambda text: text.removesuffix("\n"))
        # A pattern of one length keeps to it by itself; only where it does not is a draw too long or short left out.
        return made if spec.lengths is None else made.filter(lambda text: low <= len(text) <= high)  # type: ignore[no-any-return]
    return st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=low, max_size=high)  # type: ignore[no-any-return]


def records(columns: Mapping[str, SearchStrategy[Any]], finish: Any) -> SearchStrategy[dict[str, Any]]:
    """Return the strategy of rows, each put right by `finish`, which makes columns keep to each other."""
    return strategies().fixed_dictionaries(dict(columns)).map(finish)  # type: ignore[no-any-return]


def lists(rows: SearchStrategy[Any], low: int, high: int, keys: Sequence[tuple[str, ...]]) -> SearchStrategy[list[Any]]:
    """Return the strategy of lists of rows, in which the combinations of some columns do not repeat."""
    unique = tuple((lambda row, key=key: tuple(row[name] for name in key)) for key in keys) or None
    return strategies().lists(rows, min_size=low, max_size=high, unique_by=unique)  # type: ignore[no-any-return]
