"""References: what data are compared with. The grids are chosen from a sample, then all rows are counted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.adapters.batches import count_rows, fold_batches, schema_of
from pytest_mlops.adapters.frames import digest_data, open_lazily
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.messages import did_you_mean
from pytest_mlops.stages.drift.sample import Sample, Sampler
from pytest_mlops.stages.drift.sketch import ColumnSketch, Sketch, Sketcher
from pytest_mlops.stages.drift.units import ROW, ByColumn, choose_units, group_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import narwhals as nw

    from pytest_mlops.adapters.frames import Data
    from pytest_mlops.stages.drift.grid import Grid
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
        The kind of each one's values: number, text, boolean, time, other.
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
        if columns is None:
            return self
        for column in columns:
            if column not in self.family:
                raise DeclarationError(f"the reference has no column {column!r}. {did_you_mean(column, self.family)}")
        kept = [column for column in sorted(columns) if column in self.sketch.columns]
        sketch = replace(self.sketch.only(kept), repeats=None)
        return replace(self, family=sorted(columns), is_whole=False, sketch=sketch)


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
    looked_at, whole = list(family), list(types) if columns is None else []
    known = [opened]
    if beside is not None and count_rows(beside):
        others = schema_of(beside)
        known.append(beside)
        looked_at = [c for c in family if c in others and is_number(types[c]) == is_number(others[c])]
        whole = [column for column in whole if column in others]
    units = units or choose_units(known, unit, n_rows, seed)
    sketch = _sketch(opened, looked_at, units, n_rows, public=public, seed=seed, whole=whole if n_rows else [])
    return Reference(
        family=family,
        types={column: word_of(types[column]) for column in family},
        is_whole=columns is None,
        n_rows=n_rows,
        digest=digest_data(data),
        unit=unit,
        units=units,
        sketch=sketch,
    )


def family_of(types: Schema, columns: Sequence[str] | None, unit: str | None) -> list[str]:
    """Return the columns of a reference that are compared: those that are named, or all but unit and times."""
    for column in [*(columns or ()), *([unit] if unit and unit != ROW else [])]:
        if column not in types:
            raise DeclarationError(f"the reference has no column {column!r}. {did_you_mean(column, types)}")
    if columns is not None:
        return sorted(columns)
    return sorted(column for column, dtype in types.items() if column != unit and not dtype.is_temporal())


def _sketch(
    data: Data,
    columns: Sequence[str],
    units: Units,
    n_rows: int,
    *,
    public: Collection[str],
    seed: int,
    whole: Sequence[str],
) -> Sketch:
    sketcher = Sketcher(_cells(data, columns, n_rows, public, seed), units, whole)
    return (sketched(data, sketcher) if n_rows else sketcher((), 0)).ordered()


def sketched(data: Data, sketcher: Sketcher) -> Sketch:
    """Return the sketch of all rows of some data."""
    beside = [sketcher.units.column] if sketcher.units.column else []
    read = list(dict.fromkeys([*sketcher.columns, *beside, *sketcher.whole]))
    return fold_batches(data, read, sketcher, Sketch.merge)


def compared(data: Data, n_rows: int, reference: Reference, columns: Sequence[str]) -> tuple[Sketch, Sketch, Units]:
    """Return the sketches of a reference and of data that are compared with it, of some columns, and the data's units.

    Both have the same grids, labels and kind of units.
    """
    units = reference.units.of_current(data, n_rows)
    old, repeats = reference.sketch.only(columns), reference.sketch.repeats
    if isinstance(units, ByColumn) and units != reference.units:
        groups = [group_of(key) for key in old.units]
        place: dict[Key, int] = {group: number for number, group in enumerate(sorted(set(groups)))}
        old = old.grouped(place, np.array([place[group] for group in groups], dtype=np.intp))
    whole = repeats is not None and all(column in schema_of(data) for column in repeats.columns)
    sketcher = Sketcher(old.columns, units, repeats.columns if whole and repeats is not None else ())
    return old, sketched(data, sketcher).ordered(old), units


def _cells(
    data: Data, columns: Sequence[str], n_rows: int, public: Collection[str], seed: int
) -> dict[str, ColumnSketch]:
    types = schema_of(data)
    grids = _grids(data, [name for name in columns if is_number(types[name])], n_rows, seed)
    return {name: ColumnSketch(word_of(types[name]), grids.get(name), is_public=name in public) for name in columns}


def _grids(data: Data, columns: Sequence[str], n_rows: int, seed: int) -> Mapping[str, Grid]:
    if not columns:
        return {}
    return fold_batches(data, columns, Sampler(columns, SAMPLE / max(n_rows, 1), seed), Sample.merge).grids()


def is_number(dtype: nw.dtypes.DType) -> bool:
    """Say whether a column is compared as numbers."""
    return bool(dtype.is_numeric())


def word_of(dtype: nw.dtypes.DType) -> str:
    """Return the kind of a column's values in one word: number, boolean, time, text, other."""
    import narwhals as nw

    if is_number(dtype):
        return "number"
    kinds: dict[str, Any] = {
        "boolean": nw.Boolean,
        "time": (nw.Datetime, nw.Date, nw.Duration, nw.Time),
        "text": (nw.String, nw.Categorical, nw.Enum),
    }
    return next((word for word, types in kinds.items() if isinstance(dtype, types)), "other")
