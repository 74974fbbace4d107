"""Histories: a reference as windows, each of a season; and the window that is compared with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.adapters.batches import count_rows, fold_batches, schema_of
from pytest_mlops.adapters.frames import digest_data, open_lazily
from pytest_mlops.core.digest import digest_json
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.stages.drift.reference import (
    Draw,
    Reference,
    family_of,
    is_like,
    is_moment,
    reference_of,
    sketched,
    sketcher_of,
    word_of,
)
from pytest_mlops.stages.drift.sketch import Sketch, Sketcher
from pytest_mlops.stages.drift.units import ByPeriod
from pytest_mlops.stages.drift.windows import (
    NO_TIME,
    SEASONS,
    ByWindow,
    Cut,
    Whole,
    check_match,
    from_periods,
    time_of,
    window_of_period,
    windows_of,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pytest_mlops.adapters.frames import Data
    from pytest_mlops.stages.drift.sketch import Key

_MOST_OF_IT = 0.75  # of the rows, that one window must have to be the window that data are
_FRAGMENT = 0.5  # of the median window's rows, below which the first and the last are not whole
_MOST = 5_000  # windows


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What windows are asked for, as `measure_windows` has it."""

    windows: str | None
    match: str | None
    time: str | None
    unit: str | None = None
    columns: Sequence[str] | None = None
    public: Collection[str] = ()
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class History:
    """A reference whose units are windows.

    Attributes
    ----------
    cut
        How data are cut into windows; None where they were given one by one.
    seasons
        Of each window, by its key; one for all where none are told apart.
    """

    reference: Reference
    cut: Cut | None
    seasons: Mapping[Key, str]

    @property
    def n(self) -> int:
        """Return the number of windows."""
        return len(self.reference.sketch.units)

    def words(self, season: str, n: int) -> str:
        """Return what some windows of a season are, in words: `52 Mondays of seen`, `30 hours of seen at 05:00`."""
        kind = self.cut.words(n) if self.cut is not None else Whole().words(n)
        if season.endswith("day"):
            return kind.replace(" days " if n != 1 else " day ", f" {season}{'s' * (n != 1)} ", 1)
        return f"{kind} {'at' if ':' in season else 'in'} {season}" if season else kind

    def without(self, keys: Collection[Key]) -> History:
        """Return the history without some windows."""
        from pytest_mlops.stages.drift.subsets import some_units

        sketch = self.reference.sketch
        kept = [number for key, number in sketch.units.items() if key not in keys]
        if len(kept) == len(sketch.units):
            return self
        part = some_units(sketch, kept)
        return replace(self, reference=replace(self.reference, sketch=part, n_rows=int(part.rows.sum())))


def history_of(reference: Data | Reference | Sequence[Data], current: Data, asked: Asked) -> History:
    """Return the history that a reference is: data that are cut, a kept sketch, or a list of data, a window each.

    Raises
    ------
    DeclarationError
        When it can't be cut so.
    """
    if isinstance(reference, Sequence) and not isinstance(reference, str):
        history = _listed(reference, current, asked)
    elif asked.windows is None:
        raise DeclarationError("windows= must say how the reference is cut ('day', 'week', a column), or list it")
    elif isinstance(reference, Reference):
        history = _kept(reference.of_family(asked.columns), current, asked)
    else:
        history = _cut(reference, current, asked)
    if history.n > _MOST:
        raise DeclarationError(f"the reference has {history.n:,} windows, more than {_MOST:,}. Hint: longer windows=")
    return history


def _cut(reference: Data, current: Data, asked: Asked) -> History:
    opened = open_lazily(reference)[0]
    cut = _cut_of(asked, [opened, current])
    made = reference_of(
        reference,
        unit=asked.unit,
        columns=asked.columns,
        public=asked.public,
        seed=asked.seed,
        beside=current,
        units=cut,
    )
    if not isinstance(cut, ByWindow) and asked.columns is None:
        made = made.without(cut.column)
    history = History(reference=made, cut=cut, seasons=_seasons(made.sketch.units, cut, asked.match))
    return history.without({NO_TIME, *_fragments(made.sketch, cut)})


def _cut_of(asked: Asked, data: Sequence[Data]) -> Cut:
    rows = [one for one in data if count_rows(one)]
    cut = windows_of(str(asked.windows), asked.time, rows or data)
    check_match(asked.match, cut)
    return cut


def _kept(reference: Reference, current: Data, asked: Asked) -> History:
    """Return the history of a sketch whose units are periods: others do not say when they were."""
    units, cut = None, None
    if isinstance(reference.units, ByPeriod | ByWindow):
        cut = windows_of(str(asked.windows), asked.time or reference.units.column, [current])
        check_match(asked.match, cut)
        units = from_periods(reference.units, cut) if isinstance(cut, ByWindow) else None
    if units is None or not isinstance(cut, ByWindow):
        words = reference.units.words(len(reference.sketch.units))
        raise DeclarationError(
            f"a sketch of {words} can't be cut into windows={asked.windows!r}: it does not say when a unit was. "
            "Hint: without unit= a sketch has the days of a column of times; pytest --mlops --mlops-update makes it"
        )
    sketch = reference.sketch
    if isinstance(units, ByPeriod):
        keys = window_of_period(units, cut, [*sketch.units])
        place = {key: number for number, key in enumerate(sorted(set(keys), key=int))}
        sketch = sketch.grouped(place, np.array([place[key] for key in keys], dtype=np.intp))
    made = replace(reference, sketch=sketch, units=cut)
    history = History(reference=made, cut=cut, seasons=_seasons(sketch.units, cut, asked.match))
    return history.without({NO_TIME, *_fragments(sketch, cut)})


def _listed(parts: Sequence[Data], current: Data, asked: Asked) -> History:
    """Return the history of data that are a window each."""
    if not parts:
        raise DeclarationError("reference=[] has no window")
    if asked.windows is not None:
        raise DeclarationError("reference= is a list of windows already: leave windows= out")
    check_match(asked.match, None)
    opened = [open_lazily(part)[0] for part in parts]
    schemas = [schema_of(one) for one in opened]
    family = family_of(schemas[0], asked.columns, asked.unit)
    for number, schema in enumerate(schemas):
        if gone := [column for column in family if column not in schema]:
            raise DeclarationError(f"window {number} of the reference has no column {gone[0]!r}")
    here = schema_of(current)
    looked_at = [c for c in family if c in here and is_like(word_of(schemas[0][c]), word_of(here[c]))]
    n_rows = sum(map(count_rows, opened))
    whole = [c for c in (schemas[0] if asked.columns is None else family) if all(c in s for s in (*schemas, here))]
    times = [c for c in whole if is_moment(schemas[0][c])] if asked.columns is None else []
    draw, whole = Draw(opened, n_rows, asked.seed), whole if n_rows and len(whole) > 1 else []
    sketcher = sketcher_of(draw, looked_at, Whole(), public=asked.public, whole=whole, times=times)
    first, *others = [sketched(one, replace(sketcher, units=Whole(n))) for n, one in enumerate(opened)]
    for other in others:
        first.merge(other)
    made = Reference(
        family=family,
        types={column: word_of(schemas[0][column]) for column in family},
        is_whole=asked.columns is None,
        n_rows=n_rows,
        digest=digest_json([digest_data(part) for part in parts]),
        unit=asked.unit,
        units=Whole(),
        sketch=first.ordered(),
    )
    seasons: dict[Key, str] = {n: season_of(one, asked, f"window {n} of the reference") for n, one in enumerate(opened)}
    return History(reference=made, cut=None, seasons=seasons)


def _seasons(keys: Collection[Key], cut: Cut, match: str | None) -> dict[Key, str]:
    if match is None or not isinstance(cut, ByWindow):
        return dict.fromkeys(keys, "")
    return {key: cut.season(key, match) for key in keys if key != NO_TIME}


def _fragments(sketch: Sketch, cut: Cut) -> list[Key]:
    """Return the first and the last window where they are not whole."""
    if not isinstance(cut, ByWindow) or not sketch.units:
        return []
    rows = {key: int(sketch.rows[number]) for key, number in sketch.units.items() if key != NO_TIME}
    few = float(np.median([*rows.values()])) * _FRAGMENT if rows else 0.0
    ends = {min(rows, key=int), max(rows, key=int)} if rows else set()
    return [key for key in ends if rows[key] < few]


def season_of(data: Data, asked: Asked, side: str) -> str:
    """Return the season that most rows are in, nothing where none is asked for."""
    if asked.match is None or not count_rows(data):
        return ""
    time = time_of(asked.time, [schema_of(data)], f"match={asked.match!r} of {side}")
    cut = ByWindow(time, 1, SEASONS[asked.match])
    key = _most(data, cut)[0]
    if key == NO_TIME:
        raise DeclarationError(f"{side} must have times in {time!r} for match={asked.match!r}, got none")
    return cut.season(key, asked.match)


def own_window(data: Data, cut: Cut | None, name: str) -> Key | None:
    """Return the window that the current data are, None where that can't be told.

    Raises
    ------
    DeclarationError
        When they are several.
    """
    if cut is None or cut.column not in schema_of(data):
        return None
    key, share, n = _most(data, cut)
    if share < _MOST_OF_IT:
        raise DeclarationError(
            f"drift of {name}: the data must be one window, got {cut.words(n)}. "
            "Hint: mlops_timeline watches a sequence of them; or longer windows="
        )
    return key


def _most(data: Data, cut: Cut) -> tuple[Key, float, int]:
    """Return the window with the most rows, its share of those with a time, and how many windows there are."""
    counted = fold_batches(data, [cut.column], Sketcher({}, cut), Sketch.merge)
    rows = {key: int(counted.rows[number]) for key, number in counted.units.items() if key != NO_TIME}
    if not rows:
        return NO_TIME, 1.0, 0
    most = max(rows, key=lambda key: rows[key])
    return most, rows[most] / sum(rows.values()), len(rows)
