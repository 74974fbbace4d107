"""Each window against the others: its statistics, and its distances, from the tables of all windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.stages.drift.column_effects import effects_of
from pytest_mlops.stages.drift.effects import Effect, Resamples
from pytest_mlops.stages.drift.part_effects import part_effects
from pytest_mlops.stages.drift.subsets import some_units
from pytest_mlops.stages.drift.table_effects import table_effects
from pytest_mlops.stats.clusters import Distance, Resampled
from pytest_mlops.stats.windows import surprises, window_p

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from pytest_mlops.core.plain import Json
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


def every_effect(sketches: tuple[Sketch, Sketch], resamples: Resamples, measures: Collection[str]) -> Iterable[Effect]:
    """Yield the measures of all columns, and those of the table."""
    for column in sketches[1].columns:
        yield from effects_of(column, *sketches, resamples, more=measures)
    yield from table_effects(*sketches, resamples)
    yield from part_effects(*sketches, resamples)


def statistics_of(windows: Sketch, measures: Collection[str]) -> tuple[list[Name], Floats]:
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
    for effect in every_effect((others, first), one, measures):
        for name, values in _comparable(effect, windows).items():
            owners.append((effect.column, effect.kind))
            lines.append(values if name == _LONE else np.roll(values, 1))
    return owners, np.array(lines).reshape(len(owners), n)


_LONE = "lone"
_OF_NEW_ROWS = ("new_category_share", "outside_share")
_AS_SQUARES = ("chi_square", "vanished", "vector_distance", "vector_shift")


def _comparable(effect: Effect, windows: Sketch) -> dict[str, Floats]:
    """Return statistics that grow as a multiple of a standard error, also where a side is a single unit."""
    found = {
        name: np.sqrt(np.maximum(values, 0.0)) if name in _AS_SQUARES else values
        for name, values in effect.statistics.items()
        if name not in {"new", "unseen"}
    }
    if effect.kind in _OF_NEW_ROWS:
        found[_LONE] = np.sqrt(lone_rows(windows.table(effect.column)))
    return found


def lone_rows(table: Floats) -> Floats:
    """Return how many rows of each unit lie in cells that no other unit has, of shape (units,)."""
    alone = (table > 0).sum(axis=0) == 1
    return np.asarray(table[:, alone].sum(axis=1))


def distances_of(windows: Sketch, kept: Sequence[int], measures: Collection[str]) -> dict[Name, Floats]:
    """Return the distances of each of some windows to the others of them, each of shape (kept,)."""
    alone = np.eye(len(kept))
    return drawn_distances(some_units(windows, kept), 1 - alone, alone, measures)


def drawn_distances(windows: Sketch, old: Floats, new: Floats, measures: Collection[str]) -> dict[Name, Floats]:
    """Return the distances of two samples of units in each draw, each of shape (draws,).

    Parameters
    ----------
    old, new
        How often each unit is in the first and in the second sample, of shape (draws, units).
    """
    n = len(windows.units)
    draws = Resamples(labels=np.zeros((1, 2 * n)), weights=(old, new), compares=OneOut)
    found: dict[Name, Floats] = {}
    for effect in every_effect((windows, windows), draws, measures):
        errors = effect.distance.errors
        if effect.kind in _ONE_SIDED:
            table = windows.table(effect.column)
            here, there = (
                (new @ table, old @ table) if effect.kind == "new_category_share" else (old @ table, new @ table)
            )
            errors = (here * (there == 0)).sum(axis=1) / np.maximum(here.sum(axis=1), 1.0)
        found[effect.column, effect.kind] = errors if np.ndim(errors) else np.zeros(len(old))
    return found


_ONE_SIDED = (
    "new_category_share",
    "outside_share",
    "vanished_category_share",
)  # rows of one sample that the other has none like


@dataclass(frozen=True)
class PValues:
    """The p-value of each measure of one window, adjusted for all of them, and how many windows it rests on."""

    found: Mapping[Name, float]
    n_alike: int
    n_everyone: int

    def of(self, name: Name) -> dict[str, Json]:
        """Return that of one measure, and in words what it rests on."""
        p = self.found.get(name, 1.0)
        if p >= 1 / (self.n_alike + 1):
            return {"p_value": p, "p_value_by": f"rank among {self.n_alike} windows"}
        if p >= 1 / (self.n_everyone + 1):
            return {"p_value": p, "p_value_by": f"rank among {self.n_everyone} windows of all seasons"}
        return {"p_value": p, "p_value_by": f"beyond all {self.n_everyone} windows: a bound for one more, by Student"}


def p_values_of(
    windows: Sketch, kept: Sequence[int], others: Sequence[Sequence[int]], measures: Collection[str]
) -> PValues:
    """Return the p-values of the last of some windows among `kept`; `others` are the windows of each other season."""
    if len(kept) < _COMPARABLE:
        return PValues({}, len(kept), len(kept))

    def surprising(numbers: Sequence[int]) -> tuple[list[Name], Floats]:
        owners, statistics = statistics_of(some_units(windows, numbers), measures)
        return owners, surprises(statistics)

    owners, scored = surprising([*kept, len(windows.units) - 1])
    alike, alone = scored[:, :-1].max(axis=0), surprising(kept)[1].max(axis=0)
    elsewhere = np.concatenate([np.zeros(0), *(surprising(numbers)[1].max(axis=0) for numbers in others)])
    found: dict[Name, float] = {}
    for owner, p in zip(owners, window_p(scored[:, -1], alike, elsewhere, alone), strict=True):
        found[owner] = min(found.get(owner, 1.0), float(p))
    return PValues(found, len(alike), len(alike) + len(elsewhere))


_COMPARABLE = 4  # windows, of which each has three others
