r"""Statistics of the change between two samples of units, in the labelling as seen and in each relabelling.

Counts of both samples are pooled, :math:`c_{uj}` of shape (units, cells), :math:`c_u` the rows of a unit; labels, of
shape (relabellings, units), say which units are called current. :math:`p, q` are the shares of the cells in the
reference and in the current units, :math:`r` those in both. Every statistic is studentised in each relabelling by

.. math:: s_j^2 = \sum_u (c_{uj} - c_u q_j)^2 / n_q^2 + \sum_u (c_{uj} - c_u p_j)^2 / n_p^2,

each sum over the units of its side, and at least by what independent rows would give, :math:`r_j (1 - r_j) (1/n_q +
1/n_p)`. A side of one unit, which shows no spread, has that of a unit of the other side. So a cell that comes and goes
with the day counts less than one that does not, and the permutation holds its rate, for many units, also where those of
the two sides differ in size (Chung and Romano, Annals of Statistics 41, 2013).
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.stats.ratios import over

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_SMALL = 0.002  # the pooled share below which categories are one cell
_MOST = 256  # categories that are told apart
_TAIL = 0.05
_NUMBERS_AT_ONCE = 2**15  # of cells times relabellings: more would not fit into a core's cache


@dataclass(frozen=True)
class Change:
    """The difference of shares and its spread, both of shape (relabellings, cells)."""

    difference: Floats
    spread: Floats


def shares(counts: Floats) -> Floats:
    """Return counts over their sum along the last axis; 0 where there are none."""
    return over(counts, counts.sum(axis=-1, keepdims=True))


def change(table: Floats, rows: Floats, labels: Floats, variance: Floats | None = None) -> Change:
    """Return the change of some counts, as shares of the rows; or of the means of scores.

    Parameters
    ----------
    table
        Counts of shape (units, cells).
    rows
        The rows that they are shares of, of shape (units,).
    labels
        1 where a unit is called current, 0 where not, of shape (relabellings, units).
    variance
        Of one row in each cell, of shape (cells,), where the cells are no counts but sums of scores.
    """
    of_units = np.stack([rows, rows**2, np.ones_like(rows)], axis=1)
    parts = np.concatenate([table, 2 * table * rows[:, None], table**2, of_units], axis=1)
    total, both = parts.sum(axis=0), over(table.sum(axis=0), np.asarray(rows.sum()))
    independent, shape = both * (1 - both), (len(labels), table.shape[1])
    of_row = independent if variance is None else variance
    found, step = Change(np.empty(shape), np.empty(shape)), max(_NUMBERS_AT_ONCE // max(table.shape[1], 1), 1)
    for start in range(0, len(labels), step):
        part = slice(start, start + step)
        sums = labels[part] @ parts
        q, of_q, one_q, units_q = _side(sums)
        p, of_p, one_p, units_p = _side(np.subtract(total, sums, out=sums))
        of_q, of_p = (
            _also_alone(of_q, of_p, units_q, len(rows), (of_row * one_q, of_row * one_p * units_p)),
            _also_alone(of_p, of_q, units_p, len(rows), (of_row * one_p, of_row * one_q * units_q)),
        )
        squared = np.maximum(of_q + of_p, independent * (one_q + one_p))
        has_rows = (one_q > 0) & (one_p > 0)  # a side without any has no share that could be another
        np.round((q - p) * has_rows, _PLACES, out=found.difference[part])
        np.sqrt(np.maximum(squared, _LEAST, out=squared), out=found.spread[part])
    return found


def _side(sums: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the shares of a side, their squared spread, one over its rows and its units, of sums as `change` has."""
    size = (sums.shape[1] - 3) // 3
    one = over(np.ones((len(sums), 1)), sums[:, -3:-2])
    share = sums[:, :size] * one
    residues = share * sums[:, -2:-1]
    residues -= sums[:, size : 2 * size]
    residues *= share
    residues += sums[:, 2 * size : 3 * size]
    residues *= one**2
    return share, residues, one, sums[:, -1:].copy()


_LEAST = 1e-24
_PLACES = 13  # of a difference: what is left behind them is no change, but would look sure beside no spread at all


def _also_alone(
    squared: Floats,
    others: Floats,
    units: Floats,
    n_units: int,
    by_chance: tuple[Floats | float, Floats | float] = (0.0, 0.0),
) -> Floats:
    """Return the squared spread of a side; of one of a single unit, which shows none, that of a unit of the other.

    `by_chance` is how much a unit of its number of rows varies by chance alone, and one of the others' mean number.
    """
    alone = units == 1
    if not alone.any():
        return squared
    n, (own, usual) = n_units - 1, by_chance
    return np.where(alone, np.maximum(others * (n**2 / max(n - 1, 1)) - usual, 0.0) + own, squared)


def ratio_change(table: Floats, rows: Floats, squares: Floats, labels: Floats) -> Change:
    r"""Return the change of means: of sums over rows, both by unit and cell.

    With sums :math:`t_{uj}` over :math:`c_{uj}` rows, the mean is :math:`m_j = \sum_u t_{uj} / \sum_u c_{uj}`, and its
    variance :math:`\sum_u (t_{uj} - c_{uj} m_j)^2 / (\sum_u c_{uj})^2` (the ratio estimator of clusters: Cochran,
    Sampling Techniques, 1977, section 9A); at least what independent rows would give. Where a side has no rows in a
    cell, there is no change.

    Parameters
    ----------
    table, rows
        Each of shape (units, cells).
    squares
        The sum of squares over all rows, of shape (cells,).
    labels
        As of `change`.
    """
    products, of_rows, of_table = table * rows, rows**2, table**2
    sides, counts = [], [side.sum(axis=1, keepdims=True) for side in (labels, 1 - labels)]
    for units in (labels, 1 - labels):
        n = units @ rows
        mean = over(units @ table, n)
        residues = units @ of_table - 2 * mean * (units @ products) + mean**2 * (units @ of_rows)
        sides.append((mean, over(residues, n**2), over(np.ones_like(n), n), n > 0))
    (new, of_new, one_new, has_new), (old, of_old, one_old, has_old) = sides
    n_units = labels.shape[1]
    of_new, of_old = _also_alone(of_new, of_old, counts[0], n_units), _also_alone(of_old, of_new, counts[1], n_units)
    n = np.maximum(rows.sum(axis=0), 1.0)
    variance = np.maximum(squares / n - (table.sum(axis=0) / n) ** 2, 0.0)
    spread = np.sqrt(np.maximum(np.maximum(of_new + of_old, variance * (one_new + one_old)), _LEAST))
    is_rounding = np.abs(new - old) <= 10.0**-_PLACES * (np.abs(new) + np.abs(old))
    return Change(np.where(has_new & has_old & ~is_rounding, new - old, 0.0), spread)


def normal_scores(shares: Floats, n: int) -> Floats:
    """Return the normal score of each cell's middle rank, of shape (cells,); the shares are of n rows."""
    middle, outermost = np.cumsum(shares) - shares / 2, 1 / max(n, 2)
    normal = NormalDist()
    return np.array([normal.inv_cdf(min(max(rank, outermost), 1 - outermost)) for rank in middle])


def ordered_statistics(table: Floats, labels: Floats) -> dict[str, Floats]:
    r"""Return the statistics of a change of ordered cells, each of shape (relabellings,).

    Scores are those of both samples' ranks: a reference's own would be nearer to it than to any other data.

    `ks`
        :math:`\max_j |Q_j - P_j|`, cumulated, over its mean spread: Kolmogorov and Smirnov's, for a change near the
        middle.
    `tails`
        :math:`\max_j |Q_j - P_j| / S_j`: as sensitive in the tails as in the middle (Canner, Journal of the American
        Statistical Association 70, 1975).
    `location`, `spread`
        :math:`|\sum_j w_j (q_j - p_j)|` with the cells' normal scores :math:`w` (van der Waerden), and with their
        squares (Klotz, Annals of Mathematical Statistics 33, 1962): for normal values as good as the tests of the mean
        and of the variance, for others better.
    `low_tail`, `high_tail`
        The change of the mean of :math:`\ln(0.05 / (1 - F_j))`, mirrored below, over the rows beyond the 5 % quantile
        of both: exponential scores, best for a tail that reaches further (Savage, Annals of Mathematical Statistics
        27, 1956). Given how many lie beyond, which `tails` tells.
    """
    rows = table.sum(axis=1)
    cumulated = change(np.cumsum(table, axis=1)[:, :-1], rows, labels)
    scores = normal_scores(shares(table.sum(axis=0)), int(rows.sum()))
    of_cells = np.stack([scores, scores**2], axis=1)
    moments = change(table @ of_cells, rows, labels, _variance(table, of_cells))
    size = np.abs(cumulated.difference)
    location, spread = (np.abs(moments.difference) / moments.spread).T
    low_tail, high_tail = (_reach(table, of_tail, labels) for of_tail in _tail_scores(table))
    return {
        "ks": size.max(axis=-1, initial=0.0) / _mean_spread(cumulated),
        "tails": (size / cumulated.spread).max(axis=-1, initial=0.0),
        "location": location,
        "spread": spread,
        "low_tail": low_tail,
        "high_tail": high_tail,
    }


def _tail_scores(table: Floats) -> tuple[Floats, Floats]:
    """Return the scores of cells beyond the 5 % quantiles, of shape (cells,), below and above; by both samples."""
    both = shares(table.sum(axis=0))
    middle = np.clip(np.cumsum(both) - both / 2, 1e-9, 1 - 1e-9)
    return np.maximum(np.log(_TAIL / middle), 0.0), np.maximum(np.log(_TAIL / (1 - middle)), 0.0)


def _reach(table: Floats, of_tail: Floats, labels: Floats) -> Floats:
    """Return the studentised change of the mean score beyond a quantile, of shape (relabellings,)."""
    inside = table * (of_tail > 0)
    variance = _variance(inside, of_tail[:, None])
    reached = change((table @ of_tail)[:, None], inside.sum(axis=1), labels, variance)
    return np.asarray(np.abs(reached.difference[:, 0]) / reached.spread[:, 0])


def _variance(table: Floats, scores: Floats) -> Floats:
    """Return the variance of the scores of rows, of shape (scores,); `scores` is of shape (cells, scores)."""
    share = shares(table.sum(axis=0))
    return np.asarray(share @ scores**2 - (share @ scores) ** 2)


def category_statistics(table: Floats, labels: Floats) -> dict[str, Floats]:
    r"""Return the statistics of unordered cells, each of shape (relabellings,). Rare categories are one cell.

    `total_variation`
        :math:`\sum_j |q_j - p_j| / 2`, over its mean spread.
    `chi_square`
        :math:`\sum_j (q_j - p_j)^2 / s_j^2`: Pearson's, for units and not for rows.
    `one_cell`
        :math:`\max_j |q_j - p_j| / s_j`: one category that came, went or was renamed.
    """
    told = with_rare_together(table)
    cells = change(told, told.sum(axis=1), labels)
    size = np.abs(cells.difference)
    return {
        "total_variation": size.sum(axis=-1) / 2 / _mean_spread(cells),
        "chi_square": ((size / cells.spread) ** 2).sum(axis=-1),
        "one_cell": (size / cells.spread).max(axis=-1, initial=0.0),
    }


def share_statistic(part: Floats, rows: Floats, labels: Floats) -> Floats:
    """Return the studentised change of one share, of shape (relabellings,); `part` and `rows` are of shape (units,)."""
    changed = change(part[:, None], rows, labels)
    return np.asarray(np.abs(changed.difference[:, 0]) / changed.spread[:, 0])


def heap_statistic(table: Floats, labels: Floats) -> Floats:
    r"""Return :math:`\max_j |q_j - p_j| / s_j` over all cells but the last: rows that gather in one of many cells."""
    cells = change(table[:, :-1], table.sum(axis=1), labels)
    return np.asarray((np.abs(cells.difference) / cells.spread).max(axis=-1, initial=0.0))


def _mean_spread(changed: Change) -> Floats:
    return np.asarray(np.sqrt((changed.spread**2).mean(axis=-1))) if changed.spread.shape[1] else np.ones(1)


def with_rare_together(table: Floats) -> Floats:
    """Return a table whose categories that are rare in both samples together are one cell, the last."""
    both = table.sum(axis=0)
    rare = shares(both) < _SMALL
    if (~rare).sum() > _MOST:
        rare |= both < np.sort(both)[-_MOST]
    if not rare.any():
        return table
    return np.concatenate([table[:, ~rare], table[:, rare].sum(axis=1, keepdims=True)], axis=1)
