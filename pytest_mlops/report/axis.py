"""An axis of a plot, plain or logarithmic, and its grid."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pytest_mlops.core.messages import number
from pytest_mlops.report import svg

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_TICKS = 6


class Axis:
    """An axis from low to high."""

    def __init__(self, low: float, high: float, *, is_log: bool, span: tuple[float, float]) -> None:
        self.low, self.high, self.is_log, self.span = low, high, is_log, span

    @classmethod
    def of(cls, values: Sequence[float], *, is_log: bool, span: tuple[float, float], from_zero: bool = False) -> Axis:
        """Return an axis that holds some values; `from_zero` it holds 0 too."""
        low, high = min(values), max(values)
        if is_log:
            return cls(low / 1.1, max(high, low) * 1.1, is_log=True, span=span)
        if from_zero:
            return cls(min(low, 0.0), svg.round_up(high) if high > 0 else 1.0, is_log=False, span=span)
        return cls(low, high if high > low else low + 1.0, is_log=False, span=span)

    def place(self, value: float) -> float:
        """Return where a value is, in units of the view box."""
        low, high, at = (math.log(v) if self.is_log else v for v in (self.low, self.high, value))
        share = min(max((at - low) / (high - low), 0.0), 1.0)
        return self.span[0] + (self.span[1] - self.span[0]) * share

    def ticks(self) -> list[float]:
        """Return some round numbers on it."""
        if not self.is_log:
            step = svg.round_up((self.high - self.low) / _MOST_TICKS)
            first = math.ceil(self.low / step - 1e-9)
            return [step * k for k in range(first, math.floor(self.high / step + 1e-9) + 1)]
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        fine = [step * 10.0**power for power in powers for step in (1, 2, 5)]
        shown = [tick for tick in fine if self.low <= tick <= self.high]
        if len(shown) <= _MOST_TICKS:
            return shown
        return [tick for tick in shown if math.log10(tick) == round(math.log10(tick))][: 2 * _MOST_TICKS]


def grid(up: Axis) -> list[str]:
    """Return grid lines with their numbers."""
    body = []
    for tick in up.ticks():
        y = up.place(tick)
        body += [
            svg.line(svg.LEFT, y, svg.RIGHT, y, css="grid"),
            svg.words(svg.LEFT - 4, y + 4, number(tick), anchor="end"),
        ]
    return body
