"""References: what data are compared with. The grids are chosen from a sample, then all rows are counted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.adapters.batches import count_rows, fold_batches, schema_of
from pytest_mlops.adapters.frames import digest_data, open_lazily
from pytest_mlops.adapters.threads import one_thread
from pytest_mlops.core.digest import short_digest
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.messages import did_you_mean
from pytest_mlops.stages.drift.column_sketch import ColumnSketch
from pytest_mlops.stages.drift.gaps import Gaps
from pytest_mlops.stages.drift.joint import axes_of
from pytest_mlops.stages.drift.patterns import Patterns
from pytest_mlops.stages.drift.reading import is_number, is_vector
from pytest_mlops.stages.drift.sample import Sample, Sampler
from pytest_mlops.stages.drift.sketch import Sketch, Sketcher
from pytest_mlops.stages.drift.text import Texts
from pytest_mlops.stages.drift.units import ROW, ByColumn, choose_units, group_of
from pytest_mlops.stages.drift.values import Values
from pytest_mlops.stages.drift.vectors import SAMPLE as VECTORS
from pytest_mlops.stages.drift.vectors import Vectors, VectorSample, VectorSampler

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import narwhals as nw

    from pytest_mlops.adapters.frames import Data
    from pytest_mlops.stages.drift.parts import Part
    from pytest_mlops.stages.drift.sketch import Key
    from pytest_mlops.stages.drift.units import Units

    Schema = Mapping[str, nw.dtypes.DType]

SAMPLE = 100_000  # rows that a grid is chosen from


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What data are compared with, however it was come by: from data at hand, or from a committed file.

    Attributes
    ----------
    family
        The columns that are compared together, sorted.
    types
        The kind of each one's values: number, vector, text, boolean, time, other.
    is_whole
        Whether these are all columns, so that whole rows are compared too.
    unit
        As the user said it.
    digest
        Of the data.
    """

    family: Sequence[str]
    types: Mapping[str, str]
    is_whole: bool
    n_rows: int
    digest: str
    unit: str | None
    units: Units
    sketch: Sketch

    def without(self, column: str) -> Reference:
        """Return the reference of the other columns."""
        others = [name for name in self.sketch.columns if name != column]
        return replace(self, family=[name for name in self.family if name != column], sketch=self.sketch.only(others))

    def of_family(self, columns: Sequence[str] | None) -> Reference:
        """Return the reference of some of the columns.

        Raises
        ------
        DeclarationError
            For a column that it does not have.
        """
        if columns is None or sorted(columns) == [*self.family]:
            return self
        for column in columns:
            if column not in self.family:
                raise DeclarationError(f"the reference has no column {column!r}. {did_you_mean(column, self.family)}")
        kept = [column for column in sorted(columns) if column in self.sketch.columns]
        sketch = self.sketch.only(kept)
        parts = {key: part for key, part in sketch.parts.items() if part.column in kept}
        sketch = replace(sketch, repeats=None, whole=(), parts=parts)
        return replace(self, family=sorted(columns), is_whole=False, sketch=sketch)


@one_thread()
def reference_of(
    data: Data,
    *,
    unit: str | None = None,
    columns: Sequence[str] | None = None,
    public: Collection[str] = (),
    seed: int = 0,
    beside: Data | None = None,
    units: Units | None = None,
) -> Reference:
    """Return the reference that some data are.

    Parameters
    ----------
    unit, columns, public, seed
        As of `measure_drift`.
    beside
        The data that will be compared, where they are known: units are chosen that both have, and columns that they do
        not have are not looked at.
    units
        Those that are counted by, in place of what `unit` says.
    """
    opened = open_lazily(data)[0]
    types, n_rows = schema_of(opened), count_rows(opened)
    family = family_of(types, columns, unit)
    looked_at, whole = list(family), list(types) if columns is None else list(family)
    times = [column for column, dtype in types.items() if columns is None and is_moment(dtype)]
    known = [opened]
    if beside is not None and count_rows(beside):
        others = schema_of(beside)
        known.append(beside)
        looked_at = [c for c in family if c in others and is_like(word_of(types[c]), word_of(others[c]))]
        times = [column for column in times if column in others and is_moment(others[column])]
        whole = [column for column in whole if column in others]
    units = units or choose_units(known, unit, n_rows, seed)
    draw = Draw([opened], n_rows, seed)
    whole = whole if n_rows and len(whole) > 1 else []
    sketcher = sketcher_of(draw, looked_at, units, public=public, whole=whole, times=times)
    return Reference(
        family=family,
        types={column: word_of(types[column]) for column in family},
        is_whole=columns is None,
        n_rows=n_rows,
        digest=digest_data(data),
        unit=unit,
        units=units,
        sketch=(sketched(opened, sketcher) if n_rows else sketcher((), 0)).ordered(),
    )


def family_of(types: Schema, columns: Sequence[str] | None, unit: str | None) -> list[str]:
    """Return the columns of a reference that are compared: those that are named, or all but the unit.

    Of points in time that are not named it is compared whether they are there, and where there are gaps between them.
    """
    for column in [*(columns or ()), *([unit] if unit and unit != ROW else [])]:
        if column not in types:
            raise DeclarationError(f"the reference has no column {column!r}. {did_you_mean(column, types)}")
    if columns is not None:
        return sorted(columns)
    return sorted(column for column in types if column != unit)


@dataclass(frozen=True)
class Draw:
    """Data, in one part or several, with what their grids are chosen by; `n_rows` are those of all parts."""

    parts: Sequence[Data]
    n_rows: int
    seed: int

    def rows(self, numbers: Sequence[str], words: Sequence[str]) -> Sample:
        """Return some rows of columns of numbers, and the categories of some rows."""
        first, *others = [
            fold_batches(part, [*numbers, *words], Sampler(numbers, share, seed, words), Sample.merge)
            for part, share, seed in self._each(SAMPLE)
        ]
        for other in others:
            first.merge(other)
        return first

    def vectors(self, columns: Sequence[str]) -> VectorSample:
        """Return some rows of columns of vectors."""
        first, *others = [
            fold_batches(part, columns, VectorSampler(tuple(columns), share, seed), VectorSample.merge)
            for part, share, seed in self._each(VECTORS)
        ]
        for other in others:
            first.merge(other)
        return first

    def _each(self, rows: int) -> Iterable[tuple[Data, float, int]]:
        return ((part, rows / max(self.n_rows, 1), self.seed + number) for number, part in enumerate(self.parts))


def sketcher_of(
    draw: Draw,
    columns: Sequence[str],
    units: Units,
    *,
    public: Collection[str],
    whole: Sequence[str],
    times: Sequence[str],
) -> Sketcher:
    """Return what sketches the data, and others like them: the cells of `columns`, and what else is kept of them.

    Parameters
    ----------
    whole
        The columns in which rows can repeat each other; none where whole rows are not compared.
    times
        Those in which gaps are looked for.
    """
    words = {name: word_of(dtype) for name, dtype in schema_of(draw.parts[0]).items()}
    numeric = [name for name in columns if words[name] in {"number", "vector"}]
    numbers = [name for name in numeric if words[name] == "number"]
    others = [name for name in columns if words[name] not in {"number", "vector"} and name not in times]
    told = others if whole else []
    sample = draw.rows(numeric, told) if numeric or told else Sample({})
    levels = {
        name: labels if name in public else [short_digest(label) for label in labels]
        for name, labels in sample.levels().items()
    }
    grids = sample.grids()
    cells = {name: ColumnSketch(words[name], grids.get(name), is_public=name in public) for name in columns}
    for name in times:
        if name in cells:
            cells[name].give_up()
    vectors = [name for name in columns if words[name] == "vector"]
    parts: list[Part] = [
        *(Texts(name) for name in columns if words[name] == "text"),
        *(Values(name) for name in others),
        *(Values(name, is_number=True) for name in sample.identifiers() if words[name] == "number"),
        *(Vectors(name, space) for name, space in (draw.vectors(vectors).spaces() if vectors else {}).items()),
        *(Gaps(name) for name in times),
    ]
    named = {f"{type(part).__name__.lower()} of {part.column}": part for part in parts}
    patterns = Patterns(sorted(columns)) if whole and len(columns) > 1 else None
    return Sketcher(cells, units, whole, named, patterns, axes_of(numbers, levels) if whole else [])


def sketched(data: Data, sketcher: Sketcher) -> Sketch:
    """Return the sketch of all rows of some data."""
    beside = [sketcher.units.column] if sketcher.units.column else []
    read = list(
        dict.fromkeys([*sketcher.columns, *beside, *sketcher.whole, *(part.column for part in sketcher.parts.values())])
    )
    return fold_batches(data, read, sketcher, Sketch.merge)


def compared(data: Data, n_rows: int, reference: Reference, columns: Sequence[str]) -> tuple[Sketch, Sketch, Units]:
    """Return the sketches of a reference and of data that are compared with it, of some columns, and the data's units.

    Both have the same grids, labels and kind of units.
    """
    units = reference.units.of_current(data, n_rows)
    old = reference.sketch.only(columns)
    if isinstance(units, ByColumn) and units != reference.units:
        groups = [group_of(key) for key in old.units]
        place: dict[Key, int] = {group: number for number, group in enumerate(sorted(set(groups)))}
        old = old.grouped(place, np.array([place[group] for group in groups], dtype=np.intp))
    schema = schema_of(data)
    whole = old.whole if old.repeats is not None and all(column in schema for column in old.whole) else ()
    parts = {key: part for key, part in old.parts.items() if part.column in columns or _has_times(schema, part.column)}
    axes = [] if old.joint is None else old.joint.axes
    sketcher = Sketcher(old.columns, units, whole, parts, old.patterns, axes)
    return replace(old, parts=parts), sketched(data, sketcher).ordered(old), units


def _has_times(schema: Schema, column: str) -> bool:
    return column in schema and is_moment(schema[column])


def is_like(word: str, other: str) -> bool:
    """Say whether values of two kinds are compared with each other: only with their like, but for words of any kind.

    Points in time may stand in a column of objects.
    """
    kinds = {word, other}
    return len(kinds) == 1 or not (kinds & {"number", "vector"} or ("time" in kinds and "other" not in kinds))


def is_moment(dtype: nw.dtypes.DType) -> bool:
    """Say whether values are points in time."""
    import narwhals as nw

    return isinstance(dtype, nw.Datetime | nw.Date)


def word_of(dtype: nw.dtypes.DType) -> str:
    """Return the kind of a column's values in one word: number, vector, boolean, time, text, other."""
    import narwhals as nw

    if is_number(dtype):
        return "number"
    if is_vector(dtype):
        return "vector"
    kinds: dict[str, Any] = {
        "boolean": nw.Boolean,
        "time": (nw.Datetime, nw.Date),
        "text": (nw.String, nw.Categorical, nw.Enum),
    }
    return next((word for word, types in kinds.items() if isinstance(dtype, types)), "other")
