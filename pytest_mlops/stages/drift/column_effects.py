"""What is measured of one column, by the kind of its values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.stages.drift.category_effects import category_effects
from pytest_mlops.stages.drift.effects import Effect, Pair, Resamples, share_of
from pytest_mlops.stages.drift.number_effects import number_effects
from pytest_mlops.stages.drift.patterns import Lacking
from pytest_mlops.stats.change import heap_statistic, share_statistic
from pytest_mlops.stats.clusters import half_sum
from pytest_mlops.stats.new_cells import new_cells_surprise

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from pytest_mlops.stages.drift.sketch import Sketch


def effects_of(
    name: str, old: Sketch, new: Sketch, resamples: Resamples, *, more: Collection[str] = ()
) -> Iterable[Effect]:
    """Yield the measures of one column, and `more` of those that are not always taken.

    The categories of a column that is not public are numbered, and not named.
    """
    column = new.columns[name]
    if not old.columns[name].is_name and (column.kept or not column.is_name):
        tables = old.table(name), new.table(name)
        room = tables[1].shape[1] - tables[0].shape[1]
        pair = Pair(name, np.pad(tables[0], ((0, 0), (0, max(room, 0)))), tables[1], resamples)
        own = number_effects(pair, column, more) if column.grid is not None else category_effects(pair, column, more)
        yield from own
    yield _missing(name, old, new, resamples)


def _missing(name: str, old: Sketch, new: Sketch, resamples: Resamples) -> Effect:
    sides = [np.stack([side.rows - side.missing(name), side.missing(name)], axis=1) for side in (old, new)]
    pair = Pair(name, sides[0], sides[1], resamples)
    shares = [float(share_of(side)[1]) for side in sides]
    table, labels = pair.both, resamples.labels
    statistics = {"missing": share_statistic(table[:, 1], table.sum(axis=1), labels)}
    note = f"missing {shares[0]:.2%} in the reference, {shares[1]:.2%} now" if any(shares) else ""
    if old.patterns is not None and new.patterns is not None:
        together = Lacking.of(name, (old.patterns, new.patterns), resamples.counts)
        if len(together.patterns) > 1:  # one alone has as many rows as the column lacks values
            rest = np.maximum(table.sum(axis=1) - together.rows.sum(axis=1), 0.0)
            each = np.concatenate([together.rows, rest[:, None]], axis=1)
            statistics["pattern"] = heap_statistic(each, labels)
            statistics["new_pattern"] = new_cells_surprise(each, labels)
            note += together.said(len(sides[0]))
    return pair.effect("missing_share_change", pair.resampled.distance(half_sum), statistics, note=note)
