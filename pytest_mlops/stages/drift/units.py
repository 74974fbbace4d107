"""What is exchangeable: the units that are said, rows, or what the data show of their dependence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pytest_mlops.adapters.batches import count_distinct, count_rows, count_values, extremes_of, schema_of
from pytest_mlops.core.digest import short_digest
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.messages import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import narwhals as nw
    from numpy.typing import NDArray

    from pytest_mlops.adapters.frames import Data
    from pytest_mlops.core.plain import Json
    from pytest_mlops.stages.drift.sketch import Key, Sketch

    Codes = NDArray[np.intp]

ROW = "row"  # the unit of rows that are independent
_GROUPS = 100
_BLOCKS = 240
FEWEST = 15  # blocks or periods, below which they are not made longer
PERIODS = {"D": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_MOST_PERIODS = 2_000


class Units(Protocol):
    """Says which unit each row of a batch is in."""

    @property
    def column(self) -> str:
        """Return the column that says it, or nothing."""

    def of(self, batch: nw.DataFrame[Any]) -> tuple[Sequence[Key], Codes]:
        """Return the units of a batch, and for each row which of them it is in."""

    def of_current(self, data: Data, n_rows: int) -> Units:
        """Return the same of the current data."""

    def from_row(self, start: int) -> Units:
        """Return the same for a part of the data that begins at a row."""

    def words(self, n: int) -> str:
        """Say what the units are."""

    def to_json(self) -> dict[str, Json]:
        """Return it in plain JSON types."""


@dataclass(frozen=True)
class ByColumn:
    """The values of a column: a day, a customer. Where there are very many, groups of them, which are as exchangeable.

    A unit's key is a digest of the value: who the customers are is not kept.
    """

    column: str
    is_grouped: bool = False

    def of(self, batch: nw.DataFrame[Any]) -> tuple[Sequence[Key], Codes]:
        """Return the values; rows without one are a unit together."""
        from pytest_mlops.adapters.arrow import encode

        codes, found = encode(batch[self.column])
        if codes.min(initial=0) < 0:
            codes, found = np.where(codes < 0, len(found), codes), [*found, ""]
        keys = [short_digest(word) for word in found]
        if not self.is_grouped:
            return keys, codes
        return range(_MOST_VALUES), np.array([group_of(key) for key in keys], dtype=np.intp)[codes]

    def of_current(self, data: Data, n_rows: int) -> ByColumn:  # noqa: ARG002 - as the others
        """Return the same, in groups where the current data have very many."""
        if self.column not in (schema := schema_of(data)):
            raise DeclarationError(_no_unit("the data", self.column, schema))
        return self if self.is_grouped else replace(self, is_grouped=count_distinct(data, self.column) > _MOST_VALUES)

    def from_row(self, start: int) -> ByColumn:  # noqa: ARG002 - as the others
        """Return the same."""
        return self

    def words(self, n: int) -> str:
        """Say which column."""
        if self.is_grouped:
            return f"{n} groups of the values of {self.column}"
        return f"{n} {'value' if n == 1 else 'values'} of {self.column}"

    def to_json(self) -> dict[str, Json]:
        """Return it in plain JSON types."""
        return {"by": "column", "column": self.column, "is_grouped": self.is_grouped}


_MOST_VALUES = 500


def group_of(key: Key) -> int:
    """Return the group of a digest."""
    return int(str(key)[:8], 16) % _MOST_VALUES


@dataclass
class ByRow:
    """Rows: put into groups at random, which are as exchangeable as rows and fewer."""

    n_rows: int
    seed: int
    side: int = 0
    start: int = 0
    column: str = ""

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng([self.seed, self.side, self.start])

    def of(self, batch: nw.DataFrame[Any]) -> tuple[Sequence[Key], Codes]:
        """Return groups of nearly one size."""
        n = min(_GROUPS, self.n_rows)
        return [self.side * _SIDE + group for group in range(n)], self._rng.permutation(len(batch)) % n

    def of_current(self, data: Data, n_rows: int) -> ByRow:  # noqa: ARG002 - as the others
        """Return other groups."""
        return replace(self, n_rows=n_rows, side=1)

    def from_row(self, start: int) -> ByRow:
        """Return the same groups, drawn anew."""
        return replace(self, start=start)

    def words(self, n: int) -> str:
        """Say that rows are taken as independent."""
        return f"{n} random groups of rows"

    def to_json(self) -> dict[str, Json]:
        """Return it in plain JSON types."""
        return {"by": "row", "n_rows": self.n_rows, "seed": self.seed}


_SIDE = 1 << 20  # the key of the first unit of the current data, where theirs are no units of the reference


@dataclass
class ByBlock:
    """Consecutive rows, which allows for neighbours that depend on each other."""

    n_rows: int
    side: int = 0
    done: int = 0
    column: str = ""

    def of(self, batch: nw.DataFrame[Any]) -> tuple[Sequence[Key], Codes]:
        """Return the block of each row."""
        n = min(_BLOCKS, max(self.n_rows // 4, 1))
        block = (self.done + np.arange(len(batch))) * n // self.n_rows
        self.done += len(batch)
        return [self.side * _SIDE + key for key in range(block[0], block[-1] + 1)], block - block[0]

    def rows_of(self, key: Key) -> tuple[int, int]:
        """Return the first and the last row of a block, counted from 1."""
        n = min(_BLOCKS, max(self.n_rows // 4, 1))
        first, after = (-(-(int(key) % _SIDE + more) * self.n_rows // n) for more in (0, 1))
        return first + 1, min(after, self.n_rows)

    def of_current(self, data: Data, n_rows: int) -> ByBlock:  # noqa: ARG002 - as the others
        """Return other blocks."""
        return ByBlock(n_rows, side=1)

    def from_row(self, start: int) -> ByBlock:
        """Return the same blocks."""
        return replace(self, done=start)

    def words(self, n: int) -> str:
        """Say that no unit was said."""
        return f"{n} consecutive blocks of rows"

    def to_json(self) -> dict[str, Json]:
        """Return it in plain JSON types."""
        return {"by": "block", "n_rows": self.n_rows}


@dataclass(frozen=True)
class ByPeriod:
    """Days, hours, minutes of a column of times."""

    column: str
    period: str

    def of(self, batch: nw.DataFrame[Any]) -> tuple[Sequence[Key], Codes]:
        """Return the period of each row; rows without a time are a unit together."""
        numbers = times_of(batch[self.column]).astype(f"datetime64[{self.period}]").astype(np.int64)
        found, codes = np.unique(numbers, return_inverse=True)
        return found.tolist(), codes

    def words(self, n: int) -> str:
        """Say which column."""
        return f"{n} {PERIODS[self.period]} of {self.column}"

    def of_current(self, data: Data, n_rows: int) -> ByPeriod:  # noqa: ARG002 - as the others
        """Return the same."""
        schema = schema_of(data)
        if self.column not in schema or not schema[self.column].is_temporal():
            raise DeclarationError(
                f"the reference's units are {PERIODS[self.period]} of {self.column}, which the data do not have as "
                "times. Hint: unit= says what is independent"
            )
        return self

    def from_row(self, start: int) -> ByPeriod:  # noqa: ARG002 - as the others
        """Return the same."""
        return self

    def to_json(self) -> dict[str, Json]:
        """Return it in plain JSON types."""
        return {"by": "period", "column": self.column, "period": self.period}


def units_from_json(read: Mapping[str, Any]) -> Units:
    """Return what `to_json` wrote."""
    kinds: Mapping[str, Callable[..., Units]] = {"column": ByColumn, "row": ByRow, "block": ByBlock, "period": ByPeriod}
    return kinds[read["by"]](**{name: value for name, value in read.items() if name != "by"})


def times_of(series: nw.Series[Any]) -> NDArray[Any]:
    """Return times in seconds, in UTC where they have a zone; NaT where there is none."""
    import narwhals as nw

    if isinstance(series.dtype, nw.Datetime) and series.dtype.time_zone:
        series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return np.asarray(series.to_numpy()).astype("datetime64[s]")


def choose_units(data: Sequence[Data], unit: str | None, n_rows: int, seed: int) -> Units:
    """Return the units of a reference, the first of `data`; they suit the others too.

    Where none is said: the days (or hours, ...) of the first column of times that all have, else blocks of rows.

    Raises
    ------
    DeclarationError
        When a side does not have the column `unit`.
    """
    schemas = [schema_of(one) for one in data]
    if unit is not None and all(unit in schema for schema in schemas):
        for which, one in zip(_SIDES, data, strict=False):
            if count_rows(one) and not count_values(one, unit):
                raise DeclarationError(f"the unit {unit!r} has no value in {which}. Hint: unit= names another column")
        return ByColumn(unit, any(count_distinct(one, unit) > _MOST_VALUES for one in data))
    if unit == ROW:
        return ByRow(n_rows, seed)
    if unit is not None:
        side = next(number for number, schema in enumerate(schemas) if unit not in schema)
        raise DeclarationError(_no_unit(_SIDES[side], unit, schemas[side]))
    return _period(data, schemas) or ByBlock(n_rows)


_SIDES = ("the reference", "the data")


def _no_unit(side: str, unit: str, schema: Mapping[str, Any]) -> str:
    hint = "Hint: unit='row' where rows are independent"
    return f"{side} has no column {unit!r} for unit. {did_you_mean(unit, schema)} {hint}"


def _period(data: Sequence[Data], schemas: Sequence[Any]) -> ByPeriod | None:
    """Return the longest periods of which each side has enough."""
    times = [
        name
        for name, dtype in schemas[0].items()
        if all(schema.get(name) is not None and schema[name].is_temporal() for schema in schemas)
        and type(dtype).__name__ in {"Date", "Datetime"}
    ]
    for column in times:
        ends = [extremes_of(one, column) for one in data]
        if any(end is None for side in ends for end in side):
            continue
        for period in PERIODS:
            counts = [_count(low, high, period) for low, high in ends]
            if min(counts) >= FEWEST and max(counts) <= _MOST_PERIODS:
                return ByPeriod(column, period)
    return None


def _count(low: Any, high: Any, period: str) -> int:
    first, last = (np.datetime64(str(end)[:19].replace(" ", "T")) for end in (low, high))
    return int((last.astype(f"datetime64[{period}]") - first.astype(f"datetime64[{period}]")).astype(np.int64)) + 1


def shared_units(reference: Sketch, current: Sketch) -> list[tuple[int, int]]:
    """Return the units that stand on both sides, as their numbers there, where that is more than half of each side.

    A few that are shared have the same name by chance (the first days of two months) more often than by design; so do
    those of which one side has a whole and the other a fragment.
    """
    pairs = [(reference.units[key], number) for key, number in current.units.items() if key in reference.units]
    alike = sum(
        1 / _LIKE <= reference.rows[old] * current.rows.sum() / (current.rows[new] * reference.rows.sum()) <= _LIKE
        for old, new in pairs
    )
    return pairs if 2 * alike > max(len(reference.units), len(current.units)) else []


_LIKE = 3.0  # times as large, as a part of its side
