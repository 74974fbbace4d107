"""Curves: what share of the values lies up to each place, from counts on a grid, or from values at hand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_NARROW = 1e-3  # of the quartiles' distance: a bin so narrow holds one value
_LOOKED_AT = 400  # places of values at hand
_HEAPS = 5


@dataclass(frozen=True)
class Curve:
    """A distribution function that is known at some places, and straight between them.

    Attributes
    ----------
    places, below
        Increasing places, and the share of the values up to each.
    between
        Where it is compared with another: not beside a single value that many rows have, but a little away from it.
    n
        How many values those are.
    missing
        The share of the rows without a value.
    """

    places: Floats
    below: Floats
    between: Floats
    n: int
    missing: float = 0.0

    @classmethod
    def of_counts(cls, edges: Floats, counts: Floats, missing: float = 0.0) -> Curve:
        """Return the curve of counts in the bins of some edges: up to the first, ..., above the last."""
        below = np.cumsum(counts)[:-1] / max(float(counts.sum()), 1.0)
        return cls(edges, below, _away(edges, below), int(counts.sum()), missing)

    @classmethod
    def of_values(cls, values: Floats, missing: float = 0.0) -> Curve:
        """Return the curve of values, which is a step at each."""
        known = values[np.isfinite(values)]
        steps, counts = np.unique(known, return_counts=True)
        if not len(steps):
            return cls(np.zeros(1), np.zeros(1), np.zeros(1), 0, missing)
        gaps = np.diff(steps)
        tiny = min(float(gaps.min(initial=1.0)) / 4, 1e-9 * max(float(np.abs(steps).max()), 1e-6))
        below = np.cumsum(counts) / len(known)
        middles = (steps[:-1] + steps[1:]) / 2
        thin = middles[np.unique(np.linspace(0, len(middles) - 1, _LOOKED_AT).astype(np.intp))] if len(gaps) else steps
        return cls(
            places=np.stack([steps - tiny, steps], axis=1).ravel(),
            below=np.stack([below - counts / len(known), below], axis=1).ravel(),
            between=np.concatenate([[steps[0] - 2 * tiny], thin, [steps[-1]]]),
            n=len(known),
            missing=missing,
        )

    def at(self, places: Floats) -> Floats:
        """Return the share of the values up to some places."""
        return np.asarray(np.interp(places, self.places, self.below, left=0.0, right=1.0))

    def quantiles(self, levels: Floats) -> Floats:
        """Return the places up to which some shares of the values lie."""
        return _quantiles(self.places, self.below, levels)

    @cached_property
    def spread(self) -> float:
        """Return the distance of the quartiles, or of wider quantiles where these are one."""
        return _spread(self.places, self.below)

    @cached_property
    def ends(self) -> tuple[float, float]:
        """Return the place below which there is no value, and that above which there is none."""
        empty, full = np.flatnonzero(self.below <= 0), np.flatnonzero(self.below >= 1 - 1e-12)
        low = self.places[empty[-1]] if len(empty) else self.places[0]
        return float(low), float(self.places[full[0]] if len(full) else self.places[-1])

    def heaps(self) -> list[tuple[float, float]]:
        """Return the fullest bins: the middle of each, which is its value where it holds one, and its share."""
        shares = np.diff(self.below)
        order = np.argsort(-shares, kind="stable")[:_HEAPS]
        digits = 6 - math.floor(math.log10(self.spread))
        middles = np.round((self.places[1:] + self.places[:-1]) / 2, digits) + 0.0  # so that -0.0 is 0.0
        return [(float(f"{middles[i]:.6g}"), float(shares[i])) for i in order if shares[i] > 0]

    def share_near(self, value: float, within: float) -> float:
        """Return the share of the values that lie within some way of a value."""
        low, high = self.at(np.array([value - within, value + within]))
        return float(high - low)


def gap(old: Curve, new: Curve) -> float:
    """Return the Kolmogorov-Smirnov distance, at the places where both are looked at."""
    places = np.concatenate([old.between, new.between])
    return float(np.abs(old.at(places) - new.at(places)).max())


def _quantiles(places: Floats, below: Floats, levels: Floats) -> Floats:
    return np.asarray(np.interp(levels, below, places))  # of places between which nothing lies, the last


def _spread(places: Floats, below: Floats) -> float:
    low, first, third, high = _quantiles(places, below, np.array([0.005, 0.25, 0.75, 0.995]))
    return float(third - first) or float(high - low) or 1.0


def _away(edges: Floats, below: Floats) -> Floats:
    """Return edges, those of a bin that holds one value moved away from it, so that it is on one side of them."""
    widths, way = np.diff(edges), _NARROW * _spread(edges, below)
    is_narrow = widths < way
    moved = edges.copy()
    moved[:-1] -= np.where(is_narrow, np.minimum(way, np.append(np.inf, widths[:-1]) / 2), 0.0)
    moved[1:] += np.where(is_narrow, np.minimum(way, np.append(widths[1:], np.inf) / 2), 0.0)
    return moved
