"""Units by name: days of a column of times, rows of a block, and the values of a column where these may be shown."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.core.digest import short_digest
from pytest_mlops.stages.drift.units import PERIODS, ByBlock, ByColumn, ByPeriod, ByRow
from pytest_mlops.stages.drift.windows import Whole

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    import narwhals as nw

    from pytest_mlops.stages.drift.sketch import Key
    from pytest_mlops.stages.drift.units import Units

_NAMED = 5


def names_of_units(
    units: Units, keys: Iterable[Key], frame: nw.DataFrame[Any] | None, public: Collection[str]
) -> list[str]:
    """Return a name for each unit, empty where it may not be shown; no names at all of random groups of rows."""
    if isinstance(units, ByRow | Whole):
        return []
    if isinstance(units, ByPeriod):
        times = np.array([int(key) for key in keys]).astype(f"datetime64[{units.period}]")
        return [str(time) for time in times]
    if isinstance(units, ByBlock):
        return ["rows {:,} to {:,}".format(*units.rows_of(key)) for key in keys]
    known: dict[str, str] = {}
    if isinstance(units, ByColumn) and not units.is_grouped and units.column in public and frame is not None:
        from pytest_mlops.adapters.arrow import encode

        known = {short_digest(word): f"{units.column}={word}" for word in encode(frame[units.column])[1]}
    return [known.get(str(key), "") for key in keys]


def word_of_units(units: Units) -> str:
    """Return the word for some units: `days`."""
    if isinstance(units, ByPeriod):
        return PERIODS[units.period]
    if isinstance(units, ByBlock):
        return "blocks of rows"
    return f"values of {units.column}" if not getattr(units, "is_grouped", False) else f"groups of {units.column}"


def in_order(units: Units, names: Sequence[str]) -> Sequence[str]:
    """Return names of units in the order of what they name, numbers by their size."""
    return sorted(names, key=_natural) if isinstance(units, ByColumn) else names


def _natural(name: str) -> tuple[float, str]:
    value = name.partition("=")[2]
    return (float(value) if value.lstrip("-").isdecimal() else math.inf), value


def together(some: Collection[str], names: Sequence[str]) -> str:
    """Name some of the units of `names` together, neighbours as one; nothing where one of them has no name.

    >>> together(["b", "c", "e"], ["a", "b", "c", "d", "e"])
    'b to c, e'
    >>> together(["rows 5 to 8", "rows 1 to 4"], ["rows 1 to 4", "rows 5 to 8", "rows 9 to 12"])
    'rows 1 to 8'
    """
    if not all(some):
        return ""
    at = [number for number, name in enumerate(names) if name in some]
    ends = [i for i in range(len(at)) if i + 1 == len(at) or at[i + 1] > at[i] + 1]
    starts = [0, *(end + 1 for end in ends[:-1])]
    told = [_run(names[at[first]], names[at[last]]) for first, last in zip(starts, ends, strict=True)]
    return ", ".join([*told[:_NAMED], *([f"{len(told) - _NAMED} more"] if len(told) > _NAMED else [])])


def _run(first: str, last: str) -> str:
    return (
        first if first == last else f"{first.partition(' to ')[0]} to {last.rpartition(' to ')[2].rpartition('=')[2]}"
    )
