"""Each window against the others: its statistics, and its distances, from the tables of all windows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.stages.drift.effects import Effect, Resamples, effects_of
from pytest_mlops.stages.drift.parts import some_units
from pytest_mlops.stages.drift.table_effects import table_effects
from pytest_mlops.stats.clusters import Distance, Resampled

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from numpy.typing import NDArray

    from pytest_mlops.stages.drift.sketch import Sketch

    Floats = NDArray[np.float64]

Name = tuple[str, str]  # a column and a measure


class OneOut(Resampled):
    """Two samples that each draw chooses anew; a distance has no errors, but is that of each draw."""

    def errors(self) -> Floats:
        """Return the difference of the shares in each draw."""
        return np.asarray(self.drawn[1] - self.drawn[0])

    def metric(self, distance: Callable[[Floats, Floats], Floats]) -> Distance:
        """Return the distance in each draw."""
        return Distance(float(distance(self.reference, self.current)), distance(*self.drawn))

    def divergence(self, divergence: Callable[[Floats, Floats], Floats]) -> Distance:
        """Return the divergence in each draw."""
        return self.metric(divergence)


def every_effect(
    sketches: tuple[Sketch, Sketch], resamples: Resamples, measures: Collection[str], seed: int
) -> Iterable[Effect]:
    """Yield the measures of all columns, and those of the table."""
    for column in sketches[1].columns:
        yield from effects_of(column, *sketches, resamples, more=measures)
    yield from table_effects(*sketches, resamples, seed)


def statistics_of(windows: Sketch, measures: Collection[str], seed: int) -> tuple[list[Name], Floats]:
    """Return the statistics of each window against all the others, and whose each of them is.

    Returns
    -------
    list, array
        A column and a measure for each statistic, and the statistics of shape (statistics, windows).
    """
    n = len(windows.units)
    first, others = some_units(windows, [0]), some_units(windows, range(1, n))
    # The windows stand as the others and then the first: a row for each, the first one last.
    labels = np.eye(n)
    one = Resamples(labels=labels, weights=(np.ones((1, n - 1)), np.ones((1, 1))))
    owners: list[Name] = []
    lines = []
    for effect in every_effect((others, first), one, measures, seed):
        for name, values in _comparable(effect, windows).items():
            owners.append((effect.column, effect.kind))
            lines.append(values if name == _LONE else np.roll(values, 1))
    return owners, np.array(lines).reshape(len(owners), n)


_LONE = "lone"


def _comparable(effect: Effect, windows: Sketch) -> dict[str, Floats]:
    """Return statistics that grow as a multiple of a standard error, also where a side is a single unit."""
    if effect.kind == "new_category_share":
        return {_LONE: np.sqrt(lone_rows(windows.table(effect.column)))}
    return {
        name: np.sqrt(np.maximum(values, 0.0)) if name == "chi_square" else values
        for name, values in effect.statistics.items()
    }


def lone_rows(table: Floats) -> Floats:
    """Return how many rows of each unit lie in cells that no other unit has, of shape (units,)."""
    alone = (table > 0).sum(axis=0) == 1
    return np.asarray(table[:, alone].sum(axis=1))


def distances_of(windows: Sketch, kept: Sequence[int], measures: Collection[str], seed: int) -> dict[Name, Floats]:
    """Return the distances of each of some windows to the others of them, each of shape (kept,)."""
    part = some_units(windows, kept)
    n = len(kept)
    alone = np.eye(n)
    draws = Resamples(labels=np.zeros((1, 2 * n)), weights=(1 - alone, alone), compares=OneOut)
    found: dict[Name, Floats] = {}
    for effect in every_effect((part, replace(part, repeats=part.repeats)), draws, measures, seed):
        errors = effect.distance.errors
        if effect.kind == "new_category_share":
            table = part.table(effect.column)
            errors = lone_rows(table) / np.maximum(table.sum(axis=1), 1.0)
        found[effect.column, effect.kind] = errors if np.ndim(errors) else np.zeros(n)
    return found
