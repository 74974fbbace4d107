"""Parts of a sketch: some of its units, all of them as one, and rows that repeat one of their own window."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.stages.drift.joint import Joint
from pytest_mlops.stages.drift.sketch import Sketch, Tally

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pytest_mlops.stages.drift.repeats import Repeats
    from pytest_mlops.stages.drift.sketch import Key

    Codes = NDArray[np.intp]

_ODD = np.uint64(0xD1B54A32D192ED03)  # from a linear congruential generator: Steele and Vigna, 2021
_HASHES = np.uint64(2**64 - 1)


def some_units(sketch: Sketch, kept: Sequence[int] | Codes) -> Sketch:
    """Return the sketch of some units, by their numbers, in that order."""
    at = np.asarray(kept, dtype=np.intp)
    keys: list[Key] = [*sketch.units]
    part = Sketch({}, {keys[number]: place for place, number in enumerate(at)}, sketch.rows[at])
    for name, column in sketch.columns.items():
        column.tally.reach(len(keys), column.cells)
        part.columns[name] = replace(column, labels=dict(column.labels), tally=Tally(column.tally.counts[at]))
    if sketch.joint is not None:
        sketch.joint.reach(len(keys))
        joint = sketch.joint
        part.joint = Joint(joint.names, joint.rows[at], joint.sums[at], joint.products[at])
    if sketch.repeats is not None:
        part.repeats = _of_units(sketch.repeats, at, len(keys))
    part.sums = {name: sums[at] for name, sums in sketch.sums.items()}
    return part


def _of_units(repeats: Repeats, at: Codes, n_units: int) -> Repeats:
    place = np.full(n_units, -1, dtype=np.intp)
    place[at] = np.arange(len(at))
    hashes, units = repeats.rows()
    kept = place[units] >= 0
    return replace(repeats, hashes=[hashes[kept]], units=[place[units[kept]].astype(np.int32)], kept=int(kept.sum()))


def as_one(sketch: Sketch, key: Key) -> Sketch:
    """Return the sketch with all of its units together."""
    return sketch.grouped({key: 0}, np.zeros(len(sketch.units), dtype=np.intp))


def within_windows(sketch: Sketch, windows: Codes, limit: np.uint64) -> Sketch:
    """Return a sketch in which rows repeat one of their own window alone; `windows` says in which each unit is.

    Else the rows of a long history would repeat more than those of one window. `limit` is that of all sketches that
    are compared.
    """
    if sketch.repeats is None:
        return sketch
    hashes, units = sketch.repeats.rows()
    kept = hashes <= limit
    own = hashes[kept] ^ ((windows[units[kept]].astype(np.uint64) + np.uint64(1)) * _ODD)
    repeats = replace(
        sketch.repeats, hashes=[own], units=[units[kept].astype(np.int32)], limit=_HASHES, kept=int(kept.sum())
    )
    return replace(sketch, repeats=repeats)
