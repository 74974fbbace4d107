"""Blocks and periods that are made longer until neighbours no longer depend on each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.stages.drift.units import FEWEST, shared_units
from pytest_mlops.stats.dependence import Blocks, between_neighbours, within_blocks
from pytest_mlops.stats.split import likeness_beside_a_change

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_mlops.stages.drift.sketch import Key, Sketch


def widen(sketches: Sequence[Sketch], *, ordered: bool) -> tuple[list[Sketch], str]:
    """Return sketches of longer blocks where neighbours depend on each other; and what was found, in words.

    Blocks are made twice as long until neighbouring ones are no longer alike, or few are left.
    """
    if ordered and not shared_units(*sketches):
        sketches = [_without_fragments(sketch) for sketch in sketches]
    if not ordered or any(len(sketch.units) < FEWEST for sketch in sketches):
        return list(sketches), ""
    correlation, column = max((found for sketch in sketches for found in _within(sketch)), default=(0.0, ""))
    if not column:
        return list(sketches), ""
    said = f"rows are not independent: correlation {correlation:.2f} within blocks in {column}"
    alike = _alike(sketches)
    while alike and min(len(sketch.units) for sketch in sketches) >= 2 * FEWEST:
        sketches = [_doubled(sketch) for sketch in sketches]
        alike = _alike(sketches)
    if alike:
        said += f"; even the longest blocks are like their neighbours in {alike}. Hint: unit= says what is independent"
    return list(sketches), said


def _without_fragments(sketch: Sketch) -> Sketch:
    """Return a sketch whose periods of few rows are one with the period beside them.

    Where days begin at another hour than the clock's (another time zone, a night shift), each ends in a fragment.
    """
    rows = {int(key): int(sketch.rows[number]) for key, number in sketch.units.items()}
    few = float(np.median([*rows.values()])) * _FRAGMENT
    homes: dict[int, int] = {}
    together = 0  # rows of the period before, with its fragments
    for key in sorted(rows):
        is_one = key - 1 in homes and min(rows[key], together) < few
        homes[key] = homes[key - 1] if is_one else key
        together = together * is_one + rows[key]
    units: dict[Key, int] = {}
    place = [units.setdefault(homes[int(key)], len(units)) for key in sketch.units]
    return sketch.grouped(units, np.array(place, dtype=np.intp)) if len(units) < len(rows) else sketch


_FRAGMENT = 0.5  # of the median period's rows


def _doubled(sketch: Sketch) -> Sketch:
    pairs: dict[Key, int] = {}
    place = [pairs.setdefault(int(key) // 2, len(pairs)) for key in sketch.units]
    return sketch.grouped(pairs, np.array(place, dtype=np.intp))


def _within(sketch: Sketch) -> Iterable[tuple[float, str]]:
    for name, blocks in blocks_of(sketch):
        correlation = within_blocks(blocks)
        if correlation is not None:
            yield correlation, name


def _alike(sketches: Sequence[Sketch]) -> str:
    """Return the first column whose neighbouring blocks are alike, or nothing.

    In the current data they must be so beside any one change: that is what is looked for, and no dependence.
    """
    for number, sketch in enumerate(sketches):
        for name, blocks in blocks_of(sketch):
            if between_neighbours(blocks) and (number == 0 or likeness_beside_a_change(blocks.means, _TRIM) > 0):
                return name
    return ""


_TRIM = 3  # blocks at an end, within which no change is looked for


def blocks_of(sketch: Sketch) -> Iterable[tuple[str, Blocks]]:
    """Yield the sums of what is looked at in each column, by unit in their order."""
    order = np.argsort(np.array([int(key) for key in sketch.units], dtype=np.int64))
    rows = sketch.rows[order].astype(np.float64)
    for name, column in sketch.columns.items():
        if column.is_name:
            continue
        table = sketch.table(name)[order]
        filled = table.sum(axis=1)
        if column.grid is not None:
            scores = column.grid.normal_scores()
            yield name, Blocks(filled, table @ scores, table @ scores**2)
        else:
            for cell in np.argsort(-table.sum(axis=0), kind="stable")[:4]:
                yield name, Blocks(filled, table[:, cell], table[:, cell])
        yield name, Blocks(rows, rows - filled, rows - filled)
