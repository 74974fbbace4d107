"""PySpark: what its own engine must do with a function of Python, where the rows are."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def count_where(frame: Any, column: str, condition: Callable[[Any], bool]) -> int:
    """Return how many rows have a value that fulfils a condition; only the count comes back."""
    from pyspark.sql import functions
    from pyspark.sql.types import BooleanType

    with quietly():
        fulfils = functions.udf(condition, BooleanType())
        return int(frame.where(functions.col(column).isNotNull() & fulfils(functions.col(column))).count())


@contextmanager
def quietly() -> Iterator[None]:
    """Silence what PySpark 4 says of pandas 3, which is not the user's doing, who may have made warnings errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield
