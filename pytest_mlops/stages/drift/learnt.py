"""Learnt limits: how far one window is from a history, beside how far the windows of that are from each other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.adapters.batches import count_rows, schema_of
from pytest_mlops.adapters.frames import Data, digest_data, open_lazily
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.measurement import Measurement
from pytest_mlops.core.result import Result
from pytest_mlops.stages.drift.again import Sides
from pytest_mlops.stages.drift.effects import Resamples
from pytest_mlops.stages.drift.explain import explain
from pytest_mlops.stages.drift.history import Asked, History, history_of, own_window, season_of
from pytest_mlops.stages.drift.kinds import KINDS
from pytest_mlops.stages.drift.measure import check_asked, nothing_measured, of_schema, schema_changes
from pytest_mlops.stages.drift.measured import CONFIDENCE, DRAWS, artefacts_of, interval_of, note_of, subject_of
from pytest_mlops.stages.drift.one_out import distances_of, every_effect, p_values_of
from pytest_mlops.stages.drift.reference import Reference, compared, word_of
from pytest_mlops.stages.drift.row_effects import OF_ROWS
from pytest_mlops.stages.drift.subsets import as_one, limit_of, some_units, within_windows
from pytest_mlops.stages.drift.units import choose_units
from pytest_mlops.stages.drift.windows import Whole
from pytest_mlops.stats.clusters import Distance, Together, draw_weights, hold_together

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from pytest_mlops.core.plain import Json
    from pytest_mlops.stages.drift.effects import Effect
    from pytest_mlops.stages.drift.sketch import Sketch

    Floats = NDArray[np.float64]

FEWEST = 8  # windows to learn from
_NOW = "now"


def measure_windows(
    current: Data,
    *,
    reference: Data | Reference | Sequence[Data],
    name: str,
    windows: str | None = None,
    match: str | None = None,
    time: str | None = None,
    unit: str | None = None,
    columns: Sequence[str] | None = None,
    public: Collection[str] = (),
    measures: Collection[str] = (),
    seed: int = 0,
) -> Result:
    """Measure how far `current`, one window, is from the windows of a reference, and how far these are from each other.

    Parameters
    ----------
    reference
        The history: data, what was kept of data by days, or a list of data, a window each. A window that is the current
        one, and a first or last one with less than half of the usual rows, are left out.
    windows
        How it is cut: `hour`, `day`, `week` (from Monday), `month`, `7D`, `12h`, `30m`, or a column, each of whose
        values is a window. None for a list.
    match
        `weekday`, `month` or `hour`: only windows of the current one's season are compared; those of other seasons,
        each compared with their own, say how surprising a window can be.
    time
        The column of times; None: the first.
    unit
        The column whose values are independent within the current window (an hour, a customer), which are resampled
        for intervals. None: a window is a unit, and an interval is as wide as windows of the reference differ.
    columns, public, measures, seed
        As of `measure_drift`; measures of models of the rows can't be taken.

    Returns
    -------
    Result
        As of `measure_drift`. The p-value of each measure is that of this window among the reference's, adjusted for
        all measures together.
    """
    check_asked(
        name, columns=columns, measures=measures, public=public, unit=unit, windows=windows, match=match, time=time
    )
    _refuse(name, measures)
    new = open_lazily(current)[0]
    asked = Asked(windows=windows, match=match, time=time, unit=unit, columns=columns, public=public, seed=seed)
    history = history_of(reference, new, asked)
    own = own_window(new, history.cut, name) if count_rows(new) else None
    history = history.without({own} if own is not None else ())
    old = history.reference
    types = {column: word_of(dtype) for column, dtype in schema_of(new).items()}
    gone, changed = schema_changes(old, types)
    present = [column for column in old.family if column not in {*gone, *changed}]
    n_rows = old.n_rows, count_rows(new)
    measured = nothing_measured(name, n_rows)
    details: dict[str, Json] = {}
    if all(n_rows) and present:
        learnt = _compared(history, new, asked, present, measures)
        measured, details = learnt.found(name)
    return Result(
        stage="drift",
        subject=name,
        measurements=(
            of_schema("columns_missing", name, gone, len(old.family)),
            of_schema("type_changed", name, changed if n_rows[1] else {}, len(old.family)),
            *measured,
        ),
        details={
            "names": [*old.family],
            "columns_missing": gone,
            "type_changed": changed if n_rows[1] else {},
            **details,
        },
        digests={f"data:{name}": digest_data(current), f"reference:{name}": old.digest},
    )


def _refuse(name: str, measures: Collection[str]) -> None:
    for measure in measures:
        if measure in OF_ROWS:
            raise DeclarationError(f"drift of {name}: {measure} needs rows, and windows are compared by their counts")


def _compared(
    history: History,
    new: Data,
    asked: Asked,
    columns: Sequence[str],
    measures: Collection[str],
) -> _Learnt:
    season, n_rows = season_of(new, asked, "the data"), count_rows(new)
    units: Any = choose_units([new], asked.unit, n_rows, asked.seed) if asked.unit is not None else Whole(column="")
    reference = replace(history.reference, units=units)
    old, now, units = compared(new, n_rows, reference, columns)
    one = as_one(now, _NOW)
    everyone = some_units(old, range(len(old.units)))
    everyone.merge(one)
    n = len(everyone.units)
    limit = limit_of(everyone)
    now = within_windows(now, np.full(len(now.units), n - 1), limit)
    everyone = within_windows(everyone, np.arange(n), limit)
    places: dict[str, list[int]] = {}
    for key, number in everyone.units.items():
        if key != _NOW:
            places.setdefault(history.seasons[key], []).append(number)
    kept = places.pop(season, [])
    return _Learnt(
        everyone=everyone,
        now=now,
        kept=kept,
        others=[[*numbers] for numbers in places.values() if len(numbers) >= FEWEST],
        measures=measures,
        seed=asked.seed,
        data=new,
        units=units,
        public=asked.public,
        has_units=asked.unit is not None,
        words=history.words(season, len(kept)),
        inner=units.words(len(now.units)) if asked.unit is not None else "",
    )


@dataclass(frozen=True, kw_only=True)
class _Learnt:
    """The windows that are compared.

    Attributes
    ----------
    everyone
        All windows, the current one last.
    now
        The current one, by its own units.
    kept
        The numbers of the windows of its season.
    others
        Those of other seasons.
    data, units
        Of the current window.
    """

    everyone: Sketch
    now: Sketch
    kept: Sequence[int]
    others: Sequence[Sequence[int]]
    measures: Collection[str]
    seed: int
    data: Data
    units: Any
    public: Collection[str]
    has_units: bool
    words: str
    inner: str

    def found(self, name: str) -> tuple[list[Measurement], dict[str, Json]]:
        """Return the measurements, and what the gates need beside them."""
        if not self.kept:
            note = f"nothing to compare with: {self.words} in the reference"
            return [Measurement(name="drift.ks", subject=name, value=None, n=0, note=note)], {}
        old = some_units(self.everyone, self.kept)
        effects = self._effects(old)
        apart = distances_of(self.everyone, self.kept, self.measures)
        errors = [apart.get((effect.column, effect.kind), np.zeros(len(self.kept))) for effect in effects]
        natural = hold_together(
            [Distance(effect.distance.value, error) for effect, error in zip(effects, errors, strict=True)],
            len(self.kept),
        )
        fewest = min(len(self.kept), len(self.now.units))
        together = hold_together([effect.distance for effect in effects], fewest) if self.has_units else natural
        p_values = p_values_of(self.everyone, self.kept, self.others, self.measures)
        found = [p_values.found.get((effect.column, effect.kind), 1.0) for effect in effects]
        lows = [
            effect.distance.value - together.width(i, 1 - CONFIDENCE) * self.has_units
            for i, effect in enumerate(effects)
        ]
        sides = Sides(
            data=(None, self.data),
            sketches=(old, self.now),
            units=(Whole(), self.units),
            public=self.public,
            seed=self.seed,
        )
        explained = explain(sides, effects, found, lows, name)
        measured = [
            Measurement(
                name=f"drift.{effect.kind}",
                subject=subject_of(name, effect),
                value=effect.distance.value if effect.n else None,
                n=effect.n,
                method=f"{KINDS[effect.kind].method}; rank among windows that are compared with the others",
                parameters={
                    "unit": self.inner or self.words,
                    "windows": self.words,
                    **p_values.of((effect.column, effect.kind)),
                    "windows_median": float(np.median(errors[number])),
                    "windows_most": float(np.max(errors[number])),
                },
                seed=self.seed,
                interval=interval_of(
                    effect.kind, effect.distance.value, effect.n, together.width(number, 1 - CONFIDENCE), CONFIDENCE
                ),
                note=note_of(effect, explained.get(number)),
                artefacts=artefacts_of(effect, name, explained.get(number), (old, self.now)),
            )
            for number, effect in enumerate(effects)
        ]
        return measured, self._details(together, natural)

    def _effects(self, old: Sketch) -> list[Effect]:
        """Return the measures of the current window against the pooled windows of its season."""
        counts = len(self.kept), len(self.now.units)
        rng = np.random.default_rng(self.seed)
        weights = draw_weights(rng, *counts, DRAWS if self.has_units else 1)
        labels = (np.arange(sum(counts)) >= counts[0]).astype(np.float64)[None, :]
        return list(every_effect((old, self.now), Resamples(labels=labels, weights=weights), self.measures))

    def _details(self, together: Together, natural: Together) -> dict[str, Json]:
        return {
            **_plain(together),
            "relabellings": len(self.kept) + 1,
            "learnt": {
                **_plain(natural),
                "windows": len(self.kept),
                "fewest": FEWEST,
                "words": self.words,
                "has_units": self.has_units,
                "rows": int(self.now.rows.sum()),
                "usual_rows": int(np.median(self.everyone.rows[[*self.kept]])),
            },
        }


def _plain(together: Together) -> dict[str, Json]:
    return {
        "errors": [[*moments] for moments in together.errors],
        "largest": [*together.largest],
        "units": [together.units],
    }
