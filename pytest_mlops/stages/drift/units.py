"""What is exchangeable: the units that are said, rows, or what the data show of their dependence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pytest_mlops.adapters.batches import extremes_of, schema_of
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.messages import did_you_mean
from pytest_mlops.stats.dependence import Blocks, between_neighbours, within_blocks

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    import narwhals as nw
    from numpy.typing import NDArray

    from pytest_mlops.adapters.frames import Data
    from pytest_mlops.stages.drift.sketch import Sketch

    Codes = NDArray[np.intp]

ROW = "row"  # the unit of rows that are independent
_GROUPS = 100
_BLOCKS = 240
_FEWEST = 15  # blocks or periods, below which they are not made longer
_PERIODS = {"D": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_MOST_PERIODS = 2_000


class Units(Protocol):
    """Says which unit each row of a batch is in."""

    def of(self, batch: nw.DataFrame[Any]) -> tuple[Sequence[Hashable], Codes]:
        """Return the units of a batch, and for each row which of them it is in."""

    def words(self, n: int) -> str:
        """Say what the units are."""


@dataclass
class ByColumn:
    """The values of a column: a day, a customer."""

    column: str

    def of(self, batch: nw.DataFrame[Any]) -> tuple[Sequence[Hashable], Codes]:
        """Return the values; rows without one are a unit together."""
        from pytest_mlops.adapters.arrow import encode

        codes, found = encode(batch[self.column])
        missing = codes < 0
        return ([*found, ""], np.where(missing, len(found), codes)) if missing.any() else (found, codes)

    def words(self, n: int) -> str:
        """Say which column."""
        return f"{n} {'value' if n == 1 else 'values'} of {self.column}"


@dataclass
class ByRow:
    """Rows: put into groups at random, which are as exchangeable as rows and fewer."""

    rng: np.random.Generator
    n_rows: int
    side: int

    def of(self, batch: nw.DataFrame[Any]) -> tuple[Sequence[Hashable], Codes]:
        """Return groups of nearly one size."""
        n = min(_GROUPS, self.n_rows)
        return [(self.side, group) for group in range(n)], self.rng.permutation(len(batch)) % n

    def words(self, n: int) -> str:
        """Say that rows are taken as independent."""
        return f"{n} random groups of rows"


@dataclass
class ByBlock:
    """Consecutive rows, which allows for neighbours that depend on each other."""

    n_rows: int
    done: int = 0

    def of(self, batch: nw.DataFrame[Any]) -> tuple[Sequence[Hashable], Codes]:
        """Return the block of each row."""
        n = min(_BLOCKS, max(self.n_rows // 4, 1))
        block = (self.done + np.arange(len(batch))) * n // self.n_rows
        self.done += len(batch)
        return list(range(block[0], block[-1] + 1)), block - block[0]

    def words(self, n: int) -> str:
        """Say that no unit was said."""
        return f"{n} consecutive blocks of rows"


@dataclass
class ByPeriod:
    """Days, hours, minutes of a column of times."""

    column: str
    period: str

    def of(self, batch: nw.DataFrame[Any]) -> tuple[Sequence[Hashable], Codes]:
        """Return the period of each row; rows without a time are a unit together."""
        numbers = _times(batch[self.column]).astype(f"datetime64[{self.period}]").astype(np.int64)
        found, codes = np.unique(numbers, return_inverse=True)
        return found.tolist(), codes

    def words(self, n: int) -> str:
        """Say which column."""
        return f"{n} {_PERIODS[self.period]} of {self.column}"


def _times(series: nw.Series[Any]) -> NDArray[Any]:
    import narwhals as nw

    if isinstance(series.dtype, nw.Datetime) and series.dtype.time_zone:
        series = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return np.asarray(series.to_numpy()).astype("datetime64[s]")


def choose_units(data: Sequence[Data], unit: str | None, n_rows: Sequence[int], seed: int) -> list[Units]:
    """Return the units of the reference and of the current data.

    Where none is said: the days (or hours, ...) of the first column of times that both have, else blocks of rows.

    Raises
    ------
    DeclarationError
        When a side does not have the column `unit`.
    """
    schemas = [schema_of(one) for one in data]
    if unit is not None and all(unit in schema for schema in schemas):
        return [ByColumn(unit) for _ in data]
    if unit == ROW:
        return [ByRow(np.random.default_rng([seed, side]), n, side) for side, n in enumerate(n_rows)]
    if unit is not None:
        side = next(number for number, schema in enumerate(schemas) if unit not in schema)
        raise DeclarationError(
            f"{('the reference', 'the data')[side]} has no column {unit!r} for unit. "
            f"{did_you_mean(unit, schemas[side])}. Hint: unit='row' where rows are independent"
        )
    found = _period(data, schemas)
    return [found for _ in data] if found is not None else [ByBlock(n) for n in n_rows]


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
        for period in _PERIODS:
            counts = [_count(low, high, period) for low, high in ends]
            if min(counts) >= _FEWEST and max(counts) <= _MOST_PERIODS:
                return ByPeriod(column, period)
    return None


def _count(low: Any, high: Any, period: str) -> int:
    first, last = (np.datetime64(str(end)[:19].replace(" ", "T")) for end in (low, high))
    return int((last.astype(f"datetime64[{period}]") - first.astype(f"datetime64[{period}]")).astype(np.int64)) + 1


def shared_units(reference: Sketch, current: Sketch) -> list[tuple[int, int]]:
    """Return the units that stand on both sides, as their numbers there, where that is more than half of each side.

    A few that are shared have the same name by chance (the first days of two months) more often than by design.
    """
    pairs = [(reference.units[key], number) for key, number in current.units.items() if key in reference.units]
    return pairs if 2 * len(pairs) > max(len(reference.units), len(current.units)) else []


def widen(sketches: Sequence[Sketch], *, ordered: bool) -> tuple[list[Sketch], str]:
    """Return sketches of longer blocks where neighbours depend on each other; and what was found, in words.

    Blocks are made twice as long until neighbouring ones are no longer alike, or few are left.
    """
    if not ordered or any(len(sketch.units) < _FEWEST for sketch in sketches):
        return list(sketches), ""
    correlation, column = max((found for sketch in sketches for found in _within(sketch)), default=(0.0, ""))
    if not column:
        return list(sketches), ""
    said = f"rows are not independent: correlation {correlation:.2f} within blocks in {column}"
    alike = _alike(sketches)
    while alike and min(len(sketch.units) for sketch in sketches) >= 2 * _FEWEST:
        sketches = [_doubled(sketch) for sketch in sketches]
        alike = _alike(sketches)
    if alike:
        said += f"; even the longest blocks are like their neighbours in {alike}. Hint: unit= says what is independent"
    return list(sketches), said


def _doubled(sketch: Sketch) -> Sketch:
    pairs: dict[Hashable, int] = {}
    place = [pairs.setdefault(int(key) // 2, len(pairs)) for key in sketch.units]  # type: ignore[call-overload]
    return sketch.grouped(pairs, np.array(place, dtype=np.intp))


def _within(sketch: Sketch) -> Iterable[tuple[float, str]]:
    for name, blocks in _blocks(sketch):
        correlation = within_blocks(blocks)
        if correlation is not None:
            yield correlation, name


def _alike(sketches: Sequence[Sketch]) -> str:
    """Return the first column whose neighbouring blocks are alike, or nothing."""
    return next((name for one in sketches for name, blocks in _blocks(one) if between_neighbours(blocks)), "")


def _blocks(sketch: Sketch) -> Iterable[tuple[str, Blocks]]:
    """Yield the sums of what is looked at in each column, by unit in their order."""
    order = np.argsort(np.array([int(key) for key in sketch.units], dtype=np.int64))  # type: ignore[call-overload]
    rows = sketch.rows[order].astype(np.float64)
    for name, column in sketch.columns.items():
        if column.is_name:
            continue
        table = sketch.table(name)[order]
        filled = table.sum(axis=1)
        if column.grid is not None:
            scores = column.grid.normal_scores()
            yield name, Blocks(filled, table @ scores, table @ scores**2)
        else:
            for cell in np.argsort(-table.sum(axis=0), kind="stable")[:4]:
                yield name, Blocks(filled, table[:, cell], table[:, cell])
        yield name, Blocks(rows, rows - filled, rows - filled)
