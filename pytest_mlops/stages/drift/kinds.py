"""The measures of drift by name: what each is, how far it reaches, what is material of it and what must be seen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

_NORMAL = NormalDist()


def _ks_of(shift: float) -> float:
    return 2 * _NORMAL.cdf(shift / 2) - 1


def _energy_of(shift: float) -> float:
    folded = 2 / math.sqrt(math.pi) * math.exp(-(shift**2) / 4) + shift * (1 - 2 * _NORMAL.cdf(-shift / math.sqrt(2)))
    return math.sqrt(max(2 * folded - 4 / math.sqrt(math.pi), 0.0))


def _area_of(shift: float) -> float:
    return _NORMAL.cdf(shift / math.sqrt(2))


def _jensen_shannon_of(shift: float) -> float:
    at = np.linspace(-8.0, 8.0 + shift, 4001)
    p, q = (np.exp(-((at - by) ** 2) / 2) / math.sqrt(2 * math.pi) for by in (0.0, shift))
    middle = (p + q) / 2
    divergence = float((p * np.log(p / middle) + q * np.log(q / middle)).sum() / 2 * (at[1] - at[0]))
    return math.sqrt(max(divergence / math.log(2), 0.0))


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One measure.

    Attributes
    ----------
    method
        Its name, as textbooks have it.
    material
        The value that does not matter yet, by default.
    must_see
        The value that must not be missed.
    of_shift
        The value that a shift of a normal column by some standard deviations makes; it takes the place of `must_see`.
    least, most
        The smallest and the greatest value.
    nothing
        The value where nothing changed.
    is_asked
        Whether it is taken only when asked for, with `measures=`.
    """

    method: str
    material: float
    must_see: float = 0.2
    of_shift: Callable[[float], float] | None = None
    least: float = 0.0
    most: float = 1.0
    nothing: float = 0.0
    is_asked: bool = False

    def seen_of(self, shift: float) -> float:
        """Return the value that must not be missed where a shift by so many standard deviations must not."""
        return self.must_see if self.of_shift is None else self.of_shift(shift)


KINDS = {
    "ks": Kind(method="Kolmogorov-Smirnov distance", material=0.1, of_shift=_ks_of),
    "total_variation": Kind(method="total variation distance of the categories", material=0.1, of_shift=_ks_of),
    "missing_share_change": Kind(method="absolute change of the missing share", material=0.02),
    "outside_share": Kind(
        method="share of rows where the reference has none: beyond its extremes, or between its few values",
        material=0.01,
    ),
    "heaped_share": Kind(
        method="largest change of the share of one value that is rare in the reference", material=0.05
    ),
    "new_category_share": Kind(method="share of rows whose category the reference does not have", material=0.01),
    "vanished_category_share": Kind(
        method="share of the reference's rows whose category the current data do not have", material=0.01
    ),
    "cardinality_change": Kind(
        method="change of the number of categories at equal n, as a part of the larger number",
        material=0.25,
        must_see=0.5,
        is_asked=True,
    ),
    "dependence_change": Kind(
        method="largest change of a correlation of two columns, their values cut at three robust standard deviations",
        material=0.1,
        must_see=0.5,
        most=2.0,
    ),
    "duplicate_share_change": Kind(method="absolute change of the share of rows that repeat one", material=0.02),
    "repeat_share_change": Kind(
        method="absolute change, at equal n, of the share of rows whose value another row has too", material=0.02
    ),
    "text_length_ks": Kind(method="Kolmogorov-Smirnov distance of the lengths of texts", material=0.1, of_shift=_ks_of),
    "vocabulary_distance": Kind(
        method="total variation distance of the words of texts, in 128 groups by their checksum",
        material=0.1,
        must_see=0.3,
    ),
    "vector_shift": Kind(
        method="distance of the mean vectors, in units of the reference's spread",
        material=0.1,
        of_shift=float,
        most=math.inf,
    ),
    "vector_distance": Kind(
        method="maximum mean discrepancy of a Gaussian kernel of the vectors",
        material=0.05,
        must_see=0.2,
        most=math.sqrt(2),
    ),
    "other_length_share": Kind(method="share of the vectors that are not of the reference's length", material=0.01),
    "longest_gap": Kind(
        method="days (or hours) without rows in a row, in which the reference has rows, beyond its own longest gap",
        material=0.5,
        must_see=3.0,
        most=math.inf,
    ),
    "empty_share": Kind(
        method="share of the days (or hours) without rows in which the reference has rows, beyond its own",
        material=0.05,
        must_see=0.3,
    ),
    "wasserstein": Kind(
        method="Wasserstein distance, in standard deviations of the reference",
        material=0.25,
        of_shift=float,
        most=math.inf,
        is_asked=True,
    ),
    "energy": Kind(
        method="energy distance, in square roots of standard deviations of the reference",
        material=0.2,
        of_shift=_energy_of,
        most=math.inf,
        is_asked=True,
    ),
    "jensen_shannon": Kind(
        method="Jensen-Shannon distance, of logarithms to base 2",
        material=0.1,
        of_shift=_jensen_shannon_of,
        is_asked=True,
    ),
    "population_stability": Kind(
        method="population stability index",
        material=0.1,
        of_shift=lambda shift: shift**2,  # the divergence of Kullback and Leibler, in both directions
        most=math.inf,
        is_asked=True,
    ),
    "domain_auc": Kind(
        method="area under the curve of a classifier that tells the sides apart, fitted to other units",
        material=0.57,
        nothing=0.5,
        of_shift=_area_of,
        is_asked=True,
    ),
    "kernel_distance": Kind(
        method="maximum mean discrepancy of a Gaussian kernel",
        material=0.02,
        must_see=0.1,
        most=math.sqrt(2),
        is_asked=True,
    ),
    "relation_change": Kind(
        method="largest change, in any bin of the column, of the mean target beyond what a model of all columns "
        "expects, in standard deviations",
        material=0.1,
        must_see=0.5,
        most=math.inf,
    ),
    "relation_slope_change": Kind(
        method="largest change, in any bin of the column, of the slope of the target over what a model expects of it",
        material=0.25,
        must_see=1.0,
        most=math.inf,
    ),
    "loss_increase": Kind(
        method="growth of the mean loss, as a part of the reference's",
        material=0.1,
        must_see=0.5,
        least=-1,
        most=math.inf,
    ),
    "estimated_loss_increase": Kind(
        method="growth of the mean loss, estimated without labels from the scores",
        material=0.1,
        must_see=0.5,
        least=-1,
        most=math.inf,
    ),
    "prediction_ks": Kind(method="Kolmogorov-Smirnov distance of the predictions", material=0.1, of_shift=_ks_of),
}
ASKED = tuple(name for name, kind in KINDS.items() if kind.is_asked)
DISTANCES = ("ks", "total_variation")  # which a single number for `material` sets


def shift_of_ks(distance: float) -> float:
    """Return the shift of a normal column, in standard deviations, that makes a Kolmogorov-Smirnov distance."""
    return math.inf if distance >= 1 else 2 * _NORMAL.inv_cdf((1 + distance) / 2)
