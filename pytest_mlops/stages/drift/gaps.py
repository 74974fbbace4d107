"""Gaps in time: hours or days in which a column of times has no rows, though the reference has rows at such times."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.stages.drift.packed import pack, unpack
from pytest_mlops.stages.drift.units import times_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pytest_mlops.core.plain import Json
    from pytest_mlops.stages.drift.reading import Reading

    Floats = NDArray[np.float64]
    Whole = NDArray[np.int64]
    Codes = NDArray[np.intp]

_DAY = 24
_FEWEST = 15  # days, of fewer than which hours are looked at
_MOST_HOURS = 2_000  # of more, days are kept
_MOST_DAYS = 10_000
_WIDE = 4_000_000  # hours, in which they are counted and not sorted


@dataclass
class Gaps:
    """How many rows each hour has, of all units together; of a long time each day.

    Attributes
    ----------
    counts
        By the hours since 1970, or the days.
    """

    column: str
    counts: dict[int, int] = field(default_factory=dict)
    is_daily: bool = False

    def fresh(self) -> Gaps:
        """Return the same of no rows."""
        return Gaps(self.column)

    def add(self, reading: Reading, units: Codes, n_units: int) -> None:  # noqa: ARG002 - as the others
        """Take the rows of a batch."""
        times = times_of(reading.series)
        hours = times[~np.isnat(times)].astype("datetime64[h]").astype(np.int64)
        if not len(hours):
            return
        low, high = int(hours.min()), int(hours.max())
        if high - low < _WIDE:
            counts = np.bincount(hours - low)
            found = np.flatnonzero(counts)
            self.count(found + low, counts[found])
        else:
            distinct, n = np.unique(hours, return_counts=True)
            self.count(distinct, n)

    def count(self, hours: Whole, rows: Whole) -> None:
        """Add rows to hours."""
        for hour, n in zip(hours.tolist(), rows.tolist(), strict=True):
            self.counts[hour] = self.counts.get(hour, 0) + n

    def merge(self, other: Gaps, place: Codes, n_units: int) -> None:  # noqa: ARG002 - as the others
        """Add the hours of another one."""
        self.count(np.array([*other.counts]), np.array([*other.counts.values()]))

    def grouped(self, place: Codes, n_units: int) -> Gaps:  # noqa: ARG002 - as the others
        """Return the same: units do not matter here."""
        return Gaps(self.column, dict(self.counts), self.is_daily)

    def finished(self) -> Gaps:
        """Return the hours in order, or the days where hours are many."""
        if self.is_daily or not self.counts or max(self.counts) - min(self.counts) < _MOST_HOURS:
            return Gaps(self.column, dict(sorted(self.counts.items())), self.is_daily)
        return Gaps(self.column, self._by_day(), is_daily=True)

    def _by_day(self) -> dict[int, int]:
        days: dict[int, int] = {}
        for hour, n in sorted(self.counts.items()):
            day = hour if self.is_daily else hour // _DAY
            days[day] = days.get(day, 0) + n
        return days

    def of_units(self, kept: Codes, n_units: int) -> None:
        """Return nothing: hours are not counted by unit."""

    def is_worth(self, n_labels: int, *, is_name: bool) -> bool:  # noqa: ARG002 - as the others
        """Say whether these are times of rows, and not dates of long ago."""
        return bool(self.counts) and (max(self.counts) - min(self.counts)) // _DAY <= _MOST_DAYS

    def days(self) -> int:
        """Return how many days lie between the first row and the last."""
        days = self._by_day()
        return max(days) - min(days) + 1 if days else 0

    def series(self, *, by_day: bool) -> tuple[int, Whole]:
        """Return the first day or hour that has rows, and how many each one has until the last."""
        counts = self._by_day() if by_day else self.counts
        first = min(counts)
        rows = np.zeros(max(counts) - first + 1, dtype=np.int64)
        rows[np.array([*counts]) - first] = [*counts.values()]
        return first, rows

    def to_json(self) -> dict[str, Json]:
        """Return it in plain JSON types."""
        first, rows = self.series(by_day=self.is_daily)
        own: dict[str, Json] = {"kind": "gaps", "column": self.column, "is_daily": self.is_daily}
        return {**own, "first": first, "rows": pack(rows)}

    @classmethod
    def from_json(cls, read: Mapping[str, Any]) -> Gaps:
        """Return what `to_json` wrote."""
        rows = unpack(read["rows"])
        counts = {int(read["first"]) + int(at): int(rows[at]) for at in np.flatnonzero(rows)}
        return cls(read["column"], counts, bool(read["is_daily"]))


@dataclass(frozen=True)
class GapChange:
    """What is missing now and what was in the reference, and what chance alone would leave out, in each draw.

    Attributes
    ----------
    longest, drawn_longest
        Periods without rows, in which there should be some, in the longest gap, more than in the reference's.
    share, drawn_share
        Their share of all periods, likewise.
    """

    longest: float
    share: float
    drawn_longest: Floats
    drawn_share: Floats
    note: str


_DENSE = 1e-4  # the chance that a period with rows has none, up to which gaps are looked at, divided by their number
_CLOSED = 0.5  # the share of a phase's periods without rows from which on it is closed
_RESTLESS = 0.1  # the share of empty periods from which on they say nothing
_CYCLES = 2


def gap_change(old: Gaps, new: Gaps, rng: np.random.Generator, draws: int) -> GapChange | None:
    r"""Return what is missing, None where the reference's periods have too few rows to say.

    Periods are days, hours where either side has fewer than 15 days. Of each phase (the day of the week; the hour of
    the day) the reference says how many rows it has, :math:`\mu`, and all of them together how these vary: as negative
    binomial counts, of which :math:`(k / (k + \mu))^k` are zero, :math:`1 / k` the dispersion by moments. A phase of
    which half the periods are empty is closed; another one is watched where the chance of no rows is small.

    References
    ----------
    Johnson, Kemp and Kotz, Univariate Discrete Distributions, 2005, section 5.8 (the moments).
    """
    if not old.counts or not new.counts:
        return None
    by_day = old.is_daily or min(old.days(), new.days()) >= _FEWEST
    if by_day is False and new.is_daily:
        return None
    cycle = 7 if by_day else _DAY
    (first_old, rows_old), (first_new, rows_new) = (side.series(by_day=by_day) for side in (old, new))
    if len(rows_old) < _CYCLES * cycle:
        return None
    phases_old, phases_new = (
        (first + np.arange(len(rows))) % cycle for first, rows in ((first_old, rows_old), (first_new, rows_new))
    )
    chance = _empty_chance(rows_old, phases_old, cycle)
    watched = chance < _DENSE / len(rows_new)
    if not watched.any():
        return None
    gone_old, gone_new = (
        (rows == 0) & watched[phases] for rows, phases in ((rows_old, phases_old), (rows_new, phases_new))
    )
    before = float(gone_old.sum() / watched[phases_old].sum())
    if before > _RESTLESS:
        return None
    longest, share = _longest(gone_old, rows_old), float(gone_old.mean())
    drawn = (rng.random((draws, len(rows_new))) < before) & watched[phases_new]
    found = _longest(gone_new, rows_new)
    return GapChange(
        longest=max(float(found - longest), 0.0),
        share=max(float(gone_new.mean()) - share, 0.0),
        drawn_longest=np.array([max(_longest(one, rows_new * ~one) - longest, 0) for one in drawn], dtype=np.float64),
        drawn_share=np.maximum(drawn.mean(axis=1) - share, 0.0),
        note=_words(gone_new, gone_old, first_new, by_day=by_day),
    )


def _empty_chance(rows: Whole, phases: Whole, cycle: int) -> Floats:
    """Return the chance that a period of each phase has no rows, 1 where it is closed, of shape (phases,)."""
    chance, means, excess, weight = np.ones(cycle), np.zeros(cycle), 0.0, 0.0
    for phase in range(cycle):
        own = rows[phases == phase]
        if not len(own) or (own == 0).mean() >= _CLOSED:
            continue
        own = own[own > 0]
        means[phase] = own.mean()
        excess += ((own - own.mean()) ** 2).sum() - own.mean() * (len(own) - 1)
        weight += own.mean() ** 2 * (len(own) - 1)
    dispersion = max(excess / weight, _STEADY) if weight else 1.0
    opened = means > 0
    chance[opened] = np.exp(-np.log1p(means[opened] * dispersion) / dispersion)
    return chance


_STEADY = 0.01  # the least dispersion: days differ by a tenth


def _longest(gone: NDArray[np.bool_], rows: Whole) -> int:
    """Return how many periods are gone in the longest stretch without rows."""
    runs = np.cumsum(rows > 0)
    return int(np.bincount(runs, weights=gone, minlength=1).max()) if gone.any() else 0


def _words(gone: NDArray[np.bool_], before: NDArray[np.bool_], first: int, *, by_day: bool) -> str:
    word = "days" if by_day else "hours"
    shares = [f"{int(side.sum())} of {len(side)}" for side in (before, gone)]
    said = f"{shares[0]} {word} without rows in the reference, {shares[1]} now"
    if not gone.any():
        return said if before.any() else ""
    at = np.datetime64(first + int(np.argmax(gone)), "D" if by_day else "h")
    return f"{said}, the first {at}"
