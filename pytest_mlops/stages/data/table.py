"""A frame of any engine, with one rule for missing values: what is null or NaN is missing, everywhere."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.spark import quietly
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.messages import did_you_mean
from pytest_mlops.stages.data.condition import Column, Compare, Every, Missing, Not, Some
from pytest_mlops.stages.data.kinds import Kind, bound, kind_of, members, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import narwhals as nw

    Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]

_ORDER = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True)
class Table:
    """A frame, the kinds of its columns, and the expressions that rules are made of.

    Attributes
    ----------
    ordered
        Whether the rows have an order at all; those of Spark and of a DuckDB relation have none.
    bare
        Columns that are NumPy arrays in a pandas frame: null and NaN are one there, and comparisons are never null.
    """

    frame: Frame
    kinds: Mapping[str, Kind]
    types: Mapping[str, nw.dtypes.DType]
    engine: str
    ordered: bool = True
    bare: frozenset[str] = field(default_factory=frozenset)

    @property
    def columns(self) -> Sequence[str]:
        """Names, in order."""
        return list(self.kinds)

    def kind(self, column: str) -> Kind:
        """Return a column's kind.

        Raises
        ------
        DeclarationError
            When there is no such column.
        """
        if column not in self.kinds:
            raise DeclarationError(f"there is no column {column!r}. {did_you_mean(str(column), self.kinds)}")
        return self.kinds[column]

    def value(self, column: str, rows: Any = None) -> nw.Expr:
        """Return a column as values or null, null too in the rows that a condition leaves out."""
        import narwhals as nw

        kind, value = self.kind(column), nw.col(column)
        if isinstance(self.types[column], nw.Categorical | nw.Enum):
            value = value.cast(nw.String())
        if kind == "boolean":
            value = value.cast(nw.Int64())
        if kind == "float" and column not in self.bare:
            value = nw.when(self._is_number(value)).then(value)
        return value if rows is None else nw.when(self.where(rows)).then(value)

    def _is_number(self, value: nw.Expr) -> nw.Expr:
        if self.engine != "duckdb":
            return ~value.is_nan()
        # DuckDB 2.0 takes isnan() for false where the statistics of a Parquet file say so, and they leave NaN out.
        return value.is_finite() | (value.abs() == math.inf)

    def where(self, condition: Any) -> nw.Expr:
        """Return the expression of a condition: true or false in every row, never null."""
        if isinstance(condition, Every):
            return reduce(operator.and_, map(self.where, condition.conditions))
        if isinstance(condition, Some):
            return reduce(operator.or_, map(self.where, condition.conditions))
        if isinstance(condition, Not):
            return ~self.where(condition.condition)
        if isinstance(condition, Missing):
            return self.value(condition.column).is_null()
        return self._compare(condition)

    def _compare(self, condition: Compare) -> nw.Expr:
        if condition.operator in {"!=", "not in"}:
            opposite = {"!=": "==", "not in": "in"}[condition.operator]
            return ~self._compare(Compare(condition.column, opposite, condition.value))
        value = self.value(condition.column)
        if isinstance(condition.value, Column):
            return self.certainly(_ORDER[condition.operator](value, self.value(condition.value.name)), condition)
        kind = self.kind(condition.column)
        if condition.operator in {"==", "in"}:
            among = condition.value if isinstance(condition.value, tuple) else (condition.value,)
            return self.certainly(self.is_in(condition.column, members(kind, list(among))), condition)
        limit = bound(kind, condition.value, column=condition.column)
        return self.certainly(_ORDER[condition.operator](value, limit), condition)

    def certainly(self, comparison: nw.Expr, condition: Any = None) -> nw.Expr:
        """Return a comparison in which null counts as false."""
        import narwhals as nw

        named = (
            {condition.column, getattr(condition.value, "name", condition.column)} if condition is not None else {""}
        )
        if named <= self.bare:
            return comparison
        return nw.when(comparison).then(nw.lit(value=True)).otherwise(nw.lit(value=False))

    def is_in(self, column: str, among: Sequence[Any], rows: Any = None) -> nw.Expr:
        """Return whether a value is among some, of the column's own type; null in rows without one."""
        import narwhals as nw

        value = self.value(column, rows)
        if not among:
            return value.is_null() & nw.lit(value=False)
        return value.is_in(among)

    def count_true(self, condition: nw.Expr) -> nw.Expr:
        """Return how many rows fulfil a condition; null counts as not."""
        import narwhals as nw

        return condition.sum() if self.engine == "pandas" else condition.cast(nw.Int64()).sum()

    def count_rows(self, frame: Any = None) -> int:
        """Return the number of rows, of this table or of another frame of its engine."""
        import narwhals as nw

        counted = (self.frame if frame is None else frame).select(nw.len().alias("n"))
        return int(self.fetch(counted)["n"][0])

    def count_present(self, column: str) -> int:
        """Return the number of rows that have a value."""
        return int(self.fetch(self.frame.select(self.value(column).count().alias("n")))["n"][0])

    def fetch(self, frame: Frame) -> dict[str, list[Any]]:
        """Return the columns of a small frame, as lists."""
        with quietly():
            return self._eager(frame).to_dict(as_series=False)

    def fetch_array(self, frame: Frame, column: str) -> Any:
        """Return one column without missing values as a NumPy array, in the order of the rows."""
        return self._eager(frame)[column].to_numpy()

    @staticmethod
    def _eager(frame: Frame) -> nw.DataFrame[Any]:
        import narwhals as nw

        return frame.collect() if isinstance(frame, nw.LazyFrame) else frame

    def needs(self, column: str, kinds: frozenset[str], what: str) -> Kind:
        """Return a column's kind, where it is one of those that a rule is about.

        Raises
        ------
        DeclarationError
            When it is not.
        """
        kind = self.kind(column)
        if kind not in kinds:
            raise DeclarationError(f"column {column!r} holds {words(kind)}, which have no {what}")
        return kind


def read_table(frame: Frame, *, ordered: bool = True) -> Table:
    """Return the table of a narwhals frame."""
    frame, empty = _without_null_types(frame)
    schema = frame.collect_schema()
    return Table(
        frame=frame,
        kinds={name: "empty" if name in empty else kind_of(dtype) for name, dtype in schema.items()},
        types=dict(schema),
        engine=str(frame.implementation.value if hasattr(frame.implementation, "value") else frame.implementation),
        ordered=ordered,
        bare=_bare(frame),
    )


def _without_null_types(frame: Frame) -> tuple[Frame, frozenset[str]]:
    """Return a frame whose columns of a null type (Arrow, polars) are numbers, all missing; and their names."""
    import narwhals as nw

    unknown = [name for name, dtype in frame.collect_schema().items() if isinstance(dtype, nw.Unknown)]
    of_null = [name for name in unknown if _type_of(frame, name).lower().startswith("null")]
    return frame.with_columns(nw.col(*of_null).cast(nw.Float64())) if of_null else frame, frozenset(of_null)


def _type_of(frame: Frame, name: str) -> str:
    native: Any = frame.to_native()
    if frame.implementation.is_pandas():
        return str(native.dtypes[name])
    if frame.implementation.is_pyarrow():
        return str(native.schema.field(name).type)
    if frame.implementation.is_polars():
        return str(native.collect_schema()[name])
    return ""


def _bare(frame: Frame) -> frozenset[str]:
    import numpy as np

    if not frame.implementation.is_pandas():
        return frozenset()
    types = frame.to_native().dtypes
    return frozenset(name for name, dtype in types.items() if isinstance(dtype, np.dtype) and dtype.kind in "iufbM")
