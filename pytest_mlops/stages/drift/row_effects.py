"""What is measured with models of the rows: of the inputs together, and of their relation to a target."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.adapters.batches import count_values, schema_of
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.messages import did_you_mean
from pytest_mlops.stages.drift.classifier import RANKS, domain_effect, ranks_told
from pytest_mlops.stages.drift.folds import folds_of
from pytest_mlops.stages.drift.kernel import kernel_effect, waves_of
from pytest_mlops.stages.drift.loss import (
    BINS,
    estimated_effect,
    loss_effects,
    losses_of,
    score_cells,
    score_effect,
    segments_of,
)
from pytest_mlops.stages.drift.reading import numbers
from pytest_mlops.stages.drift.relation import bins_of, expected_of, relation_effects
from pytest_mlops.stages.drift.rows import Matrix, Rows, matrix_of, rows_of
from pytest_mlops.stages.scores import scores_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from numpy.typing import NDArray

    from pytest_mlops.adapters.frames import Data
    from pytest_mlops.stages.drift.effects import Effect, Resamples
    from pytest_mlops.stages.drift.sketch import Sketch
    from pytest_mlops.stages.drift.units import Units

    Floats = NDArray[np.float64]
    Measure = Callable[[tuple[Floats, Floats], Resamples], Iterable[Effect]]

OF_ROWS = ("domain_auc", "kernel_distance")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked beyond the columns, each by itself.

    Attributes
    ----------
    measures
        Of `OF_ROWS`.
    target
        The column that a model foretells: 0 and 1, or a number.
    model
        What has `predict_proba` (of a number, `predict`), or a function of a pandas frame.
    segments
        Columns of categories, in each of which the model's loss is measured.
    """

    measures: Collection[str] = ()
    target: str | None = None
    model: Any = None
    segments: Sequence[str] = ()
    seed: int = 0

    @property
    def needs_rows(self) -> bool:
        """Say whether counts by unit are not enough."""
        return self.target is not None or bool(set(OF_ROWS) & set(self.measures))

    def check(self, name: str, family: Collection[str], columns: Collection[str]) -> None:
        """Refuse what can't be measured: segments must be in the family, the target in the reference.

        Raises
        ------
        DeclarationError
            For a model without a target, or a column that there is not.
        """
        if self.target is None and (self.model is not None or self.segments):
            raise DeclarationError(f"drift of {name}: model= and segments= need target=, the column of the truth")
        if self.segments and self.model is None:
            raise DeclarationError(f"drift of {name}: segments= need model=, whose loss is measured in each")
        wanted = [(column, family) for column in self.segments]
        for column, known in [*([(self.target, columns)] if self.target is not None else []), *wanted]:
            if column not in known:
                hint = did_you_mean(column, known)
                raise DeclarationError(f"drift of {name}: the reference has no column {column!r}. {hint}")


@dataclass
class Prepared:
    """What was summed by unit into the sketches, by name, and how each becomes measures."""

    measures: dict[str, Measure] = field(default_factory=dict)

    def effects(self, sketches: tuple[Sketch, Sketch], resamples: Resamples) -> Iterable[Effect]:
        """Yield the measures."""
        for name, measure in self.measures.items():
            yield from measure((sketches[0].sums[name], sketches[1].sums[name]), resamples)


def has_labels(data: Data, target: str) -> bool:
    """Say whether a column is there and has a value."""
    return target in schema_of(data) and bool(count_values(data, target))


@dataclass(frozen=True)
class _Preparing:
    """The rows of both sides, and the sketches that the sums go to."""

    asked: Asked
    rows: tuple[Rows, Rows]
    sketches: tuple[Sketch, Sketch]
    matrix: Matrix
    public: Collection[str]
    folds: NDArray[np.intp]
    prepared: Prepared

    @property
    def n_units(self) -> tuple[int, int]:
        return len(self.sketches[0].units), len(self.sketches[1].units)

    def put(self, name: str, sides: tuple[Floats, Floats], measure: Measure) -> None:
        for sketch, sums in zip(self.sketches, sides, strict=True):
            sketch.sums[name] = sums
        self.prepared.measures[name] = measure

    def multivariate(self) -> None:
        if "domain_auc" in self.asked.measures:
            judged, ranks, note = ranks_told(self.matrix, self.folds, self.asked.seed)
            sides = self.matrix.only(judged).counts(ranks, RANKS, self.n_units)
            self.put("domain", sides, lambda by_unit, resamples: [domain_effect(by_unit, note, resamples)])
        if "kernel_distance" in self.asked.measures:
            waves = waves_of(self.matrix, self.asked.seed)
            sides = self.matrix.sums(np.concatenate([np.ones((len(waves), 1)), waves], axis=1), self.n_units)
            self.put("kernel", sides, lambda by_unit, resamples: [kernel_effect(by_unit, resamples)])

    def relation(self, target: Floats, *, is_class: bool) -> None:
        known = np.isfinite(target)
        matrix = self.matrix.only(known)
        if not len(matrix.names) or matrix.is_current.all() or not matrix.is_current.any():
            return
        judged, expected = expected_of(matrix, target[known], self.folds, is_class=is_class, seed=self.asked.seed)
        matrix = matrix.only(judged)
        if matrix.is_current.all() or not matrix.is_current.any():
            return
        for number, name in enumerate(matrix.names):
            bins, sides = bins_of(matrix, number, expected, self.n_units)
            is_public = name in self.public or name not in matrix.words
            measure = partial(_relation, name, bins, is_public)
            self.put(f"relation {name}", sides, measure)

    def model(self, target: Floats, *, is_class: bool) -> None:
        scores, known = self._scores(is_class=is_class), np.isfinite(target)
        loss = "mean squared error of the probability (Brier)" if is_class else "mean absolute error"
        cells = score_cells(scores, self.matrix.is_current)
        sides = self.matrix.counts(cells, BINS, self.n_units)
        self.put("predictions", sides, lambda by_unit, resamples: [score_effect(by_unit, resamples)])
        losses = losses_of(scores, target, is_class=is_class)
        of_reference = known & ~self.matrix.is_current
        if not of_reference.any():
            return
        if (known & self.matrix.is_current).any():
            segments, sums = segments_of(self.matrix.only(known), self.asked.segments, losses[known], self.public)
            sides = self.matrix.only(known).sums(sums, self.n_units)
            self.put("loss", sides, lambda by_unit, resamples: loss_effects(segments, by_unit, resamples, loss))
        else:
            lost, at = losses[of_reference], cells[of_reference]
            self.put(
                "estimated",
                sides,
                lambda by_unit, resamples: [estimated_effect(by_unit, lost, at, resamples, loss)],
            )

    def _scores(self, *, is_class: bool) -> Floats:
        found = []
        for side in self.rows:
            frame = side.frame.to_pandas()
            features = frame.drop(columns=[self.asked.target], errors="ignore")
            found.append(scores_of(self.asked.model, "the model", features, is_class=is_class))
        return np.concatenate(found)


def _relation(name: str, bins: Any, is_public: bool, by_unit: Any, resamples: Resamples) -> Iterable[Effect]:  # noqa: FBT001
    return relation_effects(name, bins, by_unit, resamples, is_public=is_public)


def prepare(
    asked: Asked,
    data: tuple[Data, Data],
    units: tuple[Units, Units],
    sketches: tuple[Sketch, Sketch],
    columns: Sequence[str],
) -> Prepared:
    """Sum up into the sketches what models say of some rows; return how that becomes measures.

    Parameters
    ----------
    columns
        Those that both sides have, of one type; the target is not among the inputs.
    """
    inputs = [column for column in columns if column != asked.target and not sketches[0].columns[column].is_name]
    schemas = [schema_of(side) for side in data]
    rows = []
    for side, schema, unit, sketch in zip(data, schemas, units, sketches, strict=True):
        truth = [asked.target] if asked.target is not None and asked.target in schema else []
        wanted = [*schema] if asked.model is not None else [*inputs, *truth]
        rows.append(rows_of(side, wanted, unit, sketch.units, asked.seed))
    numeric = [column for column in inputs if sketches[0].columns[column].grid is not None]
    work = _Preparing(
        asked=asked,
        rows=(rows[0], rows[1]),
        sketches=sketches,
        matrix=matrix_of((rows[0], rows[1]), inputs, numeric),
        public=[column for column in inputs if sketches[0].columns[column].is_public],
        folds=folds_of(sketches[0].units, sketches[1].units),
        prepared=Prepared(),
    )
    work.multivariate()
    if asked.target is not None:
        target = np.concatenate([_truth(side, asked.target) for side in rows])
        seen = target[np.isfinite(target)]
        is_class = bool(np.isin(seen, (0.0, 1.0)).all())
        work.relation(target, is_class=is_class)
        if asked.model is not None:
            work.model(target, is_class=is_class)
    return work.prepared


def _truth(rows: Rows, target: str) -> Floats:
    """Return the target of each row, NaN where it is not known."""
    if target not in rows.frame.columns:
        return np.full(len(rows), np.nan)
    series = rows.frame[target]
    if series.null_count() == len(series):
        return np.full(len(rows), np.nan)
    if not series.dtype.is_numeric() and str(series.dtype) != "Boolean":
        raise DeclarationError(f"the target {target!r} must be a number, or 0 and 1, or booleans; got {series.dtype}")
    return numbers(series)
