"""Timelines: how far each window of a sequence is from the others or a reference, and where the sequence changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_mlops.adapters.frames import Data, digest_data
from pytest_mlops.core.artefact import Artefact
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.measurement import Measurement
from pytest_mlops.core.result import Result
from pytest_mlops.stages.drift.changes import Change, changes_of
from pytest_mlops.stages.drift.history import Asked
from pytest_mlops.stages.drift.kinds import KINDS
from pytest_mlops.stages.drift.measure import check_asked, columns_of, nothing_measured
from pytest_mlops.stages.drift.measured import CONFIDENCE, interval_of, subject_of
from pytest_mlops.stages.drift.reference import Reference
from pytest_mlops.stages.drift.row_effects import OF_ROWS
from pytest_mlops.stages.drift.sequence import Windows, sequence_of
from pytest_mlops.stages.drift.windows import is_period
from pytest_mlops.stats.clusters import hold_together

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from pytest_mlops.core.plain import Json

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
    check_asked(name, columns=columns, measures=measures, public=public, windows=windows, time=time)
    for measure in measures:
        if measure in OF_ROWS:
            raise DeclarationError(
                f"timeline of {name}: {measure} needs rows, and windows are compared by their counts"
            )
    asked = Asked(windows=windows, match=None, time=time, columns=columns, public=public, seed=seed)
    sequence = sequence_of(data, reference, asked, measures)
    n = len(sequence.labels)
    measured: Sequence[Measurement] = nothing_measured(name, (0, 0))
    details: dict[str, Json] = {}
    if n and len(sequence.names):
        measured, details = _Timeline(windows=sequence, measures=measures, seed=seed).found(name)
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
class _Timeline:
    """Windows in their order, and what is asked of them."""

    windows: Windows
    measures: Collection[str]
    seed: int

    def found(self, name: str) -> tuple[list[Measurement], dict[str, Json]]:
        """Return the measurements, and what the gate needs beside them."""
        changes, said = changes_of(self.windows.sketch, self.measures, self.seed)
        together = hold_together([change.effect.distance for change in changes], len(self.windows.labels) // 2)
        middle = hold_together([change.middle for change in changes], len(self.windows.labels) // 2)
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
                    "unit": f"{self.windows.words}{'; ' * bool(said)}{said}",
                    "draws": change.draws,
                    "p_value": change.p_value,
                    "between": [self.windows.labels[change.split - 1], self.windows.labels[change.split]],
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
            "windows": len(self.windows.labels),
            "fewest": FEWEST,
            "timeline": {
                "windows": [*self.windows.labels],
                "distances": {
                    f"{column} {kind}".strip(): _plain(far) for (column, kind), far in self.windows.distances.items()
                },
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
            {
                "name": change.effect.column,
                "distances": _plain(self.windows.distances[change.effect.column, change.effect.kind]),
            }
            for change in changes
        ]
        is_change = first.p_value <= 1 - CONFIDENCE
        return Artefact(
            "timeline",
            title,
            {
                "windows": [*self.windows.labels],
                "series": series,
                "limit": KINDS[first.effect.kind].material,
                "change": first.split if is_change else None,
            },
        )


def _plain(distances: Floats) -> list[Json]:
    return [float(f"{distance:.4g}") for distance in distances]
