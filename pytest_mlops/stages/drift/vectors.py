"""Columns of vectors (embeddings): their mean and, by random waves, their distribution, as whole numbers by unit."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.adapters.arrow_nested import vectors_of
from pytest_mlops.stages.drift.parts import Sums, summed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import narwhals as nw
    from numpy.typing import NDArray

    from pytest_mlops.core.plain import Json
    from pytest_mlops.stages.drift.reading import Reading

    Floats = NDArray[np.float64]
    Whole = NDArray[np.int64]
    Codes = NDArray[np.intp]

SAMPLE = 2_000  # vectors that the space is chosen from
_FAR = 4.0  # standard deviations, at which a coordinate is cut
_FINE = 16  # steps of a standard deviation, to which it is rounded
_AXES = 32  # directions in which means are compared
WAVES = 64
_WEIGHT = 32  # steps of a standard deviation of a wave's direction
_HIGH = 100  # steps of a wave's height
_STILL = 1e-6  # of the largest spread, up to which a coordinate does not vary
_EXACT = 1 << 24  # below which whole numbers are exact in single precision


@dataclass(frozen=True)
class Space:
    """What vectors are centred, scaled and seen along, as the reference says.

    Attributes
    ----------
    centre, scale
        Of shape (length,): means and standard deviations.
    width
        The median distance of two vectors, of the kernel.
    """

    centre: Floats
    scale: Floats
    width: float

    @property
    def length(self) -> int:
        """Return how many numbers a vector has."""
        return len(self.centre)

    @property
    def n_axes(self) -> int:
        """Return in how many directions means are compared."""
        return min(self.length, _AXES)

    @cached_property
    def directions(self) -> NDArray[np.float32]:
        """Return axes and waves, whole numbers, of shape (length, axes + waves): products with vectors are exact.

        A vector of few numbers is looked at along each of them, a long one along sums of random sign, in which a mean's
        size is kept (Johnson and Lindenstrauss, Contemporary Mathematics 26, 1984; Achlioptas, Journal of Computer and
        System Sciences 66, 2003).
        """
        rng = np.random.default_rng([self.length, WAVES])
        signs = rng.choice([-1.0, 1.0], (self.length, self.n_axes))
        axes = np.eye(self.length) if self.length <= _AXES else signs
        waves = np.clip(np.rint(rng.normal(0, _WEIGHT, (self.length, WAVES))), -4 * _WEIGHT, 4 * _WEIGHT)
        return np.concatenate([axes, waves], axis=1).astype(np.float32)

    def of(self, rows: NDArray[Any]) -> Whole:
        """Return what of vectors adds up, of shape (rows, axes + 2 * waves)."""
        steps = self._steps(rows)
        is_exact = self.length * 4 * _WEIGHT * _FAR * _FINE < _EXACT
        kind = np.float32 if is_exact else np.float64
        seen = (steps.astype(kind) @ self.directions.astype(kind)).astype(np.float64)
        angles = seen[:, self.n_axes :] / (_FINE * _WEIGHT * self.width)
        waves = np.rint(_HIGH * np.concatenate([np.cos(angles), np.sin(angles)], axis=1))
        return np.concatenate([seen[:, : self.n_axes], waves], axis=1).astype(np.int64)

    def _steps(self, rows: NDArray[Any]) -> NDArray[Any]:
        with np.errstate(over="ignore"):
            return np.rint(np.clip((rows - self.centre) / self.scale, -_FAR, _FAR) * _FINE)

    def to_json(self) -> dict[str, Json]:
        """Return it in plain JSON types."""
        return {"centre": self.centre.tolist(), "scale": self.scale.tolist(), "width": self.width}

    @classmethod
    def from_json(cls, read: Mapping[str, Any]) -> Space:
        """Return what `to_json` wrote."""
        return cls(np.array(read["centre"]), np.array(read["scale"]), float(read["width"]))


def space_of(lengths: Mapping[int, int], rows: Mapping[int, Floats]) -> Space | None:
    """Return the space of the vectors of a sample, None where it has none.

    Parameters
    ----------
    lengths
        How often each length occurs; the most frequent one is the space's.
    rows
        The vectors of each length.
    """
    if not lengths:
        return None
    length = min(lengths, key=lambda length: (-lengths[length], length))
    found = rows[length]
    if not length or len(found) < 2:  # noqa: PLR2004 - a spread takes two
        return None
    scale = found.std(axis=0)
    most = float(scale.max()) or 1.0
    scale = np.where(scale > _STILL * most, scale, most)
    rounded = Space(_short(found.mean(axis=0)), _short(scale), 1.0)
    steps = rounded._steps(found) / _FINE  # noqa: SLF001 - of its own kind
    half = len(steps) // 2
    width = float(np.median(np.sqrt(((steps[:half] - steps[half : 2 * half]) ** 2).sum(axis=1))))
    return replace(rounded, width=float(f"{width or 1.0:.6g}"))


def _short(values: Floats) -> Floats:
    """Return four digits of values, which are no row's and make a shorter file."""
    return np.array([float(f"{value:.4g}") for value in values])


@dataclass
class VectorSample:
    """Some vectors of some columns: how often each length occurs, and the vectors of each."""

    columns: dict[str, list[NDArray[Any]]]

    def merge(self, other: VectorSample) -> None:
        """Add those of other rows."""
        for name, vectors in other.columns.items():
            self.columns[name] += vectors

    def spaces(self) -> dict[str, Space]:
        """Return the space of each column that has vectors."""
        found = {}
        for name, vectors in self.columns.items():
            by_length: dict[int, list[NDArray[Any]]] = {}
            for vector in vectors:
                by_length.setdefault(len(vector), []).append(vector)
            lengths = {length: len(some) for length, some in by_length.items()}
            space = space_of(lengths, {length: np.stack(some) for length, some in by_length.items()})
            if space is not None:
                found[name] = space
        return found


@dataclass(frozen=True)
class VectorSampler:
    """What draws from a part of some data: each row with the chance `share`, the same in whatever batches they come."""

    columns: tuple[str, ...]
    share: float
    seed: int

    def __call__(self, batches: Iterable[nw.DataFrame[Any]], start: int) -> VectorSample:
        """Return what is drawn of the rows from `start` on."""
        rng = np.random.Generator(np.random.PCG64(self.seed).advance(start))
        sample = VectorSample({name: [] for name in self.columns})
        for batch in batches:
            drawn = rng.random(len(batch)) < self.share
            for name, vectors in sample.columns.items():
                for part in vectors_of(batch[name]):
                    vectors.extend(_drawn(part, drawn[part.start : part.start + len(part.lengths)]))
        return sample


def _drawn(part: Any, drawn: NDArray[np.bool_]) -> Iterable[NDArray[Any]]:
    ends = np.cumsum(np.maximum(part.lengths, 0))
    for row in np.flatnonzero(drawn & (part.lengths > 0)):
        vector = part.values[ends[row] - part.lengths[row] : ends[row]].astype(np.float64)
        if np.isfinite(vector).all():
            yield vector


@dataclass
class Vectors:
    """Sums by unit: rows of the reference's length, rows of another, and what adds up of the first.

    A row without a vector, or with a number in it that is missing or infinite, is in neither.
    """

    column: str
    space: Space
    sums: Sums = field(init=False)

    def __post_init__(self) -> None:
        self.sums = Sums(2 + self.space.n_axes + 2 * WAVES)

    def fresh(self) -> Vectors:
        """Return the same of no rows."""
        return Vectors(self.column, self.space)

    def add(self, reading: Reading, units: Codes, n_units: int) -> None:
        """Take the rows of a batch."""
        table = self.sums.reach(n_units)
        for part in vectors_of(reading.series):
            kept, rows = part.of_length(self.space.length)
            of_part = units[part.start : part.start + len(kept)]
            others = of_part[(part.lengths >= 0) & (part.lengths != self.space.length)]
            table[:, 0] += np.bincount(of_part[kept], minlength=n_units)
            table[:, 1] += np.bincount(others, minlength=n_units)
            table[:, 2:] += summed(self.space.of(rows), of_part[kept], n_units)

    def merge(self, other: Vectors, place: Codes, n_units: int) -> None:
        """Add the sums of another one."""
        self.sums.merge(other.sums, place, n_units)

    def grouped(self, place: Codes, n_units: int) -> Vectors:
        """Return the same with units together."""
        together = self.fresh()
        together.sums = self.sums.grouped(place, n_units)
        return together

    def finished(self) -> Vectors:
        """Return the same."""
        return self

    def of_units(self, kept: Codes, n_units: int) -> Vectors:
        """Return the same of some units."""
        some = self.fresh()
        some.sums = self.sums.of_units(kept, n_units)
        return some

    def is_worth(self, n_labels: int, *, is_name: bool) -> bool:  # noqa: ARG002 - as the others
        """Say that it is kept."""
        return True

    def is_of_another_length(self) -> bool:
        """Say whether most vectors have another length than the reference's."""
        same, others = self.sums.table[:, :2].sum(axis=0)
        return bool(others > same)

    def split(self, n_units: int) -> Floats:
        """Return rows of the reference's length and of another, of shape (units, 2)."""
        return self.sums.of(n_units)[:, :2]

    def means(self, n_units: int) -> Floats:
        """Return rows, and sums along the axes, of shape (units, 1 + axes).

        The norm of a difference of means is in units of the reference's spread, the root of the sum of all variances.
        """
        table = self.sums.of(n_units)
        of_axes = self.space.n_axes if self.space.length > _AXES else 1
        along = table[:, 2 : 2 + self.space.n_axes] / (_FINE * math.sqrt(self.space.length * of_axes))
        return np.concatenate([table[:, :1], along], axis=1)

    def waves(self, n_units: int) -> Floats:
        """Return rows, and sums of waves, of shape (units, 1 + 2 * waves); means differ by the discrepancy's norm."""
        table = self.sums.of(n_units)
        return np.concatenate([table[:, :1], table[:, -2 * WAVES :] / (_HIGH * math.sqrt(WAVES))], axis=1)

    def to_json(self) -> dict[str, Json]:
        """Return it in plain JSON types."""
        own: dict[str, Json] = {"kind": "vectors", "column": self.column, "space": self.space.to_json()}
        return {**own, "sums": self.sums.to_json()}

    @classmethod
    def from_json(cls, read: Mapping[str, Any]) -> Vectors:
        """Return what `to_json` wrote."""
        vectors = cls(read["column"], Space.from_json(read["space"]))
        vectors.sums = Sums.from_json(read["sums"], vectors.sums.width)
        return vectors
