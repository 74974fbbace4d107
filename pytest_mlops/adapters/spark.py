"""PySpark: what its own engine must do with a function of Python, where the rows are."""

from __future__ import annotations

import itertools
import pickle
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

T = TypeVar("T")


def count_where(frame: Any, column: str, condition: Callable[[Any], bool]) -> int:
    """Return how many rows have a value that fulfils a condition; only the count comes back."""
    from pyspark.sql import functions
    from pyspark.sql.types import BooleanType

    with quietly():
        fulfils = functions.udf(condition, BooleanType())
        return int(frame.where(functions.col(column).isNotNull() & fulfils(functions.col(column))).count())


def fold_partitions(frame: Any, fold: Callable[[Iterator[Any], int], T]) -> list[T]:
    """Return what a function makes of the rows of each partition that has some, in their order.

    The rows stay where they are: what comes back is pickled there.

    Parameters
    ----------
    fold
        Takes narwhals frames, and the number of the rows of the partitions before.
    """
    with quietly():
        rows = {int(number): int(n) for number, n in _each(frame, _count).items()}
        starts, before = {}, 0
        for number, n in sorted(rows.items()):
            starts[number] = before
            before += n
        parts = _each(frame, _Fold(fold, starts))
    return [pickle.loads(part) for _, part in sorted(parts.items())]  # noqa: S301 - what this function pickled there


def _each(frame: Any, work: Callable[[int, Iterator[Any]], bytes]) -> dict[int, bytes]:
    from pyspark import TaskContext

    def run(batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow as pa

        context: Any = TaskContext.get()
        number = context.partitionId()
        first = next(batches, None)
        if first is not None:
            part = work(number, itertools.chain([first], batches))
            yield pa.RecordBatch.from_pydict({"number": [number], "part": [part]})

    return {row["number"]: bytes(row["part"]) for row in frame.mapInArrow(run, "number long, part binary").collect()}


def _count(_: int, batches: Iterator[Any]) -> bytes:
    return str(sum(batch.num_rows for batch in batches)).encode()


@dataclass(frozen=True)
class _Fold:
    """What is done in each partition; it is sent there."""

    fold: Callable[[Iterator[Any], int], object]
    starts: Mapping[int, int]

    def __call__(self, number: int, batches: Iterator[Any]) -> bytes:
        return pickle.dumps(self.fold(_frames(batches), self.starts.get(number, 0)))


def _frames(batches: Iterator[Any]) -> Iterator[Any]:
    """Yield batches together, as narwhals frames: those of Spark are small."""
    import narwhals as nw
    import pyarrow as pa

    held: list[Any] = []
    for batch in batches:
        held.append(batch)
        if sum(one.num_rows for one in held) >= _ROWS:
            yield nw.from_native(pa.Table.from_batches(held), eager_only=True)
            held = []
    if rows := [batch for batch in held if batch.num_rows]:
        yield nw.from_native(pa.Table.from_batches(rows), eager_only=True)


_ROWS = 131_072


@contextmanager
def quietly() -> Iterator[None]:
    """Silence what PySpark 4 says of pandas 3, which is not the user's doing, who may have made warnings errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield
