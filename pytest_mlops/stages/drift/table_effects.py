"""What is measured of a table as a whole: how columns depend on each other, and rows that stand there twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_mlops.stages.drift.effects import Effect, Resamples
from pytest_mlops.stages.drift.joint import joint_change
from pytest_mlops.stages.drift.part_effects import repeat_effect

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from pytest_mlops.stages.drift.joint import Axis, Joint, PairChange
    from pytest_mlops.stages.drift.sketch import Sketch

    Floats = NDArray[np.float64]


def table_effects(old: Sketch, new: Sketch, resamples: Resamples) -> Iterable[Effect]:
    """Yield the measures of the table; their column is empty."""
    if old.joint is not None and new.joint is not None:
        yield from _dependence((old.joint, new.joint), old, int(new.rows.sum()), resamples)
    if old.repeats is not None and new.repeats is not None:
        sides = old.repeats.finished(), new.repeats.finished()
        yield repeat_effect("duplicate_share_change", "rows", sides, resamples)


def _dependence(sides: tuple[Joint, Joint], reference: Sketch, n_rows: int, resamples: Resamples) -> Iterable[Effect]:
    """Yield the change of correlations; nothing where no two columns vary on both sides."""
    found = joint_change(*sides, resamples.labels, resamples.weights)
    if found is None:
        return
    note = _words(found.surest, reference)
    if found.surest != found.largest:
        note += f"; the largest change is that of {_words(found.largest, reference)}"
    yield Effect(
        column="",
        kind="dependence_change",
        n=n_rows,
        distance=found.distance,
        statistics=found.statistics,
        note=note,
    )


def _words(change: PairChange, reference: Sketch) -> str:
    first, second = _said(change.first, reference), _said(change.second, reference)
    return f"{first} and {second}: correlation {change.then:.2f} in the reference, {change.now:.2f} now"


def _said(axis: Axis, reference: Sketch) -> str:
    """Return a column, or one of its categories, which is numbered where the column is not public."""
    if not axis.label:
        return axis.column
    column = reference.columns[axis.column]
    if column.is_public or axis.label not in column.labels:
        return f"{axis.column}={axis.label if column.is_public else 'a category'}"
    return f"{axis.column}=category {list(column.labels).index(axis.label) + 1}"
