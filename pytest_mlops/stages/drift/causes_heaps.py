"""Causes that gather or cut off values: a default, a stuck value, a limit; and what was done to some rows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.core.messages import number
from pytest_mlops.stages.drift.causes import Cause
from pytest_mlops.stages.drift.causes_maps import UNITS, one_of_units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from pytest_mlops.stages.drift.causes_maps import Pair
    from pytest_mlops.stages.drift.curves import Curve

    Floats = NDArray[np.float64]

_DEFAULTS = (0.0, -1.0, *(sign * (10.0**k - 1) for k in range(2, 7) for sign in (1, -1)))  # 0, -1, 99, -99, 999, ...
_LEAST = 0.02  # of the rows, that gather
_ALL = 0.98  # of the rows, on one value of a column that is stuck
_PART = 0.5  # of a change, that makes it the same thing as another
_FEWEST = 20  # rows, whose values can be compared


def heap_causes(pair: Pair, *, is_asked: bool) -> Iterable[Cause]:
    """Yield what gathers rows on one value.

    Parameters
    ----------
    is_asked
        Whether it is the share of one value that alarmed, and not the column as a whole.
    """
    gains = sorted(((_gain(pair, value, share), value, share) for value, share in pair.new.heaps()), reverse=True)
    if not gains or gains[0][0] < _LEAST:
        return
    gain, value, share = gains[0]
    if share >= _ALL:
        yield Cause(words=f"stuck: {_percent(share)} of the rows have {number(value)}", before=gain, after=0.0)
        return
    left = gains[1][0] if len(gains) > 1 else 0.0
    before, after = (gain, left) if is_asked else (pair.before, _without(pair, value, gain))
    was, now = _of_rows(pair.old, share - gain), _of_rows(pair.new, share)
    told = f"{number(value)} has {_percent(now)} of the rows, {_percent(was)} before"
    filled = pair.old.missing - pair.new.missing
    if filled >= _PART * (now - was):
        words = f"missing values filled with {number(value)}: {_percent(filled)} of the rows"
    elif value in _DEFAULTS:
        words = f"filled with a default: {told}"
    else:
        words = f"stuck, or filled with a default: {told}"
    yield Cause(words=words, before=before, after=after, rank=1)


def _gain(pair: Pair, value: float, share: float) -> float:
    return share - pair.old.share_near(value, 1e-3 * pair.old.spread)


def _of_rows(curve: Curve, share: float) -> float:
    return share * (1 - curve.missing)


def _without(pair: Pair, value: float, gain: float) -> float:
    """Return what is left when the rows that gathered are taken away."""
    places = np.concatenate([pair.old.between, pair.new.between])
    rest = (pair.new.at(places) - gain * (places >= value)) / (1 - gain)
    return float(np.abs(pair.old.at(places) - rest).max())


def emptied_causes(pair: Pair) -> Iterable[Cause]:
    """Yield the value whose rows are missing now: a default that is a missing value at last."""
    lost = pair.new.missing - pair.old.missing
    if lost < _LEAST:
        return
    for value, share in pair.old.heaps():
        within = 1e-3 * pair.old.spread
        gone = _of_rows(pair.old, share) - _of_rows(pair.new, pair.new.share_near(value, within))
        told = f"{number(value)} is a missing value now: {_percent(gone)} of the rows"
        yield Cause(words=told, before=lost, after=abs(lost - gone), rank=-1)


_NOTHING = 1e-5  # of the spread: places of a grid lie beside round values


def cut_causes(pair: Pair) -> Iterable[Cause]:
    """Yield a limit: values beyond it are gone, or lie on it."""
    old, new = pair.old, pair.new
    places = np.concatenate([old.between, new.between])
    low, high = new.ends
    beyond, under = 1 - float(old.at(np.array([high]))[0]), float(old.at(np.array([low]))[0])
    for share, at, side in ((beyond, high, "above"), (under, low, "below")):
        if not _LEAST <= share < _ALL:
            continue
        inside = places < at if side == "above" else places > at
        base = old.at(places)
        clipped = np.where(inside, base, 1.0 if side == "above" else 0.0)
        kept = np.clip((base if side == "above" else base - under) / (1 - share), 0, 1)
        found = new.at(places)
        place = number(float(f"{at:.3g}") if abs(at) > _NOTHING * old.spread else 0.0)
        told = f"cut off: values {side} {place} are set to it, {_percent(share)} of the rows before"
        yield Cause(words=told, before=pair.before, after=float(np.abs(found - clipped).max()), rank=0)
        told = f"truncated: the rows {side} {place} are gone, {_percent(share)} before"
        yield Cause(words=told, before=pair.before, after=float(np.abs(found - kept).max()), rank=0)


def part_causes(pair: Pair, inside: tuple[float, float]) -> Iterable[Cause]:
    """Yield what was done to some rows, told by those that lie beyond the extremes of the reference.

    Parameters
    ----------
    inside
        These extremes.
    """
    below, above = pair.new.at(np.array(inside))
    share = float(below + 1 - above)
    if share * pair.new.n < _FEWEST or share > _PART:
        return
    maps = [(-1.0, "the sign is flipped")]
    for known, small, large in UNITS:
        maps += [(factor, f"a change of unit: {words}") for factor, words in one_of_units(known, small, large)]
    for place, (factor, words) in enumerate(maps):
        mapped = partial(_mapped, pair.old, factor)
        out = float(mapped(np.array([inside[0]]))[0] + 1 - mapped(np.array([inside[1]]))[0])
        if out > share:
            rows = share / out
            after = max(_beyond(pair, mapped, inside, share, out), _left_of_all(pair, mapped, rows))
            words_of = f"{words}, in {_percent(rows)} of the rows"
            yield Cause(words=words_of, before=1.0, after=after + _DOUBT, rank=1 + place)


def _left_of_all(pair: Pair, mapped: Callable[[Floats], Floats], rows: float) -> float:
    """Return what part of the distance of all values is left, where there is one: some rows are mapped, others not."""
    if pair.before < _SMALL:
        return 0.0
    places = pair.old.between
    expected = (1 - rows) * pair.old.at(places) + rows * mapped(places)
    return float(np.abs(pair.new.at(places) - expected).max()) / pair.before


_SMALL = 0.05  # of a distance, which is as far as units differ anyway
_DOUBT = 0.2  # so that of what lies beyond hardly anything may be left unexplained


def _mapped(old: Curve, factor: float, places: Floats) -> Floats:
    """Return the curve of the old values times a factor."""
    if factor > 0:
        return old.at(places / factor)
    return 1 - old.at(places / factor)


def _beyond(
    pair: Pair, mapped: Callable[[Floats], Floats], inside: tuple[float, float], share: float, out: float
) -> float:
    """Return how far the values beyond the extremes are from those that a map puts there."""
    places = np.concatenate([pair.new.places, pair.new.between])
    low, high = inside

    def outer(curve: Callable[[Floats], Floats], total: float) -> Floats:
        clipped = np.where((places > low) & (places < high), low, places)
        at, middle = curve(clipped), float(curve(np.array([high]))[0] - curve(np.array([low]))[0])
        return (at - np.where(places >= high, middle, 0.0)) / total

    return float(np.abs(outer(pair.new.at, share) - outer(mapped, out)).max())


def _percent(share: float) -> str:
    """Say a share.

    >>> _percent(0.1234), _percent(0.0212), _percent(0.0004)
    ('12 %', '2.1 %', '0.04 %')
    """
    return f"{100 * share:.2g} %" if share < 0.995 else f"{100 * share:.4g} %"  # noqa: PLR2004 - 100 % is all
