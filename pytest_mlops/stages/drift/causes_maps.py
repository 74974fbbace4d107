"""Causes that map each number to another one: units, shifts, factors, spreads, signs, logarithms, clocks."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.core.messages import number
from pytest_mlops.stages.drift.causes import Cause
from pytest_mlops.stages.drift.curves import gap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from pytest_mlops.stages.drift.curves import Curve

    Floats = NDArray[np.float64]
    Map = Callable[[Floats], Floats]

# What a number is multiplied by, from which unit, to which.
UNITS = (
    (1000.0, "kg", "g"),
    (100.0, "shares", "percent"),
    (60.0, "hours", "minutes"),
    (3600.0, "hours", "seconds"),
    (24.0, "days", "hours"),
    (7.0, "weeks", "days"),
    (12.0, "years", "months"),
    (365.25, "years", "days"),
    (1440.0, "days", "minutes"),
    (86400.0, "days", "seconds"),
    (10.0, "cm", "mm"),
    (2.54, "inches", "cm"),
    (3.28084, "metres", "feet"),
    (1.609344, "miles", "km"),
    (2.204623, "kg", "pounds"),
    (28.34952, "ounces", "g"),
    (3.785412, "US gallons", "litres"),
    (4.54609, "gallons", "litres"),
    (4.184, "kcal", "kJ"),
    (3.6, "m/s", "km/h"),
    (1.852, "nautical miles", "km"),
    (1.943844, "m/s", "knots"),
    (2.236936, "m/s", "mph"),
    (25.4, "inches", "mm"),
    (39.3701, "metres", "inches"),
    (35.27396, "kg", "ounces"),
    (6.894757, "psi", "kPa"),
    (33.86389, "inHg", "hPa"),
    (57.29578, "radians", "degrees"),
    (1e6, "units", "millionths"),
    (1e9, "units", "billionths"),
    (1e4, "shares", "basis points"),
    (1024.0, "KiB", "bytes"),
)  # the more common first: of two that explain a change as well, that one is said
_NEAR = 0.02  # of the spread: a value so near zero has no ratio
_KNOWN = 0.03  # of the logarithm of a factor, to be a known one
_LEVELS = np.linspace(0.05, 0.95, 37)
_FINE = np.linspace(-1.0, 1.0, 21)
_SURE = 0.02  # what a rounder number may leave more than the best one


@dataclass(frozen=True)
class Pair:
    """The curves of both sides, and the name of the column, which may say that it is a time of the day."""

    old: Curve
    new: Curve
    name: str = ""

    @cached_property
    def before(self) -> float:
        """Return the distance as it is."""
        return gap(self.old, self.new)

    @cached_property
    def quantiles(self) -> tuple[Floats, Floats]:
        """Return the same quantiles of both sides."""
        return self.old.quantiles(_LEVELS), self.new.quantiles(_LEVELS)

    @cached_property
    def is_of_both_signs(self) -> bool:
        """Say whether a tenth of the old values and more are below 0, and as many above: a factor is a spread there."""
        low, high = np.quantile(self.quantiles[0], [0.1, 0.9])
        return bool(low < 0 < high)

    @cached_property
    def noise(self) -> float:
        """Return the distance that as many unchanged rows stay below in 95 % of cases (Smirnov, 1948)."""
        return 1.36 * math.sqrt(1 / max(self.old.n, 1) + 1 / max(self.new.n, 1))

    def after(self, mapped: Map) -> float:
        """Return the distance of the new values to the old ones under an increasing map."""
        places = self.old.between
        return float(np.abs(self.old.at(places) - self.new.at(mapped(places))).max())

    def after_turned(self, mapped: Map) -> float:
        """Return the same of a decreasing map."""
        places = self.old.between
        return float(np.abs(self.old.at(places) - (1 - self.new.at(mapped(places)))).max())


def map_causes(pair: Pair) -> Iterable[Cause]:
    """Yield what maps all values; the sides' distance must be more than what is left by chance."""
    if pair.before >= _LEAST:
        for causes in (_units, _temperatures, _signs, _clocks, _shifts, _factors, _spreads, _functions):
            yield from (replace(cause, is_of_all=True) for cause in causes(pair))


_LEAST = 0.05


def _times(factor: float, values: Floats) -> Floats:
    return factor * values


def _plus(by: float, values: Floats) -> Floats:
    return values + by


def _factor(pair: Pair) -> float | None:
    """Return the ratio of quantiles that leaves least, None where their signs differ."""
    old, new = pair.quantiles
    is_far = (np.abs(old) > _NEAR * max(pair.old.spread, float(np.abs(old).max()) * _NEAR)) & (new * old > 0)
    if is_far.mean() < 0.5:  # noqa: PLR2004 - half of them
        return None
    ratios = new[is_far] / old[is_far]
    order = np.argsort(ratios)
    weight = np.cumsum(np.abs(old[is_far])[order])
    middle = float(ratios[order][np.searchsorted(weight, weight[-1] / 2)])
    tried: list[float] = [middle * 1.1 ** float(step) for step in _FINE]
    return min(tried, key=lambda factor: pair.after(partial(_times, factor)))


def _units(pair: Pair) -> Iterable[Cause]:
    factor = _factor(pair)
    if factor is None:
        return
    best = pair.after(partial(_times, factor))
    for known, small, large in UNITS:
        for one, words in one_of_units(known, small, large):
            after = pair.after(partial(_times, one))
            if abs(math.log(factor / one)) <= _KNOWN and after <= best + max(_SURE, pair.noise):
                or_spread = ", or only spread so" if pair.is_of_both_signs and max(one, 1 / one) < _PLAIN else ""
                yield Cause(words=f"a change of unit: {words}{or_spread}", before=pair.before, after=after, rank=1)


_PLAIN = 10.0  # a factor from which on nothing but a unit is likely


def one_of_units(factor: float, small: str, large: str) -> Iterable[tuple[float, str]]:
    """Yield a factor and its inverse, each with its words."""
    yield factor, f"{_multiplied(factor)}, as from {small} to {large}"
    yield 1 / factor, f"{_multiplied(1 / factor)}, as from {large} to {small}"


def _multiplied(factor: float) -> str:
    """Say a factor below 1 as a division where that is rounder.

    >>> _multiplied(1000.0), _multiplied(1 / 60), _multiplied(0.3048)
    ('multiplied by 1,000', 'divided by 60', 'multiplied by 0.3048')
    """
    over = 1 / factor
    if factor < 1 and abs(over - round(over)) < 1e-9 * over:
        return f"divided by {number(round(over))}"
    return f"multiplied by {number(float(f'{factor:.4g}'))}"


def _temperatures(pair: Pair) -> Iterable[Cause]:
    known: tuple[tuple[Map, str], ...] = (
        (lambda t: t * 1.8 + 32, "°C to °F"),
        (lambda t: (t - 32) / 1.8, "°F to °C"),
        (lambda t: t + 273.15, "°C to kelvin"),
        (lambda t: t - 273.15, "kelvin to °C"),
    )
    for mapped, words in known:
        yield Cause(words=f"a change of unit: {words}", before=pair.before, after=pair.after(mapped), rank=0)


def _signs(pair: Pair) -> Iterable[Cause]:
    after = pair.after_turned(lambda values: -values)
    yield Cause(words="the sign is flipped", before=pair.before, after=after, rank=1)


def _round(best: float, after: Callable[[float], float]) -> float:
    """Return the roundest number near one that leaves about as little."""
    least = after(best)
    for digits in (1, 2, 3):
        rounded = float(f"{best:.{digits}g}")
        if after(rounded) <= least + _SURE / 2:
            return rounded
    return float(f"{best:.4g}")


def _shifts(pair: Pair) -> Iterable[Cause]:
    def left(by: float) -> float:
        return pair.after(partial(_plus, by))

    old, new = pair.quantiles
    middle = float(np.median(new - old))
    by = _round(min((middle + step * pair.old.spread / 10 for step in _FINE), key=left), left)
    if by:
        yield Cause(words=f"shifted by {number(by)}", before=pair.before, after=left(by), rank=3, is_loose=True)


def _factors(pair: Pair) -> Iterable[Cause]:
    def left(factor: float) -> float:
        return pair.after(partial(_times, factor))

    factor = _factor(pair)
    if factor is not None:
        factor = _round(factor, left)
        words = f"a factor: {_multiplied(factor)}"
        yield Cause(words=words, before=pair.before, after=left(factor), rank=4, is_loose=True)


def _spreads(pair: Pair) -> Iterable[Cause]:
    old, new = pair.quantiles
    middle = float(np.median(old))

    def left(factor: float) -> float:
        return pair.after(lambda values: middle + factor * (values - middle))

    start = float((new[-2] - new[1]) / (old[-2] - old[1])) if old[-2] > old[1] else 0.0
    if start > 0:
        factor = _round(min((start * 1.1**step for step in _FINE), key=left), left)
        words = f"spread: {number(factor)} times as far from the middle, {number(float(f'{middle:.3g}'))}"
        yield Cause(words=words, before=pair.before, after=left(factor), rank=5, is_loose=True)


def _functions(pair: Pair) -> Iterable[Cause]:
    """Yield what makes or undoes logarithms and roots, of columns without negative numbers."""
    if pair.old.ends[0] < -_NEAR * pair.old.spread:
        return
    known: tuple[tuple[str, Map], ...] = (
        ("log(x)", np.log),
        ("log10(x)", np.log10),
        ("log(1 + x)", np.log1p),
        ("exp(x)", np.exp),
        ("10**x", lambda x: 10.0**x),
        ("sqrt(x)", np.sqrt),
        ("x**2", np.square),
    )
    for words, function in known:
        with np.errstate(all="ignore"):
            mapped: Floats = np.nan_to_num(function(np.maximum(pair.old.between, 0.0)), neginf=-1e300, posinf=1e300)
        after = float(np.abs(pair.old.at(pair.old.between) - pair.new.at(mapped)).max())
        yield Cause(words=f"transformed: {words} in place of x", before=pair.before, after=after, rank=2)


_CLOCKS = ((24.0, 1.0), (1440.0, 60.0), (2400.0, 100.0), (86400.0, 3600.0))  # a day, an hour


def _clocks(pair: Pair) -> Iterable[Cause]:
    """Yield a turn of the clock by whole hours, of columns that are times of the day and are turned past midnight."""
    for day, hour in _CLOCKS:
        half = hour / 2 if day == 24 else 0.5  # noqa: PLR2004 - hours of the day are whole numbers
        ends = (*pair.old.ends, *pair.new.ends)
        if min(ends) < -2 * half or max(ends) > day + half or max(ends) - min(ends) < _MOST_OF_DAY * day:
            continue
        for hours in range(1, 24):
            after, straight = _turned(pair, day, hours * hour, half), pair.after(partial(_plus, hours * hour))
            if straight <= after + _ALIKE and not _CLOCK_NAME.search(pair.name):
                continue  # nothing was turned past midnight: it may be any shift
            ahead = hours if hours <= 12 else hours - 24  # noqa: PLR2004 - half a day
            told = f"{abs(ahead)} {'hour' if abs(ahead) == 1 else 'hours'} {'later' if ahead > 0 else 'earlier'}"
            yield Cause(words=f"another time zone: {told}", before=pair.before, after=after, rank=1)


_MOST_OF_DAY = 0.7
_ALIKE = 0.005
_CLOCK_NAME = re.compile(r"hour|time|clock|(^|_)hr", re.IGNORECASE)


def _turned(pair: Pair, day: float, by: float, half: float) -> float:
    """Return what is left when the clock is turned back: values from -half on, up to each place."""
    places = pair.old.between
    places = places[(places > -half) & (places < day - half)]
    start = pair.new.at(np.array([by - half]))
    straight = pair.new.at(np.minimum(places + by, day))
    past = pair.new.at(np.maximum(places + by - day, -half))
    return float(np.abs(pair.old.at(places) - (straight - start + past)).max(initial=0.0))
