"""Whether load runs tell the truth: of queues whose answer is known.

python benchmarks/load_truth.py PART [--cells NAME ...] [--trials N] [--into FILE.json] [--page FILE.md]

PART is one of

- `intervals`: how often the interval of a percentile covers the true one, in simulated queues (no server runs);
- `stall`: a service that stands still for 1 s in every 10 s: what the open loop and a closed loop say of it;
- `capacity`: searches of the highest rate of a queue whose answer is known;
- `searches`: the same, in simulated queues of nine kinds (no server runs);
- `regression`: base and candidate beside a busy neighbour, as fast as each other, and 20 % slower.

With `--into` a run goes on from the trials that stand there, up to `--trials`. What runs servers wants a calm machine.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from load_truth_capacity import CAPACITY
from load_truth_intervals import INTERVALS
from load_truth_regression import REGRESSION
from load_truth_searches import SEARCHES
from load_truth_stall import STALL

if TYPE_CHECKING:
    from load_truth_part import Found, Part

PARTS: dict[str, Part] = {
    "intervals": INTERVALS, "stall": STALL, "capacity": CAPACITY, "searches": SEARCHES, "regression": REGRESSION,
}  # fmt: skip


def measure(part: Part, cells: list[str] | None, trials: int | None, into: Path | None) -> Found:
    """Run the trials of each cell that are not known yet; what they gave is written down as they end."""
    found: Found = json.loads(into.read_text(encoding="utf-8")) if into and into.exists() else {}
    for cell in cells or part.cells:
        known: list[dict[str, Any]] = found.setdefault(cell, [])
        for number in range(len(known), trials or part.trials):
            known.append(part.trial(cell, number))
            print(f"{cell}, trial {number}: {known[-1]}", flush=True)
            if into:
                into.write_text(_json(found), encoding="utf-8")
    return found


def _json(found: Found) -> str:
    """Return JSON, a line a trial."""
    cells = [
        f"{json.dumps(cell)}: [\n" + ",\n".join(f" {json.dumps(one)}" for one in trials) + "\n]"
        for cell, trials in found.items()
    ]
    return "{\n" + ",\n".join(cells) + "\n}\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="whether load runs tell the truth")
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--cells", nargs="*", help="of the part; all unless said")
    parser.add_argument("--trials", type=int, help="of each cell, with those that are known")
    parser.add_argument("--into", type=Path, help="keep what each trial gave in this file of JSON")
    parser.add_argument("--page", type=Path, help="write the table into this file")
    asked = parser.parse_args()
    found = measure(PARTS[asked.part], asked.cells, asked.trials, asked.into)
    table = PARTS[asked.part].page(found)
    print(table)
    if asked.page:
        asked.page.write_text(table, encoding="utf-8")
