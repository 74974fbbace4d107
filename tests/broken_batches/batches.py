"""A small batch job with a defect of choice: material of the batch tests. The standard library alone, to be quick.

    python batches.py ANSWERS DEFECT INPUT OUTPUT

It answers with the file `ANSWERS/DEFECT.parquet`, or `DEFECT-1.parquet` in the first run and `DEFECT-2.parquet` in
the second (which it knows by the hash seed), or else with `ANSWERS/sound.parquet`.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

NAP_S = 0.2


def write_well(answer: bytes, output: Path) -> None:
    """Write under another name first, rename at the end, and tidy up when told to stop."""
    part = output.with_suffix(".part")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        write_half(answer, part)
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)


def write_untidily(answer: bytes, output: Path) -> None:
    """Write under another name first, and forget about it when killed."""
    part = output.with_suffix(".part")
    write_half(answer, part)
    part.replace(output)


def write_half(answer: bytes, output: Path) -> None:
    """Write to the name that was given, in two halves."""
    with output.open("wb") as file:
        file.write(answer[:100])
        file.flush()
        time.sleep(NAP_S)
        file.write(answer[100:])


def write_closing(answer: bytes, output: Path) -> None:
    """Give up when told to stop, with a readable file of too few rows under the final name."""
    short = (Path(sys.argv[1]) / "drops.parquet").read_bytes()
    signal.signal(signal.SIGTERM, lambda *_: (output.write_bytes(short), sys.exit(143)))
    write_well_without_signals(answer, output)


def write_well_without_signals(answer: bytes, output: Path) -> None:
    """Write under another name, rename, tidy up."""
    part = output.with_suffix(".part")
    try:
        write_half(answer, part)
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)


WRITERS: dict[str, Callable[[bytes, Path], object]] = {
    "untidy": write_untidily,
    "direct": write_half,
    "closing": write_closing,
    "garbage": lambda _, output: output.write_bytes(b"not Parquet"),
    "silent": lambda *_: None,
    "instant": lambda answer, output: output.write_bytes(answer),
}


def main(answers: str, defect: str, source: str, output: str) -> int:
    """Run the job."""
    if defect == "fails":
        sys.stdout.write("no model under models/champion\n")
        return 2
    if defect == "stuck":
        time.sleep(60)
    if defect == "touches":
        Path(source).write_bytes(Path(source).read_bytes() + b" ")
    names = (f"{defect}.parquet", f"{defect}-{os.environ['PYTHONHASHSEED']}.parquet", "sound.parquet")
    answer = next(Path(answers, name) for name in names if Path(answers, name).exists())
    WRITERS.get(defect, write_well)(answer.read_bytes(), Path(output))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
