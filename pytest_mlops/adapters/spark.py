"""PySpark: what its own engine must do with a function of Python, where the rows are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def count_where(frame: Any, column: str, condition: Callable[[Any], bool]) -> int:
    """Return how many rows have a value that fulfils a condition; only the count comes back."""
    from pyspark.sql import functions
    from pyspark.sql.types import BooleanType

    fulfils = functions.udf(condition, BooleanType())
    return int(frame.where(functions.col(column).isNotNull() & fulfils(functions.col(column))).count())
