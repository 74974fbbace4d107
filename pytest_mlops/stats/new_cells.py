r"""How surprising it is that cells are new: that no reference unit has what some current units have.

Where the labels of :math:`N` units are shuffled, a cell that :math:`u` of them have is new with the chance

.. math:: \pi_u = \binom{N - u}{n - u} / \binom{N}{n}, \quad n = N \rho,

with :math:`\rho` the current share of the rows; :math:`n` is the number of current units where all are of one size, and
where the current side has more rows a unit has more cells. (Binomials of parts are ratios of gamma functions.) A cell
that is new counts its own surprise, :math:`a_u = -\ln \pi_u`, and :math:`S` is the sum over new cells: one that ten
units have counts ten times as much as one that a single unit has, of which many come and go. For cells that do so
independently of each other Chernoff's bound is

.. math:: -\ln P(S \ge s) \ge \sup_{t \ge 0} \Bigl( t s - \sum_u K_u \ln(1 + \pi_u (e^{t a_u} - 1)) \Bigr),

with :math:`K_u` cells of that many units. Cells that come and go together (of a day that had a guest) make :math:`S`
vary more than that; the bound is divided by as many times as its variance is too large.

References
----------
Chernoff, Annals of Mathematical Statistics 23, 1952; Fisher, Journal of the Royal Statistical Society 98, 1935 (one
cell); McCullagh and Nelder, Generalized Linear Models, 1989, section 4.5 (overdispersion).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.stats.permutation import surprise_by_rank

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_OFTEN = 0.02  # a chance of being new from which relabellings show how much the sum varies
_FEW = 5  # relabellings that are at least as far out: from so many on, their share tells more than a bound
_STEPS = 128  # in which shares of the rows are told apart
_LEAST = 1e-12
_TILTS = np.concatenate([[0.0], np.geomspace(0.01, 20.0, 64)])
_AT_ONCE = 256  # cells: the tables of thousands would not fit into a core's cache


def new_cells_surprise(table: Floats, labels: Floats) -> Floats:
    """Return minus the logarithm of how likely so many new cells are, at least, of shape (relabellings,).

    Parameters
    ----------
    table
        Counts of shape (units, cells).
    labels
        1 where a unit is called current, 0 where not, of shape (relabellings, units).
    """
    present = table[:, table.any(axis=0)] > 0
    sizes, cells = np.unique(present.sum(axis=0), return_counts=True)
    rows = table.sum(axis=1)
    if not len(sizes):
        return np.zeros(len(labels))
    current, back = np.unique(np.rint(labels @ rows / rows.sum() * _STEPS), return_inverse=True)
    new = _new(present, labels, sizes)
    bound, off, independent = (np.zeros(len(labels)) for _ in range(3))
    for place, share in enumerate(current / _STEPS):
        at = back == place
        own = np.array([_own_surprise(int(size), share * len(rows), len(rows)) for size in sizes])
        bound[at], off[at], independent[at] = _of_sums(new[at], cells.astype(np.float64), own)
    if independent.any():
        bound /= max(float((off**2).sum() / independent.sum()), 1.0)
    by_rank = surprise_by_rank(bound)
    return np.where(by_rank <= -math.log(_FEW / len(labels)), np.minimum(bound, by_rank), bound)


def beyond_surprise(units_beyond: tuple[int, int], rows: Floats, labels: Floats, rng: np.random.Generator) -> Floats:
    """Return how surprising it is that current units reach beyond all of the reference, of shape (relabellings,).

    Of exchangeable units the u that reach furthest are all current with the chance that a cell of u units is new. In
    another labelling others would be the reference's extremes, which counts on its cells do not show: so what they
    would show is drawn from that law, for both ends. Their surprises s add up, to one of s - ln(1 + s) (Fisher's way of
    combining two p-values).

    Parameters
    ----------
    units_beyond
        The number of current units that reach below, and above, all of the reference.
    rows
        Of each unit, of shape (units,).

    References
    ----------
    Nelson, Technometrics 5, 1963 (precedence tests); Fisher, Statistical Methods for Research Workers, 1932, 21.1.
    """
    n_units = len(rows)
    n = float(labels[0] @ rows / rows.sum() * n_units)
    law = np.array([_own_surprise(size, n, n_units) for size in range(int(n + 0.5) + 1)])
    drawn = rng.exponential(size=(2, len(labels)))
    found = law[np.searchsorted(law, drawn, side="right") - 1].sum(axis=0)
    found[0] = sum(law[min(units, len(law) - 1)] for units in units_beyond)
    return np.asarray(found - np.log1p(found))


def _own_surprise(size: int, n: float, n_units: int) -> float:
    """Return how surprising one new cell is, of `size` units out of all, of which n are current."""
    if size > n + 0.5:
        return 0.0  # no chance at all; it is not counted
    return math.lgamma(n_units + 1) - math.lgamma(n + 1) - math.lgamma(n_units - size + 1) + math.lgamma(n - size + 1)


def _new(present: NDArray[np.bool_], labels: Floats, sizes: NDArray[np.intp]) -> Floats:
    """Return how many cells of each number of units are new, of shape (relabellings, sizes)."""
    found, of_cell = np.zeros((len(labels), len(sizes))), present.sum(axis=0)
    for place, size in enumerate(sizes):
        cells = np.flatnonzero(of_cell == size)
        for start in range(0, len(cells), _AT_ONCE):
            has = present[:, cells[start : start + _AT_ONCE]].astype(np.float64)
            found[:, place] += (labels @ has > size - 0.5).sum(axis=1)
    return found


def _of_sums(new: Floats, cells: Floats, own: Floats) -> tuple[Floats, Floats, float]:
    """Return the bound of each sum; and of the part that often changes how far it is off its mean, and its variance.

    Parameters
    ----------
    new
        New cells of each number of units, of shape (relabellings, sizes).
    cells, own
        All cells of each number of units, and the surprise of one that is new; of shape (sizes,).
    """
    chance = np.exp(-own)
    often = (chance >= _OFTEN) & (own > 0)
    off = (new - cells * chance)[:, often] @ own[often]
    independent = float((cells * own**2 * chance * (1 - chance))[often].sum())
    # ln(1 + pi (e^(t a) - 1)), where e^(t a) alone may be too large a number
    grown = np.logaddexp(np.log1p(-np.minimum(chance, 1 - _LEAST)), np.multiply.outer(_TILTS, own) - own) @ cells
    distinct, back = np.unique(new @ own, return_inverse=True)
    return (np.multiply.outer(distinct, _TILTS) - grown).max(axis=1)[back], off, independent
