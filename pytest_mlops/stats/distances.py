r"""Distances between two samples of numbers, and between two tables of counts.

Everywhere: NaN is a missing value and left out, since a change of the missing share is a measure of its own; a side
without values has no distance, which is NaN. :math:`F, G` are the empirical distribution functions of the two
samples, :math:`p, q` the shares of the categories.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_SMALL_CELL = 5.0  # expected; Cochran, Some methods for strengthening the common chi-square tests, Biometrics 10, 1954


@dataclass(frozen=True)
class SampleDistances:
    r"""What one merge of two sorted samples tells.

    Attributes
    ----------
    ks
        Kolmogorov and Smirnov's :math:`\max |F - G|`, 0 to 1. Blind to how far values moved; weak in the tails.
    wasserstein
        :math:`\int |F - G|`, in the unit of the values: how far a value has to move, on average (Vallender, Theory of
        Probability and its Applications 18, 1974). One value far out can make it large.
    energy
        :math:`\sqrt{2 \int (F - G)^2}`, in the square root of the unit (Székely and Rizzo, Journal of Statistical
        Planning and Inference 143, 2013).
    cramer_von_mises
        Cramér and von Mises' :math:`T` with midranks (Anderson, Annals of Mathematical Statistics 33, 1962). No unit;
        grows with the number of rows.
    """

    ks: float
    wasserstein: float
    energy: float
    cramer_von_mises: float


def sample_distances(reference: ArrayLike, current: ArrayLike) -> SampleDistances:
    """Return the distances of two samples, of shapes (n,) and (m,).

    Infinite values are values: the first and the last of the order. Where the shares at infinity differ, Wasserstein's
    distance and the energy are infinite.

    >>> found = sample_distances([1, 2, 3], [2, 3, 4])
    >>> round(found.ks, 4), found.wasserstein, round(found.energy, 4), round(found.cramer_von_mises, 4)
    (0.3333, 1.0, 0.8165, 0.1389)
    """
    x, y = (np.sort(values[~np.isnan(values)]) for values in (_floats(reference), _floats(current)))
    if not len(x) or not len(y):
        return SampleDistances(*[float("nan")] * 4)
    merged = np.concatenate([x, y])
    merged.sort(kind="stable")  # two sorted runs: merged, and not sorted again
    with np.errstate(invalid="ignore"):  # from infinity to infinity is no step
        steps = np.where(merged[1:] == merged[:-1], 0.0, np.diff(merged))
    apart = np.searchsorted(x, merged, side="right") / len(x) - np.searchsorted(y, merged, side="right") / len(y)
    between = apart[:-1]
    counts = (steps != 0) & (between != 0)  # also: no difference over an infinite step, or none at all, adds nothing
    steps, between = steps[counts], np.abs(between[counts])
    return SampleDistances(
        ks=float(np.abs(apart).max()),
        wasserstein=float((between * steps).sum()),
        energy=float(np.sqrt(2 * (between**2 * steps).sum())),
        cramer_von_mises=_cramer_von_mises(x, y, merged),
    )


def _cramer_von_mises(x: Floats, y: Floats, merged: Floats) -> float:
    n, m = len(x), len(y)
    ranks_x, ranks_y = (_midranks(values, merged) for values in (x, y))
    u = n * ((ranks_x - np.arange(1, n + 1)) ** 2).sum() + m * ((ranks_y - np.arange(1, m + 1)) ** 2).sum()
    pairs, rows = float(n) * m, n + m
    return float(u / (pairs * rows) - (4 * pairs - 1) / (6 * rows))


def _midranks(values: Floats, merged: Floats) -> Floats:
    before, upto = (np.searchsorted(merged, values, side=side) for side in ("left", "right"))
    return np.asarray((before + upto + 1) / 2)


def jensen_shannon(reference: ArrayLike, current: ArrayLike) -> float:
    r"""Return Jensen and Shannon's distance of two tables of counts, of shape (categories,): 0 to 1.

    The square root of :math:`H((p + q) / 2) - (H(p) + H(q)) / 2` with the entropy in bits (Endres and Schindelin, IEEE
    Transactions on Information Theory 49, 2003). At few rows it is far above 0 with nothing changed.

    >>> jensen_shannon([1, 1, 0], [0, 0, 5]), round(jensen_shannon([2, 2], [1, 3]), 4)
    (1.0, 0.2209)
    """
    p, q = _shares(reference), _shares(current)
    if np.isnan(p).any() or np.isnan(q).any() or not len(p):
        return float("nan")
    return float(jensen_shannon_of(p, q))


def jensen_shannon_of(p: Floats, q: Floats) -> Floats:
    """Return Jensen and Shannon's distance of shares, along the last axis."""
    middle = (p + q) / 2
    divergence = (_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2
    return np.asarray(np.sqrt(np.maximum(divergence / np.log(2), 0.0)))


def population_stability(reference: ArrayLike, current: ArrayLike) -> float:
    r"""Return the population stability index of two tables of counts: :math:`\sum (p - q) \ln (p / q)`, 0 and up.

    Half a row is added to each category, or one that is empty on one side would make it infinite (Jeffreys' prior).
    With nothing changed it is about :math:`(k - 1)(1/n + 1/m)` for k categories (Yurdakul and Naranjo, Statistical
    properties of the population stability index, 2020): the usual limits of 0.1 and 0.2 mean nothing at few rows.

    >>> round(population_stability([50, 50], [60, 40]), 4)
    0.0397
    """
    p, q = (_shares(_floats(counts) + 0.5) for counts in (reference, current))
    return float(population_stability_of(p, q)) if len(p) else float("nan")


def population_stability_of(p: Floats, q: Floats) -> Floats:
    """Return the population stability index of shares above zero, along the last axis."""
    return np.asarray(((p - q) * np.log(p / q)).sum(axis=-1))


def total_variation(reference: ArrayLike, current: ArrayLike) -> float:
    r"""Return the total variation of two tables of counts: :math:`\sum |p - q| / 2`, the share of rows that moved.

    >>> round(total_variation([50, 50, 0], [50, 40, 10]), 12)
    0.1
    """
    p, q = _shares(reference), _shares(current)
    return float(np.abs(p - q).sum() / 2)


@dataclass(frozen=True)
class ChiSquare:
    """Pearson's statistic of two tables of counts, its degrees of freedom, and Cramér's V, 0 to 1."""

    statistic: float
    freedom: int
    cramers_v: float


def chi_square(reference: ArrayLike, current: ArrayLike, *, smallest: float = _SMALL_CELL) -> ChiSquare:
    """Return Pearson's chi-square of two tables of counts, without Yates' correction.

    Categories of which fewer than `smallest` rows are expected on a side are taken together, rarest first, until as
    many are: the law of the statistic does not hold for small cells. 0 leaves them as they are.

    >>> found = chi_square([50, 50], [60, 40])
    >>> round(found.statistic, 4), found.freedom, round(found.cramers_v, 4)
    (2.0202, 1, 0.1005)
    """
    table = np.stack([_floats(reference), _floats(current)])
    table = _without_small_cells(table[:, table.sum(axis=0) > 0], smallest)
    rows, total = table.sum(axis=1), float(table.sum())
    if not total or not rows.all():
        return ChiSquare(float("nan"), 0, float("nan"))
    expected = rows[:, None] * table.sum(axis=0)[None, :] / total
    statistic = float(((table - expected) ** 2 / expected).sum())
    return ChiSquare(statistic, table.shape[1] - 1, float(np.sqrt(statistic / total)))


def _without_small_cells(table: Floats, smallest: float) -> Floats:
    """Return a table, shape (2, categories), whose rarest categories are one, large enough on both sides."""
    totals = table.sum(axis=0)
    needed = smallest * table.sum() / max(table.sum(axis=1).min(), 1.0)  # rows of a category in all
    if not len(totals) or totals.min() >= needed:
        return table
    order = np.argsort(totals, kind="stable")
    enough = int(np.searchsorted(np.cumsum(totals[order]), needed)) + 1  # so many together are large enough
    taken = max(enough, int((totals < needed).sum()))
    rare, kept = order[:taken], np.sort(order[taken:])
    return np.concatenate([table[:, kept], table[:, rare].sum(axis=1, keepdims=True)], axis=1)


def _relative_entropy(p: Floats, q: Floats) -> Floats:
    ratio = np.divide(p, q, out=np.ones(np.broadcast_shapes(p.shape, q.shape)), where=p > 0)
    return np.asarray((p * np.log(ratio)).sum(axis=-1))


def _shares(counts: ArrayLike) -> Floats:
    values = _floats(counts)
    total = values.sum()
    return values / total if total else np.full(len(values), np.nan)


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)
