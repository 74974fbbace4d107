"""Timelines: how far each window of a sequence is from the others or a reference, and where the sequence changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.adapters.batches import count_rows
from pytest_mlops.adapters.frames import Data, digest_data, open_lazily
from pytest_mlops.core.artefact import Artefact
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.measurement import Measurement
from pytest_mlops.core.messages import did_you_mean
from pytest_mlops.core.result import Result
from pytest_mlops.stages.drift.changes import Change, changes_of
from pytest_mlops.stages.drift.history import Asked, History, history_of
from pytest_mlops.stages.drift.kinds import ASKED, KINDS
from pytest_mlops.stages.drift.measure import CONFIDENCE, columns_of, interval_of, nothing_measured, subject_of
from pytest_mlops.stages.drift.one_out import drawn_distances
from pytest_mlops.stages.drift.parts import as_one, some_units, within_windows
from pytest_mlops.stages.drift.reference import Reference, compared, reference_of
from pytest_mlops.stages.drift.row_effects import OF_ROWS
from pytest_mlops.stages.drift.windows import ByNumber, ByWindow, is_period
from pytest_mlops.stats.clusters import hold_together

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from pytest_mlops.core.plain import Json
    from pytest_mlops.stages.drift.one_out import Name
    from pytest_mlops.stages.drift.sketch import Sketch

    Floats = NDArray[np.float64]

FEWEST = 10  # windows
_WORST = 4  # columns that are drawn together
_MAIN = ("ks", "total_variation")  # the measure that its column is drawn by


def measure_timeline(
    data: Data | Sequence[Data],
    *,
    name: str,
    windows: str | None = None,
    time: str | None = None,
    reference: Data | Reference | None = None,
    columns: Sequence[str] | None = None,
    public: Collection[str] = (),
    measures: Collection[str] = (),
    seed: int = 0,
) -> Result:
    """Measure how far each window of a sequence is from the others, and where the sequence changed most.

    Parameters
    ----------
    data
        What is cut into windows, or a list of data in their order, a window each. A first or last window with less than
        half of the usual rows is left out.
    windows, time
        As of `measure_windows`; a column whose values are windows must hold whole numbers, which say their order.
    reference
        What the distances are measured from; None: the other windows, pooled. The change is sought among the windows.
    columns, public, measures, seed
        As of `measure_windows`.

    Returns
    -------
    Result
        The measures of `measure_drift`, each between the windows before and after its most telling split, with the
        p-value of that over all splits, columns and measures. `details["timeline"]` has the distance of each window.
    """
    for measure in measures:
        if measure not in ASKED or measure in OF_ROWS:
            known = [one for one in ASKED if one not in OF_ROWS]
            raise DeclarationError(f"timeline of {name}: no measure {measure!r} of windows. {did_you_mean(measure, known)}")
    asked = Asked(windows=windows, match=None, time=time, columns=columns, public=public, seed=seed)
    sequence = _sequence_of(data, reference, asked, measures)
    n = len(sequence.labels)
    measured: Sequence[Measurement] = nothing_measured(name, (0, 0))
    details: dict[str, Json] = {}
    if n and len(sequence.names):
        measured, details = sequence.found(name)
    digests = {f"data:{name}": sequence.digest}
    if reference is not None:
        digests[f"reference:{name}"] = reference.digest if isinstance(reference, Reference) else digest_data(reference)
    return Result(
        stage="drift",
        subject=name,
        measurements=tuple(measured),
        details={"names": [*sequence.names], **details},
        digests=digests,
    )


def timeline_columns(data: Path, windows: str, columns: Sequence[str] | None) -> Sequence[str]:
    """Return the columns of data that a timeline is about, sorted, and `(together)`."""
    return columns_of(data, columns, None if is_period(windows) else windows)


@dataclass(frozen=True, kw_only=True)
class _Sequence:
    """Windows in their order, each with its label, and the distances of each.

    Attributes
    ----------
    ahead
        From how many of the windows' names each one's label is taken.
    """

    names: Sequence[str]
    windows: Sketch
    labels: Sequence[str]
    words: str
    digest: str
    distances: Mapping[Name, Floats]
    measures: Collection[str]
    seed: int

    def found(self, name: str) -> tuple[list[Measurement], dict[str, Json]]:
        """Return the measurements, and what the gate needs beside them."""
        changes, said = changes_of(self.windows, self.measures, self.seed)
        together = hold_together([change.effect.distance for change in changes], len(self.labels) // 2)
        middle = hold_together([change.middle for change in changes], len(self.labels) // 2)
        worst = self._worst(changes)
        measured = [
            Measurement(
                name=f"drift.{change.effect.kind}",
                subject=subject_of(name, change.effect),
                value=change.effect.distance.value if change.effect.n else None,
                n=change.effect.n,
                method=f"{KINDS[change.effect.kind].method}, before and after a change point; max-T over splits by "
                "permutation of windows",
                parameters={
                    "unit": f"{self.words}{'; ' * bool(said)}{said}",
                    "draws": change.draws,
                    "p_value": change.p_value,
                    "between": [self.labels[change.split - 1], self.labels[change.split]],
                },
                seed=self.seed,
                interval=interval_of(
                    change.effect.kind,
                    change.effect.distance.value,
                    change.effect.n,
                    together.width(number, 1 - CONFIDENCE),
                    CONFIDENCE,
                ),
                note=change.effect.note if change.effect.n or not change.effect.column else "all null, or no rows",
                artefacts=self._drawn(name, change, worst if number == 0 or not change.effect.column else []),
            )
            for number, change in enumerate(changes)
        ]
        details: dict[str, Json] = {
            "errors": [[*moments] for moments in together.errors],
            "largest": [*together.largest],
            "units": [together.units],
            "middle": {"errors": [[*moments] for moments in middle.errors], "largest": [*middle.largest]},
            "relabellings": changes[0].draws + 1,
            "windows": len(self.labels),
            "fewest": FEWEST,
            "timeline": {
                "windows": [*self.labels],
                "distances": {f"{column} {kind}".strip(): _plain(far) for (column, kind), far in self.distances.items()},
            },
        }
        return measured, details

    def _worst(self, changes: Sequence[Change]) -> list[Change]:
        main = [change for change in changes if change.effect.kind in _MAIN]
        return sorted(main, key=lambda change: (change.p_value, -change.effect.distance.value))[:_WORST]

    def _drawn(self, name: str, change: Change, worst: Sequence[Change]) -> tuple[Artefact, ...]:
        drawn = []
        if change.effect.kind in _MAIN:
            drawn.append(self._artefact(f"{name}.{change.effect.column}", [change]))
        if len(worst) > 1:
            drawn.append(self._artefact(name, worst))
        return tuple(drawn)

    def _artefact(self, title: str, changes: Sequence[Change]) -> Artefact:
        first = changes[0]
        series: list[Json] = [
            {"name": change.effect.column, "distances": _plain(self.distances[change.effect.column, change.effect.kind])}
            for change in changes
        ]
        is_change = first.p_value <= 1 - CONFIDENCE
        return Artefact(
            "timeline",
            title,
            {
                "windows": [*self.labels],
                "series": series,
                "limit": KINDS[first.effect.kind].material,
                "change": first.split if is_change else None,
            },
        )


def _plain(distances: Floats) -> list[Json]:
    return [float(f"{distance:.4g}") for distance in distances]


def _sequence_of(
    data: Data | Sequence[Data], reference: Data | Reference | None, asked: Asked, measures: Collection[str]
) -> _Sequence:
    is_list = isinstance(data, Sequence) and not isinstance(data, str | Path)
    beside = data[0] if is_list and data else data
    if reference is not None and is_list:
        raise DeclarationError("a list of windows has no reference beside them: put it first, or give one data set")
    history = history_of(data, open_lazily(beside)[0], asked)
    if history.cut is not None and not isinstance(history.cut, ByWindow | ByNumber):
        raise DeclarationError(
            f"a timeline needs windows in an order, and {asked.windows!r} holds no whole numbers. Hint: windows='day'"
        )
    windows, far = _from_others(history) if reference is None else _from_reference(history, data, reference, asked)
    n = len(windows.units)
    distances = drawn_distances(windows if far is None else far, *_weights(n, far), measures, asked.seed) if n else {}
    return _Sequence(
        names=history.reference.family,
        windows=windows,
        labels=_labels(history, windows, asked.public),
        words=history.words("", n),
        digest=history.reference.digest,
        distances=distances,
        measures=measures,
        seed=asked.seed,
    )


def _weights(n: int, far: Sketch | None) -> tuple[Floats, Floats]:
    """Return what each window is compared with, and the window: the others, or the last unit, which is the reference."""
    alone = np.eye(n)
    if far is None:
        return 1 - alone, alone
    old = np.zeros((n, n + 1))
    old[:, n] = 1
    return old, np.eye(n, n + 1)


def _from_others(history: History) -> tuple[Sketch, None]:
    sketch = history.reference.sketch
    limit = sketch.repeats.limit if sketch.repeats is not None else np.uint64(0)
    return within_windows(sketch, np.arange(len(sketch.units)), limit), None


def _from_reference(
    history: History, data: Data, reference: Data | Reference, asked: Asked
) -> tuple[Sketch, Sketch]:
    """Return the windows on the cells of a reference, and the same with the reference as their last unit."""
    opened = open_lazily(data)[0]
    made = reference
    if not isinstance(made, Reference):
        made = reference_of(made, columns=asked.columns, public=asked.public, seed=asked.seed, beside=opened)
    columns = [column for column in history.reference.sketch.columns if column in made.sketch.columns]
    units = history.cut
    if units is None:
        raise TypeError(data)  # a list has no reference
    from dataclasses import replace

    old, new, _ = compared(opened, count_rows(opened), replace(made, units=units), columns)
    windows = some_units(new, [new.units[key] for key in history.reference.sketch.units])
    n = len(windows.units)
    everyone = some_units(windows, range(n))
    everyone.merge(as_one(old, "reference"))
    limit = everyone.repeats.limit if everyone.repeats is not None else np.uint64(0)
    return within_windows(windows, np.arange(n), limit), within_windows(everyone, np.arange(n + 1), limit)


def _labels(history: History, windows: Sketch, public: Collection[str]) -> list[str]:
    cut = history.cut
    if isinstance(cut, ByWindow):
        return [cut.label(key) for key in windows.units]
    if isinstance(cut, ByNumber) and cut.column in public:
        return [str(key) for key in windows.units]
    return [f"window {number}" for number in range(1, len(windows.units) + 1)]
