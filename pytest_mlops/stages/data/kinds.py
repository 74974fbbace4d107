"""Kinds of columns, and the literals that each can be compared with."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from pytest_mlops.adapters.dates import parse_date
from pytest_mlops.core.errors import DeclarationError

if TYPE_CHECKING:
    import narwhals as nw

Kind = Literal["whole", "float", "decimal", "boolean", "text", "time", "zoned", "date", "duration", "empty", "other"]
NUMBERS = frozenset({"whole", "float", "decimal", "boolean"})
TIMES = frozenset({"time", "zoned", "date"})


def kind_of(dtype: nw.dtypes.DType) -> Kind:
    """Return the kind of a narwhals type."""
    import narwhals as nw

    if isinstance(dtype, nw.Datetime):
        return "zoned" if dtype.time_zone else "time"
    if dtype.is_integer():
        return "whole"
    if dtype.is_float():
        return "float"
    kinds: dict[type[nw.dtypes.DType], Kind] = {
        nw.Decimal: "decimal",
        nw.Boolean: "boolean",
        nw.String: "text",
        nw.Categorical: "text",
        nw.Enum: "text",
        nw.Date: "date",
        nw.Duration: "duration",
    }
    return next((kind for type_, kind in kinds.items() if isinstance(dtype, type_)), "other")


def bound(kind: Kind, value: Any, *, column: str) -> Any:
    """Return a bound as the column can be compared with it.

    Raises
    ------
    DeclarationError
        When values of the column have no order with it (a number and a text).
    """
    if kind in NUMBERS and isinstance(value, int | float | Decimal):
        return int(value) if isinstance(value, bool) else value
    if kind == "text" and isinstance(value, str):
        return value
    if kind in TIMES and isinstance(value, str | dt.date):
        return _time(kind, value, column)
    raise DeclarationError(f"column {column!r} holds {_WORDS[kind]}, which can't be compared with {value!r}")


def _time(kind: Kind, value: str | dt.date, column: str) -> dt.date:
    moment = parse_date(value) if isinstance(value, str) else value
    if not isinstance(moment, dt.datetime):
        moment = dt.datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001 - as bare as the user wrote it
    if (moment.tzinfo is not None) != (kind == "zoned"):
        has = "a time zone" if kind == "zoned" else "no time zone"
        raise DeclarationError(
            f"column {column!r} has {has}, and the bound {value!r} differs. Hint: write it the same way"
        )
    return moment.date() if kind == "date" and moment.time() == dt.time() else moment


def members(kind: Kind, values: list[Any]) -> list[Any]:
    """Return those members of a set that a column of this kind can hold at all, in the column's type, once each."""
    found = [_member(kind, value) for value in values if value is not None]
    return list(dict.fromkeys(value for value in found if value is not None))


def _member(kind: Kind, value: Any) -> Any:
    if kind in NUMBERS:
        return _number(kind, value)
    if kind == "text":
        return value if isinstance(value, str) else None
    if kind in TIMES and isinstance(value, str | dt.date):
        try:
            return _time(kind, value, "")
        except (DeclarationError, ValueError):
            return None
    return None


def _number(kind: Kind, value: Any) -> Any:
    if not isinstance(value, int | float | Decimal) or (isinstance(value, float) and math.isnan(value)):
        return None
    if kind == "boolean":
        return int(value) if value in {0, 1} else None
    if kind == "whole":
        return int(value) if math.isfinite(value) and value == int(value) else None
    return float(value)


def whole_bounds(low: Any, high: Any, *, strict_low: bool, strict_high: bool) -> tuple[Any, Any, bool, bool]:
    """Return the bounds for whole numbers: whole themselves, so that no engine compares in floating point."""
    if isinstance(low, float | Decimal) and math.isfinite(low) and low != int(low):
        low, strict_low = math.ceil(low), False
    if isinstance(high, float | Decimal) and math.isfinite(high) and high != int(high):
        high, strict_high = math.floor(high), False
    return _exact(low), _exact(high), strict_low, strict_high


def _exact(value: Any) -> Any:
    return int(value) if isinstance(value, float | Decimal) and math.isfinite(value) else value


_WORDS: dict[Kind, str] = {
    "whole": "whole numbers",
    "float": "numbers",
    "decimal": "decimal numbers",
    "boolean": "true and false",
    "text": "text",
    "time": "times without a zone",
    "zoned": "times with a zone",
    "date": "dates",
    "duration": "durations",
    "empty": "nothing, not even a type",
    "other": "values without an order",
}


def words(kind: Kind) -> str:
    """Return what a column of this kind holds, for a sentence."""
    return _WORDS[kind]
