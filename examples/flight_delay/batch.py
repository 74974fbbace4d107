"""The scheduled batch job: scores a month of flights from Parquet to Parquet.

python -m examples.flight_delay.batch --model FOLDER INPUT.parquet OUTPUT.parquet
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from examples.flight_delay.champion import THRESHOLD, Champion, load_champion
from examples.flight_delay.contract import SCHEMAS
from examples.flight_delay.features import FIELDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

KEY = "flight_id"
ROWS_AT_ONCE = 8192
_SCHEMA = pa.schema([(KEY, pa.int64()), ("probability", pa.float64()), ("late", pa.bool_())])


class BadInput(ValueError):
    """The input can't be scored."""


def score_file(champion: Champion, source: Path, target: Path) -> int:
    """Score a file a few thousand rows at a time; the result appears whole under its name, or not at all.

    Returns
    -------
    int
        How many rows were scored.

    Raises
    ------
    BadInput
        When a column is missing or a value is out of range: with the row and the column.
    """
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        rows = _score_into(champion, source, part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return rows


def _score_into(champion: Champion, source: Path, part: Path) -> int:
    file = pq.ParquetFile(source)
    columns = [KEY, *FIELDS]
    missing = [column for column in columns if column not in file.schema_arrow.names]
    if missing:
        raise BadInput(f"{source.name} must have the columns {columns}, missing are {missing}")
    done = 0
    with pq.ParquetWriter(part, _SCHEMA, compression="zstd") as writer:
        for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, columns=columns):
            flights = batch.to_pandas()
            _check(flights, first_row=done, name=source.name)
            writer.write_table(_score(champion, flights))
            done += len(flights)
    return done


def _score(champion: Champion, flights: pd.DataFrame) -> pa.Table:
    probability = champion.predict_proba(flights)
    return pa.table(
        {KEY: flights[KEY].to_numpy(), "probability": probability, "late": probability >= THRESHOLD}, schema=_SCHEMA
    )


def _check(flights: pd.DataFrame, *, first_row: int, name: str) -> None:
    """Refuse what the live API refuses: the ranges are those of its contract."""
    for field, rule in SCHEMAS["Flight"]["properties"].items():
        values = flights[field]
        if "enum" in rule:
            good = values.isin(rule["enum"])
        elif "minimum" in rule:
            good = values.between(rule["minimum"], rule["maximum"]) | (values.isna() & ("null" in rule["type"]))
        else:
            good = values.astype(str).str.fullmatch(rule["pattern"].strip("^$"))
        if not good.all():
            row = int((~good).to_numpy().argmax())
            raise BadInput(f"{name}, row {first_row + row}: {field} must be {rule}, got {values.iloc[row]!r}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Score a file; exit with 2 and a sentence when the input is bad."""
    parser = argparse.ArgumentParser(description="Score a month of flights.")
    parser.add_argument("--model", type=Path, required=True, help="folder of the model")
    parser.add_argument("input", type=Path)
    parser.add_argument("output", type=Path)
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        rows = score_file(load_champion(given.model), given.input, given.output)
    except (BadInput, OSError, pa.ArrowInvalid) as exc:
        print(f"batch: {exc}", file=sys.stderr)
        sys.exit(2)
    print(f"batch: {rows:,} flights scored", file=sys.stderr)


if __name__ == "__main__":
    main()
