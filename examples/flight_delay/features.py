"""One feature code for training, the service and the batch job: only what is known before departure."""

from __future__ import annotations

import numpy as np
import pandas as pd

from examples.flight_delay.source import WEATHER

CARRIERS = ("9E", "AA", "AS", "B6", "DL", "EV", "F9", "FL", "HA", "MQ", "OO", "UA", "US", "VX", "WN", "YV")
ORIGINS = ("EWR", "JFK", "LGA")

CATEGORIES = ["carrier", "origin", "dest"]
NUMBERS = ["month", "weekday", "hour", "minute", "distance"]
# What a caller gives. No departure delay, no air time: they are known too late.
FIELDS = [*CATEGORIES, *NUMBERS, *WEATHER]


def build_features(flights: pd.DataFrame) -> pd.DataFrame:
    """Return the model's columns: each row from itself alone, the input not changed.

    Parameters
    ----------
    flights
        With the columns of `FIELDS`; others are not looked at.

    Raises
    ------
    KeyError
        When a field is missing.
    """
    missing = [field for field in FIELDS if field not in flights.columns]
    if missing:
        raise KeyError(f"flights must have the columns {FIELDS}, missing are {missing}")
    columns = {name: _codes(flights[name]) for name in CATEGORIES}
    columns["minute_of_day"] = _floats(flights["hour"]) * 60 + _floats(flights["minute"])
    columns |= {name: _floats(flights[name]) for name in ("month", "weekday", "distance", *WEATHER)}
    return pd.DataFrame(columns)


def _codes(series: pd.Series) -> np.ndarray:
    """Return codes of two or three characters as numbers in alphabetical order: trees need no more than an order.

    It needs no list of what training saw, so a new airport is scored like its neighbours in the alphabet.
    """
    return np.array([float(int.from_bytes(str(code).encode(), "big")) for code in series])


def _floats(series: pd.Series) -> np.ndarray:
    """Return a column as floats; what is missing becomes NaN, which the model knows how to treat."""
    return series.to_numpy(dtype=np.float64, na_value=np.nan)
