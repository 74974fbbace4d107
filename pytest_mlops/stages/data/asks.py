"""What a rule asks of the rows: numbers that one `select` answers together, and questions with a query of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    import narwhals as nw

    from pytest_mlops.stages.data.table import Table


@dataclass(frozen=True)
class Number:
    """One aggregate. Equal asks, by their key, are answered once for all rules; a count is answered as an int."""

    key: tuple[Hashable, ...]
    build: Callable[[Table], nw.Expr] = field(compare=False, repr=False)
    is_count: bool = False


def rows_in(rows: Any = None) -> Number:
    """Ask how many rows there are."""

    def build(table: Table) -> nw.Expr:
        import narwhals as nw

        return nw.len() if rows is None else table.count_true(table.where(rows))

    return Number(("rows", rows), build, is_count=True)


def present(column: str, rows: Any = None) -> Number:
    """Ask how many rows have a value."""
    return Number(("present", column, rows), lambda table: table.value(column, rows).count(), is_count=True)


def least(column: str, rows: Any = None) -> Number:
    """Ask for the smallest value."""
    return Number(("least", column, rows), lambda table: table.value(column, rows).min())


def most(column: str, rows: Any = None) -> Number:
    """Ask for the largest value."""
    return Number(("most", column, rows), lambda table: table.value(column, rows).max())


def mean(column: str, rows: Any = None) -> Number:
    """Ask for the mean."""
    return Number(("mean", column, rows), lambda table: as_float(table, column, rows).mean())


def deviation(column: str, rows: Any = None) -> Number:
    """Ask for the sample's standard deviation (n - 1)."""
    return Number(("deviation", column, rows), lambda table: as_float(table, column, rows).std(ddof=1))


def total(column: str, rows: Any = None) -> Number:
    """Ask for the sum; of no values it is 0."""
    return Number(("total", column, rows), lambda table: table.value(column, rows).sum())


def quantile(column: str, share: float, rows: Any = None) -> Number:
    """Ask for a quantile, interpolated linearly."""
    return Number(
        ("quantile", column, share, rows),
        lambda table: as_float(table, column, rows).quantile(share, interpolation="linear"),
    )


def different(column: str, rows: Any = None) -> Number:
    """Ask how many different values there are, without the missing ones."""
    return Number(("different", column, rows), lambda table: _different(table.value(column, rows)), is_count=True)


def occurring(column: str, among: tuple[Any, ...], rows: Any = None) -> Number:
    """Ask how many of some values occur."""

    def build(table: Table) -> nw.Expr:
        import narwhals as nw

        return _different(nw.when(table.is_in(column, among, rows)).then(table.value(column, rows)))

    return Number(("occurring", column, among, rows), build, is_count=True)


def _different(value: nw.Expr) -> nw.Expr:
    import narwhals as nw

    return value.n_unique() - (value.null_count() > 0).cast(nw.Int64())  # null is one of the values to n_unique


def fulfilling(key: tuple[Hashable, ...], condition: Callable[[Table], nw.Expr]) -> Number:
    """Ask how many rows fulfil a condition."""
    return Number(("fulfilling", *key), lambda table: table.count_true(condition(table)), is_count=True)


def as_count(value: Any) -> int:
    """Return a count as engines give it: in a Decimal or a float, and for no rows as nothing, or not a number."""
    return 0 if value is None or value != value else int(value)  # noqa: PLR0124 - NaN alone differs from itself


def as_float(table: Table, column: str, rows: Any) -> nw.Expr:
    """Return a column whose statistics are floats; decimals become such."""
    import narwhals as nw

    value = table.value(column, rows)
    return value.cast(nw.Float64()) if table.kind(column) == "decimal" else value


@dataclass(frozen=True)
class GroupSizes:
    """Ask how rows group by their values in some columns, the missing ones equal among themselves."""

    columns: tuple[str, ...]
    rows: Any = None
    with_missing: bool = True

    def answer(self, table: Table) -> dict[str, int]:
        """Return `repeated` (rows whose values occur more than once), `groups`, `most` and `at_most`."""
        import narwhals as nw

        sizes = _groups(table, self.columns, self.rows, with_missing=self.with_missing)
        size = nw.col(_SIZE)
        repeated = nw.when(size > 1).then(size).sum()
        answer = table.fetch(
            sizes.select(repeated.alias("repeated"), nw.len().alias("groups"), size.max().alias("most"))
        )
        return {name: as_count(values[0]) for name, values in answer.items()}


@dataclass(frozen=True)
class Values:
    """Ask for the different values of a column and how often each occurs. They must not leave the rule."""

    column: str
    rows: Any = None

    def answer(self, table: Table) -> list[tuple[Any, int]]:
        """Return pairs of a value and its count, without the missing ones."""
        columns = table.fetch(_groups(table, (self.column,), self.rows, with_missing=False))
        return [(value, int(size)) for value, size in zip(columns[_KEY + "0"], columns[_SIZE], strict=True)]


@dataclass(frozen=True)
class Modes:
    """Ask for the most common values: how many there are, and how many of them are among some."""

    column: str
    among: tuple[Any, ...]
    rows: Any = None

    def answer(self, table: Table) -> tuple[int, int]:
        """Return the number of most common values, and of those among the given ones."""
        import narwhals as nw

        sizes = _groups(table, (self.column,), self.rows, with_missing=False)
        most = table.fetch(sizes.select(nw.col(_SIZE).max().alias(_SIZE)))[_SIZE][0]
        if not as_count(most):
            return 0, 0
        modes = sizes.filter(nw.col(_SIZE) == as_count(most))
        inside = modes.filter(nw.col(_KEY + "0").is_in(list(self.among))) if self.among else None
        return table.count_rows(modes), 0 if inside is None else table.count_rows(inside)


@dataclass(frozen=True)
class Failing:
    """Ask how many values a function of Python turns down; it sees each different value once.

    On Spark the function runs where the rows are.
    """

    column: str
    rows: Any
    name: str
    parameters: tuple[Any, ...]
    accepts: Callable[[Any], bool] = field(compare=False, repr=False)

    def answer(self, table: Table) -> int:
        """Return the number of rows whose value is not accepted."""
        if table.engine == "pyspark":
            from pytest_mlops.adapters.spark import count_where

            values = table.frame.select(table.value(self.column, self.rows).alias(_KEY))
            return count_where(values.to_native(), _KEY, lambda value: not self.accepts(value))
        return sum(size for value, size in Values(self.column, self.rows).answer(table) if not self.accepts(value))


_SIZE, _KEY = "mlops_size", "mlops_key_"


def _groups(table: Table, columns: Sequence[str], rows: Any, *, with_missing: bool) -> Any:
    import narwhals as nw

    frame = table.frame if rows is None else table.frame.filter(table.where(rows))
    keys = [f"{_KEY}{number}" for number in range(len(columns))]
    keyed = frame.select(*(table.value(column).alias(key) for column, key in zip(columns, keys, strict=True)))
    if not with_missing:
        keyed = keyed.filter(*(~nw.col(key).is_null() for key in keys))
    if isinstance(keyed, nw.DataFrame) and not len(keyed):  # narwhals can't aggregate no rows of pandas
        return keyed.with_columns(nw.lit(0).alias(_SIZE))
    return keyed.group_by(keys).agg(nw.len().alias(_SIZE))


@dataclass(frozen=True)
class Steps:
    """Ask how many values are out of order."""

    column: str
    rows: Any
    downwards: bool
    strictly: bool

    def answer(self, table: Table) -> int:
        """Return how many values are not in order with the value before them."""
        import narwhals as nw

        if not table.ordered:
            raise DeclarationError(
                f"the rows of {table.engine} have no order. Hint: sort them into a file, or a frame of pandas or polars"
            )
        frame = table.frame if self.rows is None else table.frame.filter(table.where(self.rows))
        present = frame.select(table.value(self.column).alias(_KEY)).filter(~nw.col(_KEY).is_null())
        values = table.fetch_array(present, _KEY)
        earlier, later = values[:-1], values[1:]
        if self.downwards:
            earlier, later = later, earlier
        wrong = earlier >= later if self.strictly else earlier > later
        return int(wrong.sum())


Ask = Number | GroupSizes | Values | Modes | Failing | Steps
