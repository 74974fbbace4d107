"""When the requests of an open loop are due. The standard library alone."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Mapping


def dues(said: Mapping[str, Any], begun: float, draw: random.Random) -> Iterator[float]:
    """Yield when requests are due.

    `said` is `{"kind": "poisson" or "constant", "rate": a second}`, or `{"kind": "replay", "offsets_s": [...]}`.
    """
    if said["kind"] == "replay":
        yield from (begun + offset for offset in said["offsets_s"])
    elif said["kind"] == "constant":
        yield from (begun + number / said["rate"] for number in itertools.count())
    else:
        at = begun
        while True:
            at += draw.expovariate(said["rate"])
            yield at
