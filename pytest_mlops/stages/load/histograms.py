"""What workers of Locust elsewhere counted: histograms, back to requests."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_mlops.stages.load.record import Row

WITHIN = 0.001  # of a latency, at most, that the middle of its bin differs from it


def read_histograms(path: Path, slot_s: float, seed: int) -> list[Row]:
    """Return a request for each that was counted, its latency the middle of its bin.

    When it was sent is known to within a slot, in which they are spread evenly, in an order that is drawn: an interval
    sees the dependence between slots, a hundred in a run, of which each of its batches has five.

    Parameters
    ----------
    path
        As `runners/locust_master.py` writes it.
    slot_s
        The length of a slot.
    """
    slots: dict[int, list[tuple[float, int, str, str]]] = {}
    for slot, name, _, status, problem, counts in json.loads(path.read_text(encoding="utf-8")):
        kept = slots.setdefault(slot, [])
        for middle_ns, count in counts:
            kept += [(middle_ns / 1e9, status, name, problem)] * count
    order = random.Random(seed)  # noqa: S311 - no secret
    return [row for slot in sorted(slots) for row in _spread(slots[slot], slot * slot_s, slot_s, order)]


def _spread(
    kept: list[tuple[float, int, str, str]], start_s: float, slot_s: float, order: random.Random
) -> Iterator[Row]:
    order.shuffle(kept)
    for place, (took_s, status, name, problem) in enumerate(kept):
        sent_s = start_s + (place + 0.5) / len(kept) * slot_s
        yield sent_s, sent_s + took_s, status, name, problem
