"""Sequences: data as windows in their order, each with its label and its distances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.adapters.batches import count_rows
from pytest_mlops.adapters.frames import Data, open_lazily
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.stages.drift.history import Asked, History, history_of
from pytest_mlops.stages.drift.one_out import drawn_distances
from pytest_mlops.stages.drift.reference import Reference, compared, reference_of
from pytest_mlops.stages.drift.subsets import as_one, limit_of, some_units, within_windows
from pytest_mlops.stages.drift.windows import ByNumber, ByWindow

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray

    from pytest_mlops.stages.drift.one_out import Name
    from pytest_mlops.stages.drift.sketch import Sketch

    Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Windows:
    """Windows in their order.

    Attributes
    ----------
    names
        The columns that are compared.
    labels
        Of each window: when it begins, a number where that may not be shown.
    words
        What they are.
    distances
        Of each window, for each measure of each column.
    """

    names: Sequence[str]
    sketch: Sketch
    labels: Sequence[str]
    words: str
    digest: str
    distances: Mapping[Name, Floats]


def sequence_of(
    data: Data | Sequence[Data], reference: Data | Reference | None, asked: Asked, measures: Collection[str]
) -> Windows:
    """Return the windows of data, with their distances from the others of them, or from a reference.

    Raises
    ------
    DeclarationError
        When they have no order.
    """
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
    distances = drawn_distances(windows if far is None else far, *_weights(n, far), measures) if n else {}
    return Windows(
        names=history.reference.family,
        sketch=windows,
        labels=_labels(history, windows, asked.public),
        words=history.words("", n),
        digest=history.reference.digest,
        distances=distances,
    )


def _weights(n: int, far: Sketch | None) -> tuple[Floats, Floats]:
    """Return what each window is compared with, the others or the last unit, a reference; and the window."""
    alone = np.eye(n)
    if far is None:
        return 1 - alone, alone
    old = np.zeros((n, n + 1))
    old[:, n] = 1
    return old, np.eye(n, n + 1)


def _from_others(history: History) -> tuple[Sketch, None]:
    sketch = history.reference.sketch
    limit = limit_of(sketch)
    return within_windows(sketch, np.arange(len(sketch.units)), limit), None


def _from_reference(history: History, data: Data, reference: Data | Reference, asked: Asked) -> tuple[Sketch, Sketch]:
    """Return the windows on the cells of a reference, and the same with the reference as their last unit."""
    opened = open_lazily(data)[0]
    made = reference
    if not isinstance(made, Reference):
        made = reference_of(made, columns=asked.columns, public=asked.public, seed=asked.seed, beside=opened)
    columns = [column for column in history.reference.sketch.columns if column in made.sketch.columns]
    units = history.cut
    if units is None:
        raise TypeError(data)  # a list has no reference
    old, new, _ = compared(opened, count_rows(opened), replace(made, units=units), columns)
    windows = some_units(new, [new.units[key] for key in history.reference.sketch.units])
    n = len(windows.units)
    everyone = some_units(windows, range(n))
    everyone.merge(as_one(old, "reference"))
    limit = limit_of(everyone)
    return within_windows(windows, np.arange(n), limit), within_windows(everyone, np.arange(n + 1), limit)


def _labels(history: History, windows: Sketch, public: Collection[str]) -> list[str]:
    cut = history.cut
    if isinstance(cut, ByWindow):
        return [cut.label(key) for key in windows.units]
    if isinstance(cut, ByNumber) and cut.column in public:
        return [str(key) for key in windows.units]
    return [f"window {number}" for number in range(1, len(windows.units) + 1)]
