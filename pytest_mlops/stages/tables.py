"""Between data sets: keys, references, what training and test share, partitions, and rows that a join keeps."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.dates import parse_date
from pytest_mlops.adapters.frames import Data, digest_data, open_together
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.judge import Judgement, judge
from pytest_mlops.core.limit import Limit
from pytest_mlops.core.measurement import Measurement
from pytest_mlops.core.messages import did_you_mean
from pytest_mlops.core.result import Result
from pytest_mlops.core.source import calling_place
from pytest_mlops.stages.data.asks import GroupSizes
from pytest_mlops.stages.data.kinds import NUMBERS
from pytest_mlops.stages.data.table import Table, read_table
from pytest_mlops.stats.giveaway import told_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Columns = str | tuple[str, ...] | list[str]


@dataclass(frozen=True, kw_only=True)
class Tables(Result):
    """Data sets by name, to be held against each other: `tables.require(disjoint("train", "test"))`."""

    tables: Mapping[str, Table] = field(default_factory=dict, repr=False, compare=False)
    seed: int = 0

    def table(self, name: str) -> Table:
        """Return a data set by its name.

        Raises
        ------
        DeclarationError
            When there is none.
        """
        if name not in self.tables:
            raise DeclarationError(f"there is no data set {name!r}. {did_you_mean(name, self.tables)}")
        return self.tables[name]


@dataclass(frozen=True)
class Relation:
    """A requirement on some of the data sets: measures, and judges what it measured."""

    measure: Callable[[Tables], Iterable[Measurement]]
    limit: Limit

    def judge(self, result: Result) -> Iterable[Judgement]:
        """Judge what is measured on the data sets of a result."""
        if not isinstance(result, Tables):
            raise DeclarationError(
                "this requirement is about data sets. Hint: mlops_tables(train=..., test=...).require(...)"
            )
        for measurement in self.measure(result):
            yield judge(measurement, self.limit)


def open_tables(tables: Mapping[str, Data], *, seed: int) -> Tables:
    """Return data sets by name, files unread, of one engine."""
    if not tables:
        raise DeclarationError("mlops_tables needs at least one data set, name=frame or name=path")
    frames = open_together(tables)
    return Tables(
        stage="data",
        subject=" and ".join(tables),
        measurements=(),
        digests={f"data:{name}": digest_data(data) for name, data in tables.items()},
        tables={name: read_table(frame) for name, frame in frames.items()},
        seed=seed,
    )


def unique_key(table: str, columns: Columns) -> Relation:
    """Require that no two rows of a data set share their key, and none lacks it."""
    names = names_of(columns)

    def measure(tables: Tables) -> Iterable[Measurement]:
        data = tables.table(table)
        for name in names:
            data.kind(name)
        repeated = GroupSizes(names, None, with_missing=False).answer(data)["repeated"]
        lacking = _count(
            data, lambda nw: nw.any_horizontal(*(data.value(name).is_null() for name in names), ignore_nulls=True)
        )
        yield _counted("repeated_keys", f"{table}.{','.join(names)}", repeated, data.count_rows())
        yield _counted("missing_keys", f"{table}.{','.join(names)}", lacking, data.count_rows())

    return Relation(measure, _none())


def references(child: str, column: Columns, parent: str, key: Columns = ()) -> Relation:
    """Require that what one data set refers to stands in another; a missing value refers to nothing."""
    names, keys = names_of(column), names_of(key) or names_of(column)

    def measure(tables: Tables) -> Iterable[Measurement]:
        import narwhals as nw

        left, right = _keyed(tables.table(child), names), _keyed(tables.table(parent), keys).unique()
        some = left.filter(*(~nw.col(name).is_null() for name in left.collect_schema().names()))
        orphans = some.join(right, on=some.collect_schema().names(), how="anti")
        yield _counted(
            "orphans",
            f"{child}.{','.join(names)}",
            tables.table(child).count_rows(orphans),
            tables.table(child).count_rows(some),
        )

    return Relation(measure, _none())


def disjoint(left: str, right: str, *, by: Columns = ()) -> Relation:
    """Require that two data sets share no row (over the columns that both have), or no entity."""
    names = names_of(by)

    def measure(tables: Tables) -> Iterable[Measurement]:
        one, other = tables.table(left), tables.table(right)
        columns = names or tuple(name for name in one.columns if name in other.columns and one.kind(name) != "other")
        if not columns:
            raise DeclarationError(f"{left} and {right} have no column in common")
        written = _keyed if names else _written  # a missing entity is none, but a row with gaps is a row
        shared = written(one, columns).join(written(other, columns).unique(), on=_keys(columns), how="semi")
        n = min(one.count_rows(), other.count_rows())
        yield _counted(
            "shared_rows" if not names else "shared_entities", f"{left} and {right}", one.count_rows(shared), n
        )

    return Relation(measure, _none())


def no_time_leakage(train: str, test: str, *, time: str) -> Relation:
    """Require that all of the training data lies before the first moment of the test data."""

    def measure(tables: Tables) -> Iterable[Measurement]:
        one, other = tables.table(train), tables.table(test)
        for table in (one, other):
            table.kind(time)
        first = other.fetch(other.frame.select(other.value(time).min().alias("first")))["first"][0]
        tested = other.count_present(time)
        late = _count(one, lambda _: one.value(time) >= first) if tested else 0
        yield _counted("late_rows", f"{train}.{time}", late, one.count_present(time) if tested else 0)

    return Relation(measure, _none())


def no_giveaway(table: str, *, target: str, at_most: float = 0.95, but: Columns = ()) -> Relation:
    """Require that no single feature tells the target: the cross-fitted area under its curve stays below a limit."""
    left_out = {target, *names_of(but)}

    def measure(tables: Tables) -> Iterable[Measurement]:
        import numpy as np

        data = tables.table(table)
        data.kind(target)
        names = [name for name in data.columns if name not in left_out and data.kind(name) != "other"]
        columns = data.fetch(data.frame.select(*(data.value(name).alias(name) for name in [target, *names])))
        truth = np.array([np.nan if value is None else float(value) for value in columns[target]])
        known = ~np.isnan(truth)
        if set(np.unique(truth[known])) != {0.0, 1.0}:
            raise DeclarationError(f"no_giveaway needs a target of 0 and 1, both of them; {table}.{target} has others")
        told = {name: told_by(_array(columns[name])[known], truth[known], seed=tables.seed) for name in names}
        for name, area in told.items():
            yield Measurement(
                name="data.told_by_one_feature",
                subject=f"{table}.{name}",
                value=max(area, 1 - area),
                n=int(known.sum()),
                method="cross-fitted target encoding, area under the curve",
                seed=tables.seed,
            )

    return Relation(measure, Limit(high=at_most, by="point", source=calling_place()))


def fresh(table: str, *, time: str, within: dt.timedelta, now: str | dt.datetime | None = None) -> Relation:
    """Require that the newest row is not older than a span of time; `now` is the clock's where it is not given."""

    def measure(tables: Tables) -> Iterable[Measurement]:
        data = tables.table(table)
        kind = data.kind(time)
        newest = data.fetch(data.frame.select(data.value(time).max().alias("newest")))["newest"][0]
        moment = (parse_date(now) if isinstance(now, str) else now) or dt.datetime.now(dt.UTC)
        n = data.count_present(time)
        age = None if not n else seconds_between(newest, moment, zoned=kind == "zoned")
        yield Measurement(name="data.age", subject=f"{table}.{time}", value=age, unit="s", n=n, method="newest row")

    return Relation(measure, Limit(high=within.total_seconds(), unit="s", by="point", source=calling_place()))


def every_day(table: str, *, day: str, start: str, end: str, at_least: int = 1) -> Relation:
    """Require at least so many rows of each day, from the first to the last one, both included."""

    def measure(tables: Tables) -> Iterable[Measurement]:
        import narwhals as nw

        data = tables.table(table)
        if data.kind(day) not in {"date", "time", "zoned"}:
            raise DeclarationError(f"every_day needs a column of dates or times, {table}.{day} is none")
        days = data.frame.select(data.value(day).cast(nw.Date()).alias("day")).group_by("day").agg(nw.len().alias("n"))
        found = data.fetch(days)
        counts = dict(zip(found["day"], found["n"], strict=True))
        first, last = parse_date(start).date(), parse_date(end).date()
        wanted = [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]
        counts = {_date(key): int(count) for key, count in counts.items() if key is not None}
        poor = [date for date in wanted if counts.get(date, 0) < at_least]
        note = f"the first is {poor[0]}, with {counts.get(poor[0], 0):,} rows" if poor else ""
        yield _counted(
            "poor_days", f"{table}.{day}", len(poor), len(wanted) if data.count_rows() else 0, unit="days", note=note
        )

    return Relation(measure, Limit(high=0, unit="days", by="point", source=calling_place()))


def conserves_rows(before: str, after: str) -> Relation:
    """Require that a join, or any other step, neither lost nor multiplied rows."""

    def measure(tables: Tables) -> Iterable[Measurement]:
        rows, kept = tables.table(before).count_rows(), tables.table(after).count_rows()
        note = f"rows: {before} {rows:,}, {after} {kept:,}"
        yield _counted("rows_lost_or_added", f"{before} and {after}", abs(kept - rows), rows, note=note)

    return Relation(measure, _none())


def _none() -> Limit:
    return Limit(high=0, unit="rows", by="point", source=calling_place())


def _counted(name: str, subject: str, count: int, n: int, *, unit: str = "rows", note: str = "") -> Measurement:
    return Measurement(name=f"data.{name}", subject=subject, value=count if n else None, unit=unit, n=n, note=note)


def names_of(columns: Columns) -> tuple[str, ...]:
    """Return columns that are given by one name, or by several."""
    return (columns,) if isinstance(columns, str) else tuple(columns)


def _keys(columns: Sequence[str]) -> list[str]:
    return [f"mlops_key_{number}" for number in range(len(columns))]


def _keyed(table: Table, columns: Sequence[str]) -> Any:
    pairs = zip(columns, _keys(columns), strict=True)
    return table.frame.select(*(table.value(column).alias(key) for column, key in pairs))


def _written(table: Table, columns: Sequence[str]) -> Any:
    """Return columns as text, in which what is missing equals what is missing; numbers of any type as floats."""
    import narwhals as nw

    def text(column: str) -> Any:
        value = table.value(column)
        value = value.cast(nw.Float64()) if table.kind(column) in NUMBERS else value
        return nw.when(value.is_null()).then(nw.lit("\x00")).otherwise(value.cast(nw.String()))

    pairs = zip(columns, _keys(columns), strict=True)
    return table.frame.select(*(text(column).alias(key) for column, key in pairs))


def _count(table: Table, condition: Callable[[Any], Any]) -> int:
    import narwhals as nw

    return int(table.fetch(table.frame.select(table.count_true(condition(nw)).alias("n")))["n"][0] or 0)


def _array(values: list[Any]) -> Any:
    import numpy as np

    some = next((value for value in values if value is not None), None)
    if isinstance(some, bool | int | float):
        return np.array([np.nan if value is None else float(value) for value in values])
    return np.array(values, dtype=object)


def seconds_between(newest: Any, moment: dt.datetime, *, zoned: bool) -> float:
    """Return how long ago a moment was; without a zone it is taken for UTC."""
    at = newest if isinstance(newest, dt.datetime) else dt.datetime.combine(newest, dt.time())
    if zoned and moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    if not zoned:
        moment = moment.astimezone(dt.UTC).replace(tzinfo=None) if moment.tzinfo is not None else moment
    return (moment - at).total_seconds()


def _date(value: Any) -> dt.date:
    return value.date() if isinstance(value, dt.datetime) else value
