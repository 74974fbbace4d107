"""Windows: how a history is cut into days, weeks, months or batches, and which of them are of one season."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.adapters.batches import schema_of
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.messages import did_you_mean
from pytest_mlops.stages.drift.reading import numbers
from pytest_mlops.stages.drift.units import ByColumn, ByPeriod, times_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import narwhals as nw
    from numpy.typing import NDArray

    from pytest_mlops.adapters.frames import Data
    from pytest_mlops.core.plain import Json
    from pytest_mlops.stages.drift.sketch import Key
    from pytest_mlops.stages.drift.units import Units

    Codes = NDArray[np.intp]

WORDS = {"hour": (1, "h"), "day": (1, "D"), "week": (7, "D"), "month": (1, "M")}
SEASONS = {"weekday": "D", "month": "M", "hour": "h"}  # each with the longest windows that lie in one
_SECONDS = {"m": 60, "h": 3600, "D": 86_400, "M": 31 * 86_400}
_MONDAY = 3  # days before 1970 that the first Monday is: days are counted from it, so that weeks begin on Mondays
_NAMES = {"m": "minutes", "h": "hours", "D": "days", "M": "months"}
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


@dataclass(frozen=True)
class ByWindow:
    """Stretches of time: `every` minutes, hours, days or months of a column of times, in UTC where that has a zone."""

    column: str
    every: int
    period: str

    def of(self, batch: nw.DataFrame[Any]) -> tuple[Sequence[Key], Codes]:
        """Return the window of each row; rows without a time are one together, which is no window."""
        times = times_of(batch[self.column])
        found, codes = np.unique(self.at(times), return_inverse=True)
        return found.tolist(), codes

    def at(self, times: NDArray[Any]) -> NDArray[np.int64]:
        """Return the window of each time."""
        numbers = times.astype(f"datetime64[{self.period}]").astype(np.int64)
        found = (numbers + self._first) // self.every
        return np.where(np.isnat(times), NO_TIME, found)

    @property
    def _first(self) -> int:
        return _MONDAY if self.period == "D" else 0

    def start(self, key: int) -> np.datetime64:
        """Return when a window begins."""
        begins = np.array([int(key) * self.every - self._first], dtype=np.int64)
        start: np.datetime64 = begins.astype(f"datetime64[{self.period}]")[0]
        return start

    def label(self, key: Key) -> str:
        """Return the name of a window: its day, its month, its hour."""
        start = self.start(int(key))
        return (
            str(start).replace("T", " ")
            if self.period in "DM"
            else f"{start.astype('datetime64[m]')}".replace("T", " ")
        )

    def season(self, key: Key, match: str) -> str:
        """Return the season that a window is in, in words."""
        start = self.start(int(key))
        if match == "weekday":
            return _WEEKDAYS[(int(start.astype("datetime64[D]").astype(np.int64)) + _MONDAY) % 7]
        if match == "month":
            return _MONTHS[int(start.astype("datetime64[M]").astype(np.int64)) % 12]
        return f"{int(start.astype('datetime64[h]').astype(np.int64)) % 24:02d}:00"

    def of_current(self, data: Data, n_rows: int) -> ByWindow:  # noqa: ARG002 - as the others
        """Return the same."""
        check_times(data, self.column, "the data")
        return self

    def from_row(self, start: int) -> ByWindow:  # noqa: ARG002 - as the others
        """Return the same."""
        return self

    def words(self, n: int) -> str:
        """Say what the windows are."""
        return f"{n} {self.kind(n)} of {self.column}"

    def kind(self, n: int) -> str:
        """Return the word for them: days, weeks, `windows of 3 days`."""
        word = next((word for word, said in WORDS.items() if said == (self.every, self.period)), "")
        if word:
            return word if n == 1 else f"{word}s"
        return f"{'window' if n == 1 else 'windows'} of {self.every} {_NAMES[self.period]}"

    def to_json(self) -> dict[str, Json]:
        """Return it in plain JSON types."""
        return {"by": "window", "column": self.column, "every": self.every, "period": self.period}


NO_TIME = -(2**62)  # the key of rows without a time


@dataclass(frozen=True)
class ByNumber:
    """The whole numbers of a column: batches, versions, which have an order."""

    column: str

    def of(self, batch: nw.DataFrame[Any]) -> tuple[Sequence[Key], Codes]:
        """Return the number of each row; rows without one are one together, which is no window."""
        values = numbers(batch[self.column])
        found, codes = np.unique(np.where(np.isfinite(values), values, NO_TIME), return_inverse=True)
        return found.astype(np.int64).tolist(), codes

    def of_current(self, data: Data, n_rows: int) -> ByNumber:  # noqa: ARG002 - as the others
        """Return the same."""
        return self

    def from_row(self, start: int) -> ByNumber:  # noqa: ARG002 - as the others
        """Return the same."""
        return self

    def words(self, n: int) -> str:
        """Say which column."""
        return f"{n} {'value' if n == 1 else 'values'} of {self.column}"

    def to_json(self) -> dict[str, Json]:
        """Return it in plain JSON types."""
        return {"by": "number", "column": self.column}


@dataclass(frozen=True)
class Whole:
    """All rows of some data as one unit, by a number."""

    key: int = 0
    column: str = ""

    def of(self, batch: nw.DataFrame[Any]) -> tuple[Sequence[Key], Codes]:
        """Return the one unit."""
        return [self.key], np.zeros(len(batch), dtype=np.intp)

    def of_current(self, data: Data, n_rows: int) -> Whole:  # noqa: ARG002 - as the others
        """Return the same."""
        return self

    def from_row(self, start: int) -> Whole:  # noqa: ARG002 - as the others
        """Return the same."""
        return self

    def words(self, n: int) -> str:
        """Say that they were given one by one."""
        return f"{n} {'window' if n == 1 else 'windows'}"

    def to_json(self) -> dict[str, Json]:
        """Return it in plain JSON types."""
        return {"by": "whole", "key": self.key}


Cut = ByWindow | ByNumber | ByColumn


def windows_of(windows: str, time: str | None, data: Sequence[Data]) -> Cut:
    """Return how data are cut, by what the user said: `day`, `week`, `month`, `hour`, `7D`, `12h`, `30m`, or a column.

    Raises
    ------
    DeclarationError
        When it is none of them, or no column of times is common to all data.
    """
    said = _period(windows)
    schemas = [schema_of(one) for one in data]
    if said is None or (time is None and not _times(schemas) and windows in schemas[0]):
        for schema in schemas:
            if windows not in schema:
                hint = did_you_mean(windows, [*WORDS, *schema])
                raise DeclarationError(f"windows must be {', '.join(WORDS)}, '7D' or a column, got {windows!r}. {hint}")
        return ByNumber(windows) if schemas[0][windows].is_integer() else ByColumn(windows)
    return ByWindow(time_of(time, schemas, f"windows={windows!r}"), *said)


def is_period(windows: str) -> bool:
    """Say whether windows are stretches of time, and no column."""
    return _period(windows) is not None


def _period(windows: str) -> tuple[int, str] | None:
    if windows in WORDS:
        return WORDS[windows]
    found = re.fullmatch(r"(\d+)([Dhm])", windows)
    return (int(found[1]), found[2]) if found and int(found[1]) else None


def time_of(time: str | None, schemas: Sequence[Mapping[str, nw.dtypes.DType]], needs: str) -> str:
    """Return the column of times: the one that is named, or the first that all have."""
    if time is None:
        found = _times(schemas)
        if not found:
            raise DeclarationError(f"{needs} needs a column of times that all data have. Hint: time= names one")
        return found[0]
    for schema in schemas:
        if time not in schema:
            raise DeclarationError(f"{needs}: there is no column {time!r}. {did_you_mean(time, schema)}")
        if not _is_time(schema[time]):
            raise DeclarationError(f"{needs}: time must name a column of times, {time!r} is of {schema[time]}")
    return time


def _times(schemas: Sequence[Mapping[str, nw.dtypes.DType]]) -> list[str]:
    return [
        name
        for name, dtype in schemas[0].items()
        if _is_time(dtype) and all(name in schema and _is_time(schema[name]) for schema in schemas)
    ]


def _is_time(dtype: nw.dtypes.DType) -> bool:
    return type(dtype).__name__ in {"Date", "Datetime"}


def check_times(data: Data, column: str, side: str) -> None:
    """Refuse data without a column of times."""
    schema = schema_of(data)
    if column not in schema or not _is_time(schema[column]):
        raise DeclarationError(f"{side} must have times in {column!r}. {did_you_mean(column, schema)}")


def check_match(match: str | None, windows: Cut | None) -> None:
    """Refuse a season that windows are longer than."""
    if match is None:
        return
    if match not in SEASONS:
        raise DeclarationError(f"match must be {', '.join(SEASONS)}, got {match!r}. {did_you_mean(match, SEASONS)}")
    if isinstance(windows, ByColumn | ByNumber):
        raise DeclarationError(f"match={match!r} needs windows of time, not the values of {windows.column!r}")
    longest = _SECONDS[SEASONS[match]]
    if windows is not None and windows.every * _SECONDS[windows.period] > longest:
        raise DeclarationError(f"match={match!r} needs windows that lie in one, not {windows.kind(2)}")


def from_periods(units: Units, windows: ByWindow) -> ByPeriod | ByWindow | None:
    """Return units whose keys say in which window each lies, None where they do not."""
    if isinstance(units, ByWindow) and units == windows:
        return units
    if not isinstance(units, ByPeriod):
        return None
    fits = units.period == "D" and windows.period in "DM"
    if units.period != "D":
        fits = windows.period in "DM" or (windows.every * _SECONDS[windows.period]) % _PERIOD_SECONDS[units.period] == 0
    return units if fits and units.column == windows.column else None


_PERIOD_SECONDS = {"h": 3600, "m": 60, "s": 1}


def window_of_period(units: ByPeriod, windows: ByWindow, keys: Sequence[Key]) -> list[Key]:
    """Return in which window each period lies."""
    times = np.array([int(key) for key in keys], dtype=np.int64).astype(f"datetime64[{units.period}]")
    found: list[Key] = replace(windows).at(times).tolist()
    return found
