"""Histograms of latencies: counts are exact, a latency is known to within 0.05 %, from a microsecond to hours.

Log-linear, as HDR histograms are: each power of two of nanoseconds has 1,024 bins of equal width. They merge by adding.
The standard library alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_BITS = 10
_BINS = 1 << _BITS  # of a power of two
SLOTS = 100  # of the measured time

Kind = tuple[int, str, str, int, str]  # slot of the time, name, method, status, what went wrong


def bin_of(latency_ns: int) -> int:
    """Return the number of the bin that holds a latency.

    >>> bin_of(0), bin_of(2047), bin_of(2048), bin_of(2049)
    (0, 2047, 2048, 2048)
    """
    shift = max(latency_ns.bit_length() - _BITS - 1, 0)
    return (shift << _BITS) + (latency_ns >> shift)


def middle_ns(number: int) -> float:
    """Return the middle of a bin, which no latency in it differs from by more than 1 in 2,048.

    >>> middle_ns(2047), middle_ns(2048)
    (2047.0, 2048.5)
    """
    if number < 2 * _BINS:
        return float(number)
    shift = (number >> _BITS) - 1
    return float(((number & (_BINS - 1)) + _BINS) << shift) + ((1 << shift) - 1) / 2


@dataclass
class Histograms:
    """A histogram for each slot of the time and each kind of request and outcome."""

    bins: dict[Kind, dict[int, int]] = field(default_factory=dict)

    def add(self, kind: Kind, latency_s: float) -> None:
        """Count one request."""
        bins, number = self.bins.setdefault(kind, {}), bin_of(max(round(latency_s * 1e9), 0))
        bins[number] = bins.get(number, 0) + 1

    def merge(self, rows: Iterable[Any]) -> None:
        """Count all that other histograms counted, as their `take` returned it."""
        for *kind, counts in rows:
            bins = self.bins.setdefault(tuple(kind), {})
            for number, count in counts:
                bins[number] = bins.get(number, 0) + count

    def take(self) -> list[list[Any]]:
        """Return what was counted, plain, and begin anew."""
        rows = [[*kind, [[number, count] for number, count in bins.items()]] for kind, bins in self.bins.items()]
        self.bins = {}
        return rows
