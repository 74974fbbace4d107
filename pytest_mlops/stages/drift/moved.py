"""Which rows moved most: the units, and the categories of other columns, that make most of a change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Marks = NDArray[np.bool_]

_LIFT = 2.0  # times as much of the change as of the rows, to be named
_PART = 0.6  # of the change, to be named
_LIFT_UNITS = 1.5
_MOST = 0.8  # of the change, in few units
_FEW = 0.6  # of the rows
_ERRORS = 3.0  # standard errors that a part must be above what its rows would have
_NAMED = 3
_MIX = 0.5  # of the change, that comes of other shares of the categories


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of the rows, and what part of the change is theirs.

    Attributes
    ----------
    share
        Of the rows.
    change
        Of the change: one where all of it is theirs, below zero where they moved the other way.
    was, now
        The shares of its rows that are where the change brought more.
    """

    name: str
    share: float
    change: float
    was: float
    now: float


def unit_parts(names: Sequence[str], rows: Floats, moved: Floats, before: float) -> list[Part]:
    r"""Return the units of the current side, those that moved most first.

    Parameters
    ----------
    rows, moved
        Of shape (units,): the rows of each, and those of them that are where the change brought more.
    before
        The share of such rows in the reference.

    Notes
    -----
    With shares :math:`w_u` of the rows and :math:`q_u` of those that moved, the change is
    :math:`\sum_u w_u (q_u - p)`, of which each unit has its summand.
    """
    total, change = rows.sum(), moved.sum() / rows.sum() - before
    parts = [
        Part(
            name=name,
            share=float(n / total),
            change=float((m - n * before) / total / change) if change else 0.0,
            was=before,
            now=float(m / n) if n else 0.0,
        )
        for name, n, m in zip(names, rows, moved, strict=True)
    ]
    return sorted(parts, key=lambda part: -part.change)


def few_units(parts: Sequence[Part]) -> list[Part]:
    """Return the units that moved alike and make most of a change, where they are few; else none."""
    found: list[Part] = []
    for part in parts:
        if found and part.change < _change(found) / len(found) / 2:
            break
        found.append(part)
    change, share = _change(found), sum(one.share for one in found)
    return found if change >= _MOST and share <= min(_FEW, change / _LIFT_UNITS) else []


@dataclass(frozen=True, kw_only=True)
class Segments:
    """The categories of one column as parts of a change.

    Attributes
    ----------
    mix
        What part of the change comes of more or fewer rows of the categories, and not of what happened within them.
    errors
        The standard error of each part's change.
    """

    column: str
    parts: Sequence[Part]
    mix: float
    errors: Sequence[float]

    @property
    def concentrated(self) -> list[Part]:
        """Return the fewest categories that have most of the change, where that is much more than of the rows."""
        found: list[Part] = []
        for part, error in zip(self.parts[:_NAMED], self.errors, strict=False):
            if part.change - part.share < _ERRORS * error:
                break
            found.append(part)
            change, share = sum(one.change for one in found), sum(one.share for one in found)
            if change >= _PART and change >= _LIFT * share:
                return found
        return []


def segments_of(
    column: str, names: Sequence[str], codes: tuple[Any, Any], moved: tuple[Marks, Marks]
) -> Segments | None:
    r"""Return what part each category of a column has in a change.

    Parameters
    ----------
    codes, moved
        Of each side, of shape (rows,): the category, -1 where there is none; whether the row is where the change
        brought more.

    Notes
    -----
    With shares :math:`v_s, w_s` of the rows of category s before and now, and :math:`p_s, q_s` of those of them that
    moved, the change is :math:`\sum_s w_s (q_s - p_s) + \sum_s (w_s - v_s) p_s`: what happened within, and the mix.

    References
    ----------
    Kitagawa, Components of a difference between two rates, JASA 50, 1955.
    """
    size = len(names) + 1
    rows = [np.bincount(code + 1, minlength=size).astype(float) for code in codes]
    hits = [np.bincount(code + 1, weights=mark, minlength=size) for code, mark in zip(codes, moved, strict=True)]
    change = hits[1].sum() / max(rows[1].sum(), 1) - hits[0].sum() / max(rows[0].sum(), 1)
    if not change or not all(side.sum() for side in rows):
        return None
    shares = [side / side.sum() for side in rows]
    rates = [hit / np.maximum(n, 1) for hit, n in zip(hits, rows, strict=True)]
    is_new = rows[0] == 0  # then the rate before is that of all
    rates[0] = np.where(is_new, hits[0].sum() / rows[0].sum(), rates[0])
    within = shares[1] * (rates[1] - rates[0]) / change
    variance = sum(rate * (1 - rate) / np.maximum(n, 1) for rate, n in zip(rates, rows, strict=True))
    errors = shares[1] * np.sqrt(variance) / abs(change)
    order = [i for i in np.argsort(-within, kind="stable") if i and rows[1][i]]
    return Segments(
        column=column,
        parts=[
            Part(
                name=f"{column}={names[i - 1]}",
                share=float(shares[1][i]),
                change=float(within[i]),
                was=float(rates[0][i]),
                now=float(rates[1][i]),
            )
            for i in order
        ],
        mix=float(((shares[1] - shares[0]) * rates[0]).sum() / change),
        errors=[float(errors[i]) for i in order],
    )


def words_of_units(parts: Sequence[Part], kind: str, named: Callable[[Sequence[str]], str]) -> str:
    """Say in which few units most of a change is, or nothing; `named` gives some of them a name together."""
    few = few_units(parts)
    if not few:
        return ""
    change, share = _change(few), sum(part.share for part in few)
    names = named([part.name for part in few])
    where = f"{len(few)} of {len(parts)} {kind}{f', {names}' if names else ''}"
    return f"mostly in {where}: {_percent(min(change, 1.0))} of the change, {_percent(share)} of the rows"


def words_of_segments(found: Iterable[Segments]) -> list[str]:
    """Say in which categories of another column a change is: of the column that says it most sharply."""
    parts = [one.concentrated for one in found]
    told = sorted(((_lift(some), some) for some in parts if some), key=lambda pair: -pair[0])[:1]
    return [
        f"mostly {' and '.join(part.name for part in some)}: {_percent(min(_change(some), 1.0))} of the change, "
        f"{_percent(_change(some) / lift)} of the rows"
        for lift, some in told
    ]


def _change(parts: Sequence[Part]) -> float:
    return sum(part.change for part in parts)


def _lift(parts: Sequence[Part]) -> float:
    return _change(parts) / sum(part.share for part in parts)


def words_of_mix(found: Iterable[Segments]) -> list[str]:
    """Say of which column other shares of the categories make most of a change."""
    mixes = [(one.mix, one.column) for one in found if one.mix >= _MIX]
    return [f"the mix of {column} makes {_percent(min(mix, 1.0))} of it" for mix, column in sorted(mixes)[-1:]]


def table_of(units: Sequence[Part], found: Iterable[Segments]) -> Mapping[str, Any]:
    """Return the data of the artefact `table`: the units and the segments that moved most."""
    parts = [*units[:_LISTED], *sorted((p for one in found for p in one.parts), key=lambda p: -p.change)[:_LISTED]]
    rows = [[p.name, *(_percent(share) for share in (p.change, p.share, p.was, p.now))] for p in parts]
    return {"columns": ["rows", "of the change", "of the rows", "moved before", "moved now"], "rows": rows}


_LISTED = 10


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if abs(share) < 0.995 else f"{100 * share:.4g} %"  # noqa: PLR2004 - 100 % is all
