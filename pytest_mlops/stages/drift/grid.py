"""Grids: where the values of a column are counted, chosen once from the reference and used for all data after it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.stats.change import normal_scores

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pytest_mlops.core.plain import Json

    Floats = NDArray[np.float64]
    Codes = NDArray[np.intp]

_INNER = 96  # bins of equal share, where so many have rows enough
_ROWS = 20  # of the sample, in a bin
_TAILS = (0.0005, 0.001, 0.002, 0.005)  # shares of the edges beside them, on both sides
_OUTER = (0.1, 1.0, 10.0)  # edges beyond the extremes, in ranges
_FEW = 250  # distinct values that get a bin each
_NEAR = 0.001  # of the way to the next value, within which a number counts as the value: float noise is less
_NORMAL_RANGE = 1.349  # standard deviations between the quartiles of a normal distribution
_ATOM = 0.004  # the share from which a value gets a bin of its own
_LEAST = 10.0  # rows that a value must have for that: of fewer, those with many by chance would be picked


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Bins of a column of numbers: up to and with the first edge, ..., above the last.

    Attributes
    ----------
    edges
        Increasing. None of them is a value of the reference, but a rounded place near one, so that a grid shows no
        row's value and float noise moves no value to another bin.
    inside
        The bins [first, last) that lie within the extremes of the reference.
    shares
        Of the rows that the grid was chosen from.
    n
        How many those were.
    scale, centre, robust_scale
        Their standard deviation; their median, and the interquartile range over that of a normal distribution.
    """

    edges: Floats
    inside: tuple[int, int]
    shares: Floats
    n: int
    scale: float
    centre: float = 0.0
    robust_scale: float = 1.0

    def __len__(self) -> int:
        """Return the number of bins."""
        return len(self.edges) + 1

    def codes(self, values: Floats) -> Codes:
        """Return the bin of each value, -1 where it is missing."""
        found = np.searchsorted(self.edges, values, side="left")
        missing = np.isnan(values)
        return np.where(missing, -1, found) if missing.any() else found

    def normal_scores(self) -> Floats:
        """Return the normal score of each bin's middle rank in the reference, of shape (bins,)."""
        return normal_scores(self.shares, self.n)

    def to_json(self) -> dict[str, Json]:
        """Return the grid in plain JSON types."""
        return {
            "edges": self.edges.tolist(),
            "inside": list(self.inside),
            "shares": self.shares.tolist(),
            "n": self.n,
            "scale": self.scale,
            "centre": self.centre,
            "robust_scale": self.robust_scale,
        }

    @classmethod
    def from_json(cls, read: Mapping[str, Json]) -> Grid:
        """Return the grid that `to_json` wrote."""
        inside: Any = read["inside"]
        return cls(
            edges=np.array(read["edges"], dtype=np.float64),
            inside=(int(inside[0]), int(inside[1])),
            shares=np.array(read["shares"], dtype=np.float64),
            n=int(read["n"]),  # type: ignore[arg-type]
            scale=float(read["scale"]),  # type: ignore[arg-type]
            centre=float(read["centre"]),  # type: ignore[arg-type]
            robust_scale=float(read["robust_scale"]),  # type: ignore[arg-type]
        )


def choose_grid(sample: Floats, low: float, high: float) -> Grid:
    """Return the grid of a column.

    Parameters
    ----------
    sample
        Values of the reference, of shape (n,); missing and infinite ones are left out.
    low, high
        The extremes of all finite values of the reference.
    """
    values = np.sort(sample[np.isfinite(sample)])
    if not len(values):
        return Grid(edges=np.array([0.0]), inside=(0, 2), shares=np.array([0.5, 0.5]), n=0, scale=0.0)
    distinct, counts = _distinct(values)
    has_few = len(distinct) <= min(_FEW, max(1, len(values) // 4))
    inner = _around_few(distinct) if has_few else _of_many(values, distinct[_have_many(counts)])
    step = _step(values)
    bottom, top = min(_below(low, step), inner[0]), max(_above(high, step), inner[-1])
    reach = max(top - bottom, step)
    outer = [reach * times for times in _OUTER]
    edges = np.unique([*(bottom - by for by in outer), bottom, *inner, top, *(top + by for by in outer)])
    first, last = int(np.searchsorted(edges, bottom)) + 1, int(np.searchsorted(edges, top)) + 1
    edges = _short(edges)
    counts = np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1)
    quartiles = np.quantile(values, [0.25, 0.5, 0.75])
    scale = float(values.std())
    robust = float(quartiles[2] - quartiles[0]) / _NORMAL_RANGE or scale or 1.0
    return Grid(
        edges=edges,
        inside=(first, last),
        shares=np.round(counts / len(values), 6),
        n=len(values),
        scale=_rounded(scale),
        centre=_rounded(float(quartiles[1])),
        robust_scale=_rounded(robust),
    )


def _short(edges: Floats) -> Floats:
    """Return edges of twelve digits, where these tell them apart: what is committed is what is used."""
    short = np.array([float(f"{edge:.12g}") for edge in edges])
    return short if (np.diff(short) > 0).all() else edges


def _rounded(value: float) -> float:
    """Return six digits of a value, which are no row's value."""
    return float(f"{value:.6g}")


def _distinct(values: Floats) -> tuple[Floats, NDArray[np.intp]]:
    """Return the distinct ones of sorted values, and how often each occurs."""
    first = np.flatnonzero(np.append(True, values[1:] != values[:-1]))
    return values[first], np.diff(np.append(first, len(values)))


def _have_many(counts: NDArray[np.intp]) -> NDArray[np.bool_]:
    return np.asarray(counts >= max(_LEAST, _ATOM * counts.sum()))


def _around_few(distinct: Floats) -> Floats:
    """Return edges on both sides of each value, so that what lies between two of them is seen as a new value."""
    if len(distinct) == 1:
        near = max(abs(float(distinct[0])), 1.0) * 1e-6
        return np.array([distinct[0] - near, distinct[0] + near])
    gaps = np.diff(distinct)
    near = _NEAR * np.minimum(np.append(gaps[0], gaps), np.append(gaps, gaps[-1]))
    return np.sort(np.concatenate([distinct - near, distinct + near]))


def _of_many(values: Floats, atoms: Floats) -> Floats:
    """Return edges at rounded quantiles, closer in the tails, and one on each side of each value that many rows have.

    Quantiles are values at their rank, the inverse of the distribution function. Those of the upper tail are counted
    from above and lie above their edge, as those of the lower tail lie below theirs: so any other data have as many
    rows beyond as the reference. Beyond the second largest value the reference has one, and other data have two.
    """
    step = _step(values)
    inner = int(np.clip(len(values) // _ROWS, 8, _INNER))
    low = _at_ranks(values, np.array([*_TAILS, *np.arange(1, inner) / inner]))
    high = -_at_ranks(-values[::-1], np.array(_TAILS))
    rounded = [(np.round(low / step) + 0.5) * step, (np.round(high / step) - 0.5) * step]
    near = np.minimum(step / 2, np.maximum(np.abs(atoms), step) * 1e-6)
    edges = np.unique(np.concatenate([*rounded, atoms - near, atoms + near]))
    return np.asarray(edges)


def _at_ranks(values: Floats, ranks: Floats) -> Floats:
    return values[np.maximum(np.ceil(ranks * len(values) - _EPSILON).astype(np.intp) - 1, 0)]


def _step(values: Floats) -> float:
    """Return the power of ten to which a place among the values is rounded."""
    low, high = np.quantile(values, [0.005, 0.995])
    spread = float(high - low) or float(values[-1] - values[0]) or max(abs(float(values[0])), 1.0)
    return float(10.0 ** math.floor(math.log10(spread / _PLACES)))


_PLACES = 2000
_EPSILON = 1e-9  # of a rank: float noise


def _below(value: float, step: float) -> float:
    return (math.floor(value / step) - 0.5) * step


def _above(value: float, step: float) -> float:
    return (math.ceil(value / step) + 0.5) * step
