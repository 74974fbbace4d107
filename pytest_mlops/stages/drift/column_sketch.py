"""Columns: what is kept of one of them, as counts by unit and cell."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pytest_mlops.stages.drift.grid import Grid

    Counts = NDArray[np.int64]
    Codes = NDArray[np.intp]

MANY = 5_000  # labels; a column with more of them is a name of its rows, and not a category
_FEW = 50  # labels, which are always told apart
_OWN = 0.8  # the share of the rows with a label of their own, from which on labels are names
OTHERS = "(others)"  # stands for the labels that a reference does not have, where all are too many


@dataclass
class Tally:
    """Counts of shape (units, cells), which grow with what is met."""

    counts: Counts = field(default_factory=lambda: np.zeros((0, 0), dtype=np.int64))

    def add(self, units: Codes, cells: Codes, n_units: int, n_cells: int) -> None:
        """Count each pair of a unit and a cell; a negative cell is left out."""
        self.reach(n_units, n_cells)
        kept = cells >= 0
        if not kept.all():
            units, cells = units[kept], cells[kept]
        width = self.counts.shape[1]
        self.counts += np.bincount(units * width + cells, minlength=self.counts.size).reshape(self.counts.shape)

    def reach(self, n_units: int, n_cells: int) -> None:
        """Make room for more units or cells."""
        more = max(n_units - self.counts.shape[0], 0), max(n_cells - self.counts.shape[1], 0)
        if any(more):
            self.counts = np.pad(self.counts, ((0, more[0]), (0, more[1])))

    def put(self, other: Counts, units: Codes, cells: Codes) -> None:
        """Add a table whose rows and columns are `units` and `cells` here."""
        self.reach(int(units.max(initial=-1)) + 1, int(cells.max(initial=-1)) + 1)
        np.add.at(self.counts, (units[:, None], cells[None, :]), other)


@dataclass
class ColumnSketch:
    """One column: where its values lie, by unit.

    Attributes
    ----------
    type
        The kind of its values, as a reader knows it: `number`, `text`, `boolean`, `time`, `vector`.
    grid
        The bins of numbers, or of vectors' norms; None for categories, whose cells are the `labels`.
    is_public
        Whether the labels are what stands in the data; if not, they are digests of it.
    kept
        The labels of the reference, which are told apart also where there are too many others.
    """

    type: str
    grid: Grid | None
    labels: dict[str, int] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    is_name: bool = False
    is_public: bool = False
    kept: int = 0

    @property
    def cells(self) -> int:
        """Return the number of bins or labels."""
        return len(self.labels) if self.grid is None else len(self.grid)

    @property
    def is_crowded(self) -> bool:
        """Say whether its labels are too many to be told apart."""
        return len(self.labels) > MANY

    @property
    def has_own_labels(self) -> bool:
        """Say whether most rows have a label that no other row has: free texts, keys."""
        if self.grid is not None or len(self.labels) <= _FEW:
            return False
        totals = self.tally.counts.sum(axis=0)
        return bool((totals == 1).sum() >= _OWN * totals.sum())

    def fresh(self) -> ColumnSketch:
        """Return the sketch of no rows, on the same cells."""
        kept = 0 if OTHERS in self.labels and len(self.labels) == 1 else len(self.labels)
        return replace(self, labels=dict(self.labels), tally=Tally(), kept=kept)

    def place(self, words: Sequence[str]) -> Codes:
        """Return the cells of labels; where they are too many to be told apart, the others are one."""
        if not self.is_name:
            found = [self.labels.setdefault(word, len(self.labels)) for word in words]
            if not self.is_crowded:
                return np.array(found, dtype=np.intp)
            self.give_up()
        return np.array([self.labels.get(word, self.kept) for word in words], dtype=np.intp)

    def give_up(self) -> None:
        """Tell apart only the labels of the reference: the others are one."""
        self.is_name = True
        self.tally.reach(0, self.cells)
        counts = self.tally.counts
        self.tally = Tally(np.insert(counts[:, : self.kept], self.kept, counts[:, self.kept :].sum(axis=1), axis=1))
        self.labels = {**dict(list(self.labels.items())[: self.kept]), OTHERS: self.kept}

    def ordered(self, first: Sequence[str] = ()) -> ColumnSketch:
        """Return the same with the labels in an order of their own: `first`, then the most frequent, then by name."""
        self.tally.reach(0, self.cells)
        if self.grid is not None:
            return self
        totals = self.tally.counts.sum(axis=0)
        rest = sorted(self.labels.keys() - set(first), key=lambda label: (-totals[self.labels[label]], label))
        labels = [*first, *rest]
        counts = np.zeros((len(self.tally.counts), len(labels)), dtype=np.int64)
        for number, label in enumerate(labels):
            if label in self.labels:
                counts[:, number] = self.tally.counts[:, self.labels[label]]
        return replace(self, labels={label: number for number, label in enumerate(labels)}, tally=Tally(counts))
