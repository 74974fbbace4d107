"""Pictures: a column before and after in the same bins, as data of a plot and as one line of blocks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.core.messages import number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_mlops.core.plain import Json
    from pytest_mlops.stages.drift.curves import Curve

    Floats = NDArray[np.float64]

BINS = 20
_WHOLE = 24  # whole numbers that have a bin each, as the hours of a day
_BLOCKS = "▁▂▃▄▅▆▇█"
_NOTHING = "·"
_OUTER = np.array([0.005, 0.995])  # quantiles between which the bins have one width
_FEWEST = 4  # bins, in which the narrower side must lie to be seen
_MOVERS = 3


@dataclass(frozen=True)
class Picture:
    """The shares of both sides in common bins.

    Attributes
    ----------
    labels
        One a bin.
    edges
        Of bins of numbers; the first and the last bin hold what lies beyond too. Empty for categories, and for whole
        numbers that have a bin each.
    span
        From where to where the bins reach; and how they were chosen, where not all have one width.
    """

    labels: Sequence[str]
    old: Floats
    new: Floats
    edges: Sequence[float] = ()
    span: str = ""

    def to_json(self) -> Mapping[str, Json]:
        """Return the data of the artefact `histogram`."""
        data: dict[str, Json] = {
            "labels": [*self.labels],
            "reference": self.old.tolist(),
            "current": self.new.tolist(),
        }
        return {**data, "edges": [*self.edges]} if len(self.edges) else data

    def line(self) -> str:
        """Return both sides as blocks of one scale, and where the bins lie.

        >>> Picture(["a", "b"], np.array([1.0, 0.0]), np.array([0.5, 0.5])).line()
        'before █· now ▄▄'
        """
        top = max(float(self.old.max(initial=0)), float(self.new.max(initial=0)))
        bars = f"before {_blocks(self.old, top)} now {_blocks(self.new, top)}"
        return f"{bars} ({self.span})" if self.span else bars

    def movers(self) -> str:
        """Return the bins whose shares changed most.

        >>> Picture(["a", "b"], np.array([1.0, 0.0]), np.array([0.5, 0.5])).movers()
        'a 100 % → 50 %, b 0 % → 50 %'
        """
        change = np.abs(self.new - self.old)
        most = [i for i in np.argsort(-change, kind="stable")[:_MOVERS] if change[i] > 0]
        return ", ".join(f"{self.labels[i]} {_percent(self.old[i])} → {_percent(self.new[i])}" for i in most)


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _blocks(shares: Floats, top: float) -> str:
    heights = np.ceil(shares / top * len(_BLOCKS) - 1e-9).astype(int) if top else np.zeros(len(shares), dtype=int)
    return "".join(_BLOCKS[height - 1] if height > 0 else _NOTHING for height in heights)


def picture_of_numbers(old: Curve, new: Curve) -> Picture:
    """Return two curves in bins of one width where both can be seen in these, else of one ratio, else of one share."""
    if not old.n or not new.n:
        return Picture([], np.zeros(0), np.zeros(0))
    edges, scale, is_whole = _edges(old, new)
    at = edges - 0.5 if is_whole else edges + 1e-4 * np.append(np.diff(edges), 0.0)  # what lies on one is below it
    sides = [np.diff(np.concatenate([[0.0], curve.at(at[1:-1]), [1.0]])) for curve in (old, new)]
    last = edges[-1] - 1 if is_whole else edges[-1]
    span = f"{number(edges[0])} to {number(last)}{scale}"
    if is_whole and edges[1] - edges[0] == 1:
        return Picture([number(edge) for edge in edges[:-1]], sides[0], sides[1], span=span)
    ends = edges[1:] - 1 if is_whole else edges[1:]
    labels = [f"{number(low)} to {number(high)}" for low, high in zip(edges[:-1], ends, strict=True)]
    labels[0], labels[-1] = f"up to {number(ends[0])}", f"from {number(edges[-2])} on"
    return Picture(labels, sides[0], sides[1], edges.tolist(), span)


def _edges(old: Curve, new: Curve) -> tuple[Floats, str, bool]:
    """Return the edges, how they were chosen in words, and whether they are whole numbers that begin a bin."""
    ends = np.array([curve.quantiles(_OUTER) for curve in (old, new)])
    low, high, is_whole = float(ends[:, 0].min()), float(ends[:, 1].max()), _is_whole(new)
    edges = _of_one_width(low, high, is_whole=is_whole)
    if _seen_in(edges, old, new):
        return edges, "", is_whole
    if np.diff(new.at(ends[0]))[0] >= _ENOUGH:
        return _of_one_width(*ends[0].tolist(), is_whole=is_whole), " and beyond", is_whole
    if low > 0:
        return _short(np.asarray(np.geomspace(low, high, BINS + 1), dtype=np.float64), 3), ", logarithmic", False
    levels = np.linspace(0, 1, BINS + 1)
    both = np.sort(np.concatenate([curve.quantiles(levels) for curve in (old, new)]))[::2]
    return _short(both, 3), ", of one share", False


_ENOUGH = 0.5  # of the current values, that lie where the reference does


def _of_one_width(low: float, high: float, *, is_whole: bool) -> Floats:
    if high - low <= _CONSTANT * max(abs(low), abs(high), 1.0):
        if high > low or not is_whole:
            middle = (low + high) / 2
            return _short(middle + max(abs(middle) / 1000, 1.0) * np.array([-1.5, -0.5, 0.5, 1.5]), 6)
        low, high = low - 1, high + 1
    if is_whole:
        low, high = math.floor(low + 0.5), math.floor(high + 0.5) + 1
    step = 1.0 if is_whole and high - low <= _WHOLE else _step((high - low) / BINS, is_whole=is_whole)
    start = low if step == 1 else math.floor(low / step) * step
    n = max(math.ceil((high - start) / step - 1e-9), 1)
    return _short(start + step * np.arange(n + 1, dtype=np.float64), 6)


_CONSTANT = 5e-6  # of a value: a grid has an edge on each side of one, so near to it


def _short(edges: Floats, digits: int) -> Floats:
    """Return edges of so many digits, or of as many more as it takes for some bins to be left."""
    for more in range(digits, _ALL_DIGITS):
        short = np.unique([float(f"{edge:.{more}g}") for edge in edges])
        if len(short) > len(edges) / 2:
            return np.asarray(short)
    return np.unique(edges)


_ALL_DIGITS = 16


def _step(width: float, *, is_whole: bool) -> float:
    """Return the next round width, of whole numbers a whole one.

    >>> _step(17.3, is_whole=False), _step(0.9, is_whole=True), _step(2.1, is_whole=True)
    (20.0, 1.0, 3.0)
    """
    power = 10.0 ** math.floor(math.log10(width))
    steps = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
    step = next(times * power for times in steps if times * power >= width * (1 - 1e-9))
    return float(max(math.ceil(step), 1)) if is_whole else step


def _is_whole(curve: Curve) -> bool:
    """Say whether a curve of values at hand has whole numbers alone."""
    values = curve.places[1::2]
    return bool((np.abs(values - np.round(values)) < 1e-6).all())  # noqa: PLR2004 - rounding


def _seen_in(edges: Floats, old: Curve, new: Curve) -> bool:
    """Say whether each side has some bins with a fair part of it, or has few values anyway."""
    for curve in (old, new):
        shares = np.diff(np.concatenate([[0.0], curve.at(edges[1:-1]), [1.0]]))
        middle = curve.quantiles(np.array([0.1, 0.9]))
        if shares.max() > _MOST and middle[1] > middle[0] and (shares > _SEEN).sum() < _FEWEST:
            return False
    return True


_MOST = 0.8  # of a side in one bin: nothing of it can be seen
_SEEN = 0.01
