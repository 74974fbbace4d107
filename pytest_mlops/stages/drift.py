"""Stage `drift`: per column a distance to a reference, the missing share and new categories, with intervals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.adapters.frames import Data, digest_data, open_frame
from pytest_mlops.core.artefact import Artefact
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.measurement import Interval, Measurement
from pytest_mlops.core.messages import did_you_mean
from pytest_mlops.core.result import Result
from pytest_mlops.stages.drift_columns import Column, compare_columns, is_comparable
from pytest_mlops.stats.clusters import Distance, draw_weights, simultaneous_widths

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    import narwhals as nw

    Frame = nw.DataFrame[Any]

_DRAWS = 999
_BLOCKS = 100
_METHODS = {
    "ks": "Kolmogorov-Smirnov distance on 256 reference quantiles",
    "total_variation": "total variation distance of the categories",
    "missing_share_change": "absolute change of the missing share",
    "new_category_share": "share of rows whose category the reference does not have",
}


@dataclass(frozen=True, kw_only=True)
class _Units:
    """The unit of every row of a frame, as codes; and what a unit is, in words."""

    codes: np.ndarray[Any, np.dtype[np.intp]]
    n: int
    words: str


def columns_of(path: Path, columns: Sequence[str] | None, unit: str | None = None) -> Sequence[str]:
    """Return the columns of a reference that are compared, sorted: those that are named, or all but unit and times."""
    return _family(open_frame(path), columns, unit)


def measure_drift(
    current: Data,
    *,
    reference: Data,
    name: str,
    unit: str | None = None,
    columns: Sequence[str] | None = None,
    public: Collection[str] = (),
    seed: int = 0,
) -> Result:
    """Measure how far each column of `current` is from `reference`.

    Parameters
    ----------
    unit
        The column whose values are exchangeable (a day, a customer): intervals resample units and not rows. None:
        consecutive blocks of rows are resampled, which allows for neighbours that depend on each other.
    columns
        The family that is compared together; None: every column of the reference that can be compared.
    public
        Columns of text whose categories a report may name.

    Returns
    -------
    Result
        `drift.ks` of a numeric column or `drift.total_variation` of a categorical one, `drift.missing_share_change`,
        `drift.new_category_share`, `drift.columns_missing`, `drift.type_changed`; intervals hold together at 99 %.
        With no rows on a side, no value.
    """
    old, new = open_frame(reference), open_frame(current)
    family = _family(old, columns, unit)
    present = [column for column in family if column in new.columns and is_comparable(old[column], new[column])]
    compared = _compare(old, new, present, unit, public=frozenset(public), seed=seed) if len(old) and len(new) else []
    return Result(
        stage="drift",
        subject=name,
        measurements=(*_schema(old, new, family, name), *_measurements(compared, name, len(new), seed)),
        details={"errors": [distance.errors.round(9).tolist() for _, _, distance in compared], "names": [*family]},
        digests={f"data:{name}": digest_data(current), f"reference:{name}": digest_data(reference)},
    )


def _family(old: Frame, columns: Sequence[str] | None, unit: str | None) -> list[str]:
    for column in [*(columns or ()), *([unit] if unit else [])]:
        if column not in old.columns:
            raise DeclarationError(f"the reference has no column {column!r}. {did_you_mean(column, old.columns)}")
    if columns is not None:
        return sorted(columns)
    return sorted(column for column in old.columns if column != unit and not old[column].dtype.is_temporal())


def _compare(
    old: Frame, new: Frame, columns: Sequence[str], unit: str | None, *, public: frozenset[str], seed: int
) -> list[tuple[Column, str, Distance]]:
    rng = np.random.default_rng(seed)
    units = _units(old, unit), _units(new, unit)
    weights = draw_weights(rng, units[0].n, _DRAWS), draw_weights(rng, units[1].n, _DRAWS)
    codes = (units[0].codes, units[1].codes)
    counts = (units[0].n, units[1].n)
    return [
        (column, units[1].words, distance)
        for name in columns
        for column, distance in compare_columns(
            name,
            old=old[name],
            new=new[name],
            units=codes,
            counts=counts,
            weights=weights,
            public=name in public,
        )
    ]


def _units(frame: Frame, unit: str | None) -> _Units:
    if unit is None:
        n = min(_BLOCKS, len(frame))
        return _Units(codes=np.arange(len(frame)) * n // len(frame), n=n, words=f"{n} consecutive blocks of rows")
    if unit not in frame.columns:
        raise DeclarationError(f"the data has no column {unit!r} for unit. {did_you_mean(unit, frame.columns)}")
    values, codes = np.unique(frame[unit].cast(_string()).fill_null("").to_numpy().astype(str), return_inverse=True)
    return _Units(codes=codes, n=len(values), words=f"{len(values)} values of {unit}")


def _string() -> Any:
    import narwhals as nw

    return nw.String


def _schema(old: Frame, new: Frame, family: Sequence[str], name: str) -> Iterable[Measurement]:
    gone = [column for column in family if column not in new.columns]
    changed = [c for c in family if c in new.columns and len(new) and not is_comparable(old[c], new[c])]
    for kind, columns, words in (("columns_missing", gone, "missing"), ("type_changed", changed, "of another type")):
        yield Measurement(
            name=f"drift.{kind}",
            subject=name,
            value=len(columns) if len(family) else None,
            n=len(family),
            method="columns of the reference",
            note=f"{words}: {', '.join(columns)}" if columns else "",
        )


def _measurements(
    compared: Sequence[tuple[Column, str, Distance]], name: str, n: int, seed: int
) -> Iterable[Measurement]:
    if not compared:
        yield Measurement(name="drift.ks", subject=name, value=None, n=0, note=f"nothing to compare: {n} rows")
        return
    widths = simultaneous_widths([distance for _, _, distance in compared], 0.01)
    for (column, words, distance), width in zip(compared, widths, strict=True):
        yield Measurement(
            name=f"drift.{column.kind}",
            subject=f"{name}.{column.name}",
            value=distance.value if column.n else None,
            n=column.n,
            method=f"{_METHODS[column.kind]}; max-T bootstrap of units",
            parameters={"unit": words, "draws": _DRAWS},
            seed=seed,
            interval=_interval(distance.value, width, 0.99),
            note=column.note if column.n else "all null, or no rows",
            artefacts=_histogram(column, name),
        )


def _interval(value: float, width: float, confidence: float) -> Interval:
    return Interval(max(0.0, value - width), min(1.0, value + width), confidence)


def _histogram(column: Column, name: str) -> tuple[Artefact, ...]:
    if not column.labels:
        return ()
    shares = [(counts / max(counts.sum(), 1)).tolist() for counts in (column.reference, column.current)]
    data: Mapping[str, Any] = {"labels": list(column.labels), "reference": shares[0], "current": shares[1]}
    return (Artefact("histogram", f"{name}.{column.name}", data),)


def widen(
    result: Result, false_alarms: float
) -> list[tuple[Measurement, np.ndarray[Any, np.dtype[np.float64]], float]]:
    """Return each distance of a drift result with its errors and half-width at another false-alarm rate."""
    distances = [m for m in result.measurements if m.short_name in _METHODS and m.interval is not None]
    errors = [np.asarray(row, dtype=np.float64) for row in result.details["errors"]]  # type: ignore[union-attr]
    pairs = [Distance(float(measurement), row) for measurement, row in zip(distances, errors, strict=True)]
    widths = simultaneous_widths(pairs, false_alarms) if pairs else []
    return [
        (replace(m, interval=_interval(float(m), width, 1 - false_alarms)), row, width)
        for m, row, width in zip(distances, errors, widths, strict=True)
    ]
