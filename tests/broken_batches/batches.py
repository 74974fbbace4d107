"""Small batch jobs, each with one defect, and twins that are sound: material of the batch tests.

python batches.py DEFECT INPUT OUTPUT
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

NAP_S = 0.3


def answer(table: pa.Table) -> pa.Table:
    """Return the rows with a score."""
    scores = [round(value * 0.1, 6) for value in table["x"].to_pylist()]
    return table.select(["id"]).append_column("score", pa.array(scores))


def write(table: pa.Table, output: Path) -> None:
    """Write under another name first, rename at the end, and tidy up when told to stop."""
    part = output.with_suffix(".part")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        pq.write_table(table, part)
        time.sleep(NAP_S)
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)


def write_untidily(table: pa.Table, output: Path) -> None:
    """Write under another name first, and forget about it when killed."""
    part = output.with_suffix(".part")
    pq.write_table(table, part)
    time.sleep(NAP_S)
    part.replace(output)


def write_directly(table: pa.Table, output: Path) -> None:
    """Write to the final name, row group by row group."""
    with pq.ParquetWriter(output, table.schema) as writer:
        writer.write_table(table.slice(0, 5))
        time.sleep(NAP_S)
        writer.write_table(table.slice(5))


def write_closing(table: pa.Table, output: Path) -> None:
    """Write to the final name, and close the file properly when told to stop: readable, and rows are missing."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    write_directly(table, output)


def _score(table: pa.Table, values: list[float | None]) -> pa.Table:
    return table.set_column(1, "score", pa.array(values, pa.float64()))


def change(defect: str, table: pa.Table, source: Path) -> pa.Table:
    """Return the answers with one defect."""
    scores = table["score"].to_pylist()
    match defect:
        case "drops":
            return table.slice(1)
        case "duplicates":
            return pa.concat_tables([table, table.slice(3, 1)])
        case "invents":
            return pa.concat_tables([table, pa.table({"id": [10_000], "score": [0.5]})])
        case "nan":
            return _score(table, [float("nan"), *scores[1:]])
        case "null":
            return _score(table, [None, *scores[1:]])
        case "random":
            return _score(table, [*scores[:-1], random.random()])  # noqa: S311 - what is wrong with it
        case "noise":
            return _score(table, [score + 1e-12 * random.random() for score in scores])  # noqa: S311
        case "shuffled":
            return table.take(random.sample(range(len(table)), len(table)))
        case "touches":
            pq.write_table(pq.read_table(source).slice(0, 30), source)
        case "keyless":
            return table.rename_columns(["number", "score"])
    return table


WRITERS = {"untidy": write_untidily, "direct": write_directly, "closing": write_closing}


def main(defect: str, source: str, output: str) -> int:
    """Run the job."""
    table = change(defect, answer(pq.read_table(source)), Path(source))
    match defect:
        case "fails":
            print("no model under", os.fspath("models/champion"))
            return 2
        case "silent":
            return 0
        case "garbage":
            Path(output).write_text("not Parquet", encoding="utf-8")
            return 0
        case "stuck":
            time.sleep(60)
        case "ignores":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    WRITERS.get(defect, write)(table, Path(output))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
