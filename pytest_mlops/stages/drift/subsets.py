"""Parts of a sketch: some of its units, all of them as one, and rows that repeat one of their own window."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.stages.drift.column_sketch import Tally
from pytest_mlops.stages.drift.joint import Joint
from pytest_mlops.stages.drift.sketch import Sketch
from pytest_mlops.stages.drift.values import Values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pytest_mlops.stages.drift.sketch import Key

    Codes = NDArray[np.intp]


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
        part.joint = Joint(joint.axes, joint.rows[at], joint.sums[at], joint.products[at])
    if isinstance(sketch.repeats, Values):
        part.repeats, part.whole = sketch.repeats.of_units(at, len(keys)), sketch.whole
    some = {key: one.of_units(at, len(keys)) for key, one in sketch.parts.items()}
    part.parts = {key: one for key, one in some.items() if one is not None}
    part.sums = {name: sums[at] for name, sums in sketch.sums.items()}
    return part


def as_one(sketch: Sketch, key: Key) -> Sketch:
    """Return the sketch with all of its units together."""
    return sketch.grouped({key: 0}, np.zeros(len(sketch.units), dtype=np.intp))


def limit_of(sketch: Sketch) -> int:
    """Return the hash up to which repeated rows are kept."""
    return sketch.repeats.limit if isinstance(sketch.repeats, Values) else 0


def within_windows(sketch: Sketch, windows: Codes, limit: int) -> Sketch:
    """Return a sketch in which rows repeat one of their own window alone; `windows` says in which each unit is.

    Else the rows of a long history would repeat more than those of one window. `limit` is that of all sketches that
    are compared. A committed reference does not tell its windows' rows apart, so they are not compared.
    """
    repeats = sketch.repeats.apart(windows, limit) if isinstance(sketch.repeats, Values) else None
    return replace(sketch, repeats=repeats)
