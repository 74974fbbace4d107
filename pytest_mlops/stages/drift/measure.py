"""Stage `drift`: how far each column moved from a reference, and whether its units alone explain that."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.adapters.batches import count_rows, schema_of
from pytest_mlops.adapters.frames import Data, digest_data, open_lazily
from pytest_mlops.core.artefact import Artefact
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.measurement import Interval, Measurement
from pytest_mlops.core.messages import did_you_mean
from pytest_mlops.core.result import Result
from pytest_mlops.stages.drift.effects import Effect, Resamples, effects_of
from pytest_mlops.stages.drift.reference import sketch_current, sketch_reference, word_of
from pytest_mlops.stages.drift.units import ByBlock, ByPeriod, choose_units, shared_units, widen
from pytest_mlops.stats.clusters import Together, draw_weights, hold_together
from pytest_mlops.stats.permutation import adjusted_p, relabellings, scores

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    import narwhals as nw

    from pytest_mlops.core.plain import Json
    from pytest_mlops.stages.drift.sketch import Sketch
    from pytest_mlops.stages.drift.units import Units

    Schema = Mapping[str, nw.dtypes.DType]

_DRAWS = 999
_CONFIDENCE = 0.99
_METHODS = {
    "ks": "Kolmogorov-Smirnov distance",
    "total_variation": "total variation distance of the categories",
    "missing_share_change": "absolute change of the missing share",
    "outside_share": "share of rows beyond the reference's extremes",
    "heaped_share": "largest change of the share of one value that is rare in the reference",
    "new_category_share": "share of rows whose category the reference does not have",
}


def columns_of(path: Path, columns: Sequence[str] | None, unit: str | None = None) -> Sequence[str]:
    """Return the columns of a reference that are compared, sorted: those that are named, or all but unit and times."""
    return _family(schema_of(path), columns, unit)


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
        The column whose values are exchangeable (a day, a customer), which are resampled and not rows; `"row"` where
        rows are independent. None: the days of a column of times, or consecutive blocks of rows, as long as the data's
        own dependence asks for.
    columns
        The family that is compared together; None: every column of the reference that can be compared.
    public
        Columns of text whose categories a report may name.

    Returns
    -------
    Result
        Of a numeric column `drift.ks`, `drift.outside_share` and `drift.heaped_share`, of a categorical one
        `drift.total_variation` and `drift.new_category_share`, of both `drift.missing_share_change`; of the table
        `drift.columns_missing` and `drift.type_changed`. Intervals hold together at 99 %. With no rows on a side, no
        value.
    """
    old, new = open_lazily(reference)[0], open_lazily(current)[0]
    types = schema_of(old), schema_of(new)
    family = _family(types[0], columns, unit)
    present = [column for column in family if column in types[1] and _is_comparable(types, column)]
    n_rows = count_rows(old), count_rows(new)
    measured = _nothing(name, n_rows)
    details: dict[str, Json] = {}
    if all(n_rows):
        units = choose_units((old, new), unit, n_rows, seed)
        sketches, said = _sketches((old, new), present, units, n_rows[0], seed)
        if present:
            measured, details = _measured(sketches, name, said=said, public=frozenset(public), seed=seed)
    return Result(
        stage="drift",
        subject=name,
        measurements=(*_schema(types, family, name, rows=bool(n_rows[1])), *measured),
        details={"names": [*family], **details},
        digests={f"data:{name}": digest_data(current), f"reference:{name}": digest_data(reference)},
    )


def _family(types: Schema, columns: Sequence[str] | None, unit: str | None) -> list[str]:
    for column in [*(columns or ()), *([unit] if unit and unit != "row" else [])]:
        if column not in types:
            raise DeclarationError(f"the reference has no column {column!r}. {did_you_mean(column, types)}")
    if columns is not None:
        return sorted(columns)
    return sorted(column for column, dtype in types.items() if column != unit and not dtype.is_temporal())


def _is_comparable(types: tuple[Schema, Schema], column: str) -> bool:
    return types[0][column].is_numeric() == types[1][column].is_numeric()


def _sketches(
    sides: tuple[Data, Data], columns: Sequence[str], units: Sequence[Units], n_reference: int, seed: int
) -> tuple[tuple[Sketch, Sketch], str]:
    """Return the sketches of both sides, and what their units are, in words."""
    old = sketch_reference(sides[0], columns, units[0], n_reference, seed)
    new = sketch_current(sides[1], old, columns, units[1])
    (old, new), found = widen((old, new), ordered=isinstance(units[0], ByBlock | ByPeriod))
    words = units[1].words(len(new.units))
    return (old, new), f"{words}; {found}" if found else words


def _schema(types: tuple[Schema, Schema], family: Sequence[str], name: str, *, rows: bool) -> Iterable[Measurement]:
    gone = [column for column in family if column not in types[1]]
    changed = [
        f"{column} ({word_of(types[0][column])} → {word_of(types[1][column])})"
        for column in family
        if rows and column in types[1] and not _is_comparable(types, column)
    ]
    for kind, columns, words in (("columns_missing", gone, "missing"), ("type_changed", changed, "of another type")):
        yield Measurement(
            name=f"drift.{kind}",
            subject=name,
            value=len(columns) if family else None,
            n=len(family),
            method="columns of the reference",
            note=f"{words}: {', '.join(columns)}" if columns else "",
        )


def _nothing(name: str, n_rows: tuple[int, int]) -> list[Measurement]:
    note = f"nothing to compare: {n_rows[0]:,} rows in the reference, {n_rows[1]:,} now"
    return [Measurement(name="drift.ks", subject=name, value=None, n=0, note=note)]


def _measured(
    sketches: tuple[Sketch, Sketch], name: str, *, said: str, public: frozenset[str], seed: int
) -> tuple[list[Measurement], dict[str, Json]]:
    counts = len(sketches[0].units), len(sketches[1].units)
    pairs = shared_units(*sketches)
    rng = np.random.default_rng(seed)
    labels = relabellings(rng, *counts, _DRAWS, pairs)
    weights = draw_weights(rng, *counts, _DRAWS, pairs)
    resamples = Resamples(labels=labels.astype(np.float64), weights=weights)
    effects = [
        effect
        for column in sketches[1].columns
        for effect in effects_of(column, *sketches, resamples, public=column in public)
    ]  # fmt: skip
    together = hold_together([effect.distance for effect in effects], min(counts))
    p_values = _p_values(effects)
    parameters: dict[str, Json] = {"unit": said, "draws": _DRAWS}
    measured = [
        Measurement(
            name=f"drift.{effect.kind}",
            subject=f"{name}.{effect.column}",
            value=effect.distance.value if effect.n else None,
            n=effect.n,
            method=f"{_METHODS[effect.kind]}; max-T permutation and bootstrap of units",
            parameters={**parameters, "p_value": p},
            seed=seed,
            interval=interval_of(effect.distance.value, effect.n, together.width(number, 1 - _CONFIDENCE), _CONFIDENCE),
            note=effect.note if effect.n else "all null, or no rows",
            artefacts=_histogram(effect, name),
        )
        for number, (effect, p) in enumerate(zip(effects, p_values, strict=True))
    ]
    details: dict[str, Json] = {
        "errors": [[*moments] for moments in together.errors],
        "largest": list(together.largest),
        "units": list(counts),
        "relabellings": len(labels),
    }
    return measured, details


def _p_values(effects: Sequence[Effect]) -> list[float]:
    """Return the p-value of each effect, adjusted for all statistics of all of them."""
    owners = [number for number, effect in enumerate(effects) for _ in effect.statistics]
    adjusted = adjusted_p(np.array([scores(one) for effect in effects for one in effect.statistics.values()]))
    return [min(float(p) for p, owner in zip(adjusted, owners, strict=True) if owner == n) for n in range(len(effects))]


def interval_of(value: float, n: int, width: float, confidence: float) -> Interval:
    """Return the interval of a distance, which lies between 0 and 1.

    What none of `n` rows showed may still have a share of `-log(1 - confidence) / n` (Hanley and Lippman-Hand, JAMA
    249, 1983): no interval is narrower.
    """
    wide = max(width, -math.log(1 - confidence) / max(n, 1))
    return Interval(max(0.0, value - wide), min(1.0, value + wide), confidence)


def together_of(details: Mapping[str, Any]) -> Together:
    """Return what holds the intervals of a drift result together."""
    return Together(details["errors"], details["largest"], min(details["units"]))


def _histogram(effect: Effect, name: str) -> tuple[Artefact, ...]:
    if effect.shares is None:
        return ()
    reference, current = (share.tolist() for share in effect.shares)
    data: Mapping[str, Any] = {"labels": list(effect.labels), "reference": reference, "current": current}
    return (Artefact("histogram", f"{name}.{effect.column}", data),)
