"""Parts: what a sketch keeps of a column beside the counts of its cells. All add up by unit, and merge exactly."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

from pytest_mlops.stages.drift.packed import fold_signs, pack, unfold_signs, unpack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pytest_mlops.core.plain import Json
    from pytest_mlops.stages.drift.reading import Reading

    Whole = NDArray[np.int64]
    Codes = NDArray[np.intp]


class Part(Protocol):
    """What is kept of one column."""

    @property
    def column(self) -> str:
        """Return the column."""

    def fresh(self) -> Part:
        """Return the same of no rows."""

    def add(self, reading: Reading, units: Codes, n_units: int) -> None:
        """Take the rows of a batch; `units` says for each row in which of `n_units` it is."""

    def merge(self, other: Any, place: Codes, n_units: int) -> None:
        """Add what another one has; `place` says for each of its units which one it is here."""

    def grouped(self, place: Codes, n_units: int) -> Part:
        """Return the same with units together; `place` says for each unit which one it is in."""

    def finished(self) -> Part:
        """Return what is kept once all rows were taken."""

    def of_units(self, kept: Codes, n_units: int) -> Part | None:
        """Return the same of some of its units, by their numbers, in that order; None where they can't be told."""

    def is_worth(self, n_labels: int, *, is_name: bool) -> bool:
        """Say whether a reference keeps it; and how many labels its column has, or that these are names of rows."""

    def to_json(self) -> dict[str, Json] | None:
        """Return it in plain JSON types, None where it is too long to be written."""


@dataclass
class Sums:
    """Whole numbers by unit, of shape (units, width)."""

    width: int
    table: Whole = field(init=False)

    def __post_init__(self) -> None:
        self.table = np.zeros((0, self.width), dtype=np.int64)

    def reach(self, n_units: int) -> Whole:
        """Return the table with room for some units."""
        more = n_units - len(self.table)
        if more > 0:
            self.table = np.concatenate([self.table, np.zeros((more, self.width), dtype=np.int64)])
        return self.table

    def merge(self, other: Sums, place: Codes, n_units: int) -> None:
        """Add another one's numbers; its units are at `place` here."""
        np.add.at(self.reach(n_units), place[: len(other.table)], other.table)

    def grouped(self, place: Codes, n_units: int) -> Sums:
        """Return the same with units together."""
        together = Sums(self.width)
        together.merge(self, place, n_units)
        return together

    def of_units(self, kept: Codes, n_units: int) -> Sums:
        """Return the numbers of some of the units, in that order."""
        some = Sums(self.width)
        some.table = self.reach(n_units)[kept]
        return some

    def of(self, n_units: int) -> NDArray[np.float64]:
        """Return the numbers of all units."""
        return self.reach(n_units).astype(np.float64)

    def to_json(self) -> list[Json]:
        """Return a line for each unit."""
        return [pack(fold_signs(line)) for line in self.table]

    @classmethod
    def from_json(cls, read: list[str], width: int) -> Self:
        """Return what `to_json` wrote."""
        made = cls(width)
        for number, line in enumerate(read):
            made.reach(number + 1)[number] = unfold_signs(unpack(line))
        return made


def summed(values: Whole, units: Codes, n_units: int) -> Whole:
    """Return rows of numbers, of shape (rows, width), added up by unit."""
    added = np.zeros((n_units, values.shape[1]), dtype=np.int64)
    if len(values):
        order = np.argsort(units, kind="stable")
        found, starts = np.unique(units[order], return_index=True)
        added[found] = np.add.reduceat(values[order], starts, axis=0)
    return added


def counted(units: Codes, cells: Codes, n_units: int, n_cells: int) -> Whole:
    """Return how often each unit and cell come together, of shape (units, cells)."""
    return np.bincount(units * n_cells + cells, minlength=n_units * n_cells).reshape(n_units, n_cells)


def part_from_json(read: Mapping[str, Any]) -> Part:
    """Return the part that `to_json` wrote.

    Raises
    ------
    ValueError
        When there is no such kind.
    """
    from pytest_mlops.stages.drift.gaps import Gaps
    from pytest_mlops.stages.drift.text import Texts
    from pytest_mlops.stages.drift.values import Uniqueness
    from pytest_mlops.stages.drift.vectors import Vectors

    kinds: dict[str, Any] = {"gaps": Gaps, "texts": Texts, "values": Uniqueness, "vectors": Vectors}
    if read["kind"] not in kinds:
        raise ValueError(f"there is no part {read['kind']!r}")
    part: Part = kinds[read["kind"]].from_json(read)
    return part
