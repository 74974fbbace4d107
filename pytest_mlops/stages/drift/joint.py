"""How columns depend on each other, by unit: sums of products, from which every correlation follows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.stages.drift.packed import fold_signs, pack, unfold_signs, unpack
from pytest_mlops.stats.change import change
from pytest_mlops.stats.clusters import Distance

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_mlops.core.plain import Json

    Floats = NDArray[np.float64]
    Codes = NDArray[np.intp]

MOST = 100  # columns; more are 5,000 pairs and more
WRITTEN = 48  # axes whose products are written; of more, they would be most of the file
_FAR = 3.0  # robust standard deviations, at which values are cut
_FINE = 16  # steps of a robust standard deviation, to which they are rounded
_EXACT = 7_000  # rows, whose products add up exactly in single precision: (3 * 16)² * 7,000 < 2**24
_AT_ONCE = 512  # pairs


@dataclass(frozen=True)
class Axis:
    """A column of numbers, or one of the frequent categories of a column: 1 in the rows that have it."""

    column: str
    label: str = ""


@dataclass
class Joint:
    """Sums of some columns and of their products, by unit; values are centred, scaled and cut as the reference says.

    The values are whole numbers of steps, so that sums are exact, in whatever order and parts rows come.

    Attributes
    ----------
    rows, sums, products
        Of shape (units,), (units, axes) and (units, axes, axes). A missing value counts as the middle.
    """

    axes: Sequence[Axis]
    rows: Floats = field(default_factory=lambda: np.zeros(0))
    sums: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    products: Floats = field(default_factory=lambda: np.zeros((0, 0, 0)))

    def reach(self, n_units: int) -> None:
        """Make room for more units."""
        more, p = n_units - len(self.rows), len(self.axes)
        if more > 0:
            self.rows = np.concatenate([self.rows, np.zeros(more)])
            self.sums = np.concatenate([self.sums.reshape(-1, p), np.zeros((more, p))])
            self.products = np.concatenate([self.products.reshape(-1, p, p), np.zeros((more, p, p))])

    def add(self, values: NDArray[np.float32], units: Codes, ends: Codes) -> None:
        """Add the rows of consecutive units; `values` of shape (axes, rows), units end at `ends`."""
        start = 0
        for unit, end in zip(units, ends, strict=True):
            self.rows[unit] += end - start
            for at in range(start, end, _EXACT):
                run = values[:, at : min(at + _EXACT, end)]
                self.sums[unit] += run.sum(axis=1)
                self.products[unit] += run @ run.T
            start = end

    def put(self, other: Joint, units: Codes) -> None:
        """Add what another one counted; its units are `units` here."""
        self.reach(int(units.max(initial=-1)) + 1)
        for mine, theirs in ((self.rows, other.rows), (self.sums, other.sums), (self.products, other.products)):
            np.add.at(mine, units[: len(theirs)], theirs)

    def within(self) -> Joint:
        """Return the same with each unit's own means taken out: what is left is how columns go together within it.

        Where days shift all values, that is told more surely than how they go together over all days.
        """
        n = np.maximum(self.rows, 1.0)[:, None, None]
        centred = self.products - self.sums[:, :, None] * self.sums[:, None, :] / n
        return Joint(self.axes, self.rows, np.zeros_like(self.sums), centred)

    def only(self, names: Sequence[str]) -> Joint | None:
        """Return the same of some of the columns, None where no two are left."""
        at = np.array([i for i, axis in enumerate(self.axes) if axis.column in names], dtype=np.intp)
        axes = [self.axes[i] for i in at]
        if len({axis.column for axis in axes}) < 2:  # noqa: PLR2004 - a pair
            return None
        return Joint(axes, self.rows, self.sums[:, at], self.products[:, at[:, None], at])

    def to_json(self) -> dict[str, Json]:
        """Return the sums in plain JSON types, a line for each unit."""
        upper = np.triu_indices(len(self.axes))
        lines = np.concatenate([self.rows[:, None], self.sums, self.products[:, *upper]], axis=1)
        axes = [[axis.column, axis.label] for axis in self.axes]
        return {"axes": axes, "sums": [pack(fold_signs(line)) for line in lines.astype(np.int64)]}

    @classmethod
    def from_json(cls, read: Mapping[str, Any]) -> Joint:
        """Return the sums that `to_json` wrote."""
        axes = [Axis(*axis) for axis in read["axes"]]
        p = len(axes)
        lines = np.stack([unfold_signs(unpack(line)) for line in read["sums"]]).astype(np.float64)
        products = np.zeros((len(lines), p, p))
        first, second = np.triu_indices(p)
        products[:, first, second] = products[:, second, first] = lines[:, 1 + p :]
        return cls(axes, lines[:, 0], lines[:, 1 : 1 + p], products)


def indicate(has_it: NDArray[np.bool_], out: NDArray[np.float32]) -> None:
    """Write into `out` which rows have a category, in the same steps."""
    out[:] = has_it
    out *= _FINE


def axes_of(numbers: Sequence[str], levels: Mapping[str, Sequence[str]]) -> Sequence[Axis]:
    """Return what is held together: columns of numbers, and categories as far as there is room.

    None where there are no two columns, or too many of numbers.
    """
    axes = [Axis(name) for name in sorted(numbers)]
    more = [Axis(name, label) for name, labels in sorted(levels.items()) for label in labels]
    if len(axes) > MOST or len({axis.column for axis in [*axes, *more]}) < 2:  # noqa: PLR2004 - a pair
        return []
    return [*axes, *more[: max(WRITTEN - len(axes), 0)]]


def cut(values: Floats, centre: float, scale: float, out: NDArray[np.float32]) -> None:
    """Write into `out` sixteenths of robust standard deviations from the middle, cut at three.

    Missing values are the middle.
    Cutting bounds what one row can do to a correlation (Wilcox, Introduction to Robust Estimation and Hypothesis
    Testing, 2012, section 9.3: the winsorised correlation).
    """
    with np.errstate(over="ignore"):
        apart = values - centre
    np.clip(apart, -_FAR * scale, _FAR * scale, out=apart)
    apart *= _FINE / scale
    out[:] = np.rint(apart, out=apart)
    if np.isnan(apart.sum()):
        out[np.isnan(out)] = 0.0


@dataclass(frozen=True)
class PairChange:
    """The change of the correlation of two columns."""

    first: Axis
    second: Axis
    then: float
    now: float


@dataclass(frozen=True)
class JointChange:
    """The largest change of a correlation, and its statistics in each relabelling.

    Attributes
    ----------
    largest, surest
        The pair that changed most, and the one whose change stands out most from what chance makes of it.
    """

    distance: Distance
    statistics: Mapping[str, Floats]
    largest: PairChange
    surest: PairChange


def joint_change(old: Joint, new: Joint, labels: Floats, weights: tuple[Floats, Floats]) -> JointChange | None:
    """Return the largest change of a correlation, None where no two columns vary on both sides.

    Pairs of numbers have statistics of their own: those of categories are more, and of heavier tails.
    """
    pairs = [pair for side in _pairs(old, new) for pair in side]
    if not pairs:
        return None
    values, errors, sure = [], [], []
    statistics: dict[str, list[Floats]] = {}
    both = _together(old, new)
    inner = both.within()
    for some in (chunk for side in _pairs(old, new) for chunk in _chunks(side)):
        first, second = (np.array([pair[side] for pair in some], dtype=np.intp) for side in (0, 1))
        now, then = (_correlations(side, first, second, np.ones((1, len(side.rows)))) for side in (new, old))
        drawn = [
            _correlations(side, first, second, by) - seen
            for side, by, seen in ((old, weights[0], then), (new, weights[1], now))
        ]
        values.append(np.stack([then[0], now[0]], axis=1))
        errors.append(np.abs(drawn[1] - drawn[0]).max(axis=1))
        kind = "categories" if old.axes[some[0][1]].label else "numbers"
        for name, side in ((kind, both), (f"{kind}_within", inner)):
            far = _statistic(side, first, second, labels)
            statistics.setdefault(name, []).append(far.max(axis=-1))
            if name == kind:
                sure.append(far[0])
    found = np.concatenate(values)
    size = np.abs(found[:, 1] - found[:, 0])

    def change_of(number: int) -> PairChange:
        first, second = (old.axes[axis] for axis in pairs[number])
        return PairChange(first, second, float(found[number, 0]), float(found[number, 1]))

    most = int(np.argmax(size))
    return JointChange(
        distance=Distance(float(size[most]), np.max(errors, axis=0)),
        statistics={name: np.max(found, axis=0) for name, found in statistics.items()},
        largest=change_of(most),
        surest=change_of(int(np.argmax(np.concatenate(sure)))),
    )


def _pairs(old: Joint, new: Joint) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return the pairs of axes that vary on both sides: of numbers, and with a category, the second one."""
    kept = [i for i in range(len(old.axes)) if all(_varies(side, i) for side in (old, new))]
    pairs = [(i, j) for at, i in enumerate(kept) for j in kept[at + 1 :] if old.axes[i].column != old.axes[j].column]
    of_numbers = [pair for pair in pairs if not old.axes[pair[1]].label]
    return of_numbers, [pair for pair in pairs if old.axes[pair[1]].label]


def _varies(side: Joint, column: int) -> bool:
    n = side.rows.sum()
    mean = side.sums[:, column].sum() / max(n, 1)
    return bool(n and side.products[:, column, column].sum() / n - mean**2 > _CONSTANT)


_CONSTANT = 1e-3  # a variance, in steps


def _chunks(pairs: Sequence[tuple[int, int]]) -> Iterable[Sequence[tuple[int, int]]]:
    for start in range(0, len(pairs), _AT_ONCE):
        yield pairs[start : start + _AT_ONCE]


def _correlations(side: Joint, first: Codes, second: Codes, weights: Floats) -> Floats:
    """Return the correlations of pairs of columns, of shape (draws, pairs)."""
    n = (weights @ side.rows)[:, None]
    means = weights @ side.sums / n
    squares = weights @ np.diagonal(side.products, axis1=1, axis2=2) / n - means**2
    both = weights @ side.products[:, first, second] / n - means[:, first] * means[:, second]
    return np.asarray(both / np.sqrt(np.maximum(squares[:, first] * squares[:, second], _CONSTANT**2)))


def _together(old: Joint, new: Joint) -> Joint:
    parts = zip((old.rows, old.sums, old.products), (new.rows, new.sums, new.products), strict=True)
    return Joint(old.axes, *(np.concatenate(part) for part in parts))


def _statistic(side: Joint, first: Codes, second: Codes, labels: Floats) -> Floats:
    """Return the studentised change of each correlation, of shape (relabellings, pairs).

    It is the change of the mean of what each row does to the correlation, :math:`z_1 z_2 - r (z_1^2 + z_2^2) / 2` with
    both columns standardised over both sides: a day on which both are large is no change of how they go together.

    References
    ----------
    Devlin, Gnanadesikan and Kettenring, Biometrika 62, 1975 (the influence function of the correlation).
    """
    rows, sums, products = side.rows, side.sums, side.products
    mean = sums.sum(axis=0) / rows.sum()
    squares = np.diagonal(products, axis1=1, axis2=2) - 2 * mean * sums + rows[:, None] * mean**2
    spread = np.maximum(squares.sum(axis=0) / rows.sum(), _CONSTANT)
    both = products[:, first, second] - mean[first] * sums[:, second] - mean[second] * sums[:, first]
    both = (both + rows[:, None] * mean[first] * mean[second]) / np.sqrt(spread[first] * spread[second])
    correlation = both.sum(axis=0) / rows.sum()
    own = squares / spread
    changed = change(both - correlation * (own[:, first] + own[:, second]) / 2, rows, labels)
    current = labels @ rows
    # What independent rows would give, of normal columns: units that agree by chance must not look sure.
    least = (1 - correlation**2) * np.sqrt(1 / np.maximum(current, 1) + 1 / np.maximum(rows.sum() - current, 1))[
        :, None
    ]
    return np.asarray(np.abs(changed.difference) / np.maximum(changed.spread, least))
