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
from pytest_mlops.stages.drift.joint import MOST as MOST_JOINT
from pytest_mlops.stages.drift.kinds import ASKED, KINDS
from pytest_mlops.stages.drift.reference import Reference, compared, family_of, reference_of, word_of
from pytest_mlops.stages.drift.row_effects import Asked, Prepared, has_labels, prepare
from pytest_mlops.stages.drift.table_effects import table_effects
from pytest_mlops.stages.drift.units import ByBlock, ByColumn, ByPeriod, shared_units, widen
from pytest_mlops.stats.clusters import Together, draw_weights, hold_together
from pytest_mlops.stats.permutation import adjusted_p, relabellings, scores

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    import narwhals as nw

    from pytest_mlops.core.plain import Json
    from pytest_mlops.stages.drift.sketch import Sketch

    Schema = Mapping[str, nw.dtypes.DType]

_DRAWS = 999
_CONFIDENCE = 0.99
TOGETHER = "(together)"  # stands for what is measured of all columns together


def columns_of(
    reference: Path | Reference, columns: Sequence[str] | None, unit: str | None = None, *, has_more: bool = False
) -> Sequence[str]:
    """Return the columns of a reference that are compared, sorted: those that are named, or all but unit and times.

    The last is `(together)`, where more is measured than single columns: how numbers depend on each other, rows that
    repeat one, and with `has_more` what a model or a measure of all columns says.
    """
    if isinstance(reference, Reference):
        known = reference.of_family(columns)
        family, kinds, is_whole = known.family, known.types, known.is_whole
    else:
        types = schema_of(reference)
        family, is_whole = family_of(types, columns, unit), columns is None
        kinds = {column: word_of(types[column]) for column in family}
    n_numbers = sum(kinds[column] == "number" for column in family)
    return [*family, TOGETHER] if is_whole or has_more or 1 < n_numbers <= MOST_JOINT else family


def measure_drift(
    current: Data,
    *,
    reference: Data | Reference,
    name: str,
    unit: str | None = None,
    columns: Sequence[str] | None = None,
    public: Collection[str] = (),
    measures: Collection[str] = (),
    target: str | None = None,
    model: Any = None,
    segments: Sequence[str] = (),
    seed: int = 0,
) -> Result:
    """Measure how far each column of `current` is from `reference`, which is data, or what was kept of data.

    Parameters
    ----------
    unit
        The column whose values are exchangeable (a day, a customer), which are resampled and not rows; `"row"` where
        rows are independent. None: the days of a column of times, or consecutive blocks of rows, as long as the data's
        own dependence asks for.
    columns
        The family that is compared together; None: every column of the reference that can be compared, and whole rows,
        of which some may repeat others.
    public
        Columns of text whose categories a report may name.
    measures
        What is measured beside the default, of each column: `wasserstein` and `energy` of numbers, `jensen_shannon`
        and `population_stability` of all; of all columns together `domain_auc` and `kernel_distance`.
    target, model, segments
        The column of the truth, whose relation to the others is compared too; a model that foretells it, whose loss is
        compared (without labels estimated); and columns of categories, in each of which the loss is measured.

    Returns
    -------
    Result
        Of a numeric column `drift.ks`, `drift.outside_share` and `drift.heaped_share`, of a categorical one
        `drift.total_variation` and `drift.new_category_share`, of both `drift.missing_share_change`; of the table
        `drift.dependence_change`, `drift.duplicate_share_change`, `drift.columns_missing` and `drift.type_changed`.
        With a target, of each other column `drift.relation_change`; with a model `drift.prediction_ks`, and
        `drift.loss_increase` or `drift.estimated_loss_increase`. Models see at most 50,000 rows of each side.
        Intervals hold together at 99 %. With no rows on a side, no value.
    """
    for measure in measures:
        if measure not in ASKED:
            raise DeclarationError(f"drift of {name}: there is no measure {measure!r}. {did_you_mean(measure, ASKED)}")
    new = open_lazily(current)[0]
    asked = Asked(measures=measures, target=target, model=model, segments=segments, seed=seed)
    if isinstance(reference, Reference):
        old, rows = reference.of_family(columns), None
    else:
        old = reference_of(reference, unit=unit, columns=columns, public=public, seed=seed, beside=new)
        rows = open_lazily(reference)[0]
    asked.check(name, old.family, schema_of(rows) if rows is not None else old.types)
    if target is not None and not has_labels(new, target):
        old = old.without(target)
    types = {column: word_of(dtype) for column, dtype in schema_of(new).items()}
    gone, changed = _schema(old, types)
    present = [column for column in old.family if column not in {*gone, *changed}]
    n_rows = old.n_rows, count_rows(new)
    measured = _nothing(name, n_rows)
    details: dict[str, Json] = {}
    if all(n_rows) and present:
        if asked.needs_rows and rows is None:
            raise DeclarationError(
                f"drift of {name}: models need the reference's rows. Hint: reference=, and no sketch="
            )
        sketches, said, prepared = _sketches(old, (rows, new), n_rows[1], present, asked)
        effects, resamples = _effects(sketches, measures, prepared, seed)
        measured = _measured(effects, resamples, name, said, seed)
        details = _details(effects, resamples)
    if not n_rows[1]:
        changed = {}
    return Result(
        stage="drift",
        subject=name,
        measurements=(
            _of_schema("columns_missing", name, gone, len(old.family)),
            _of_schema("type_changed", name, changed, len(old.family)),
            *measured,
        ),
        details={"names": [*old.family], "columns_missing": gone, "type_changed": changed, **details},
        digests={f"data:{name}": digest_data(current), f"reference:{name}": old.digest},
    )


def _sketches(
    reference: Reference, data: tuple[Data | None, Data], n_rows: int, columns: Sequence[str], asked: Asked
) -> tuple[tuple[Sketch, Sketch], str, Prepared]:
    """Return the sketches of both sides, what their units are in words, and what models said of the rows."""
    old, new, units = compared(data[1], n_rows, reference, columns)
    prepared = Prepared()
    if asked.needs_rows and data[0] is not None:
        both = units if isinstance(units, ByColumn) else reference.units, units
        prepared = prepare(asked, (data[0], data[1]), both, (old, new), columns)
    (old, new), found = widen((old, new), ordered=isinstance(units, ByBlock | ByPeriod))
    words = units.words(len(new.units))
    return (old, new), f"{words}; {found}" if found else words, prepared


def _schema(reference: Reference, types: Mapping[str, str]) -> tuple[dict[str, Json], dict[str, Json]]:
    """Return the columns that are missing, and those of another type: what to say of each."""
    changed: dict[str, Json] = {
        column: f"{column} ({word} → {types[column]})"
        for column, word in reference.types.items()
        if column in reference.family and column in types and (word == "number") != (types[column] == "number")
    }
    return {column: column for column in reference.family if column not in types}, changed


_WORDS = {"columns_missing": "missing", "type_changed": "of another type"}


def _of_schema(kind: str, name: str, found: Mapping[str, Json], n: int) -> Measurement:
    return Measurement(
        name=f"drift.{kind}",
        subject=name,
        value=len(found) if n else None,
        n=n,
        method="columns of the reference",
        note=f"{_WORDS[kind]}: {', '.join(map(str, found.values()))}" if found else "",
    )


def schema_only(measurement: Measurement, details: Mapping[str, Any], columns: Collection[str]) -> Measurement:
    """Return the same measurement of the schema, of some columns only."""
    kind = measurement.short_name
    found = {column: words for column, words in details[kind].items() if column in columns}
    return _of_schema(kind, measurement.subject, found, len(columns))


def _nothing(name: str, n_rows: tuple[int, int]) -> list[Measurement]:
    note = f"nothing to compare: {n_rows[0]:,} rows in the reference, {n_rows[1]:,} now"
    return [Measurement(name="drift.ks", subject=name, value=None, n=0, note=note)]


def _effects(
    sketches: tuple[Sketch, Sketch], measures: Collection[str], prepared: Prepared, seed: int
) -> tuple[list[Effect], Resamples]:
    counts = len(sketches[0].units), len(sketches[1].units)
    pairs = shared_units(*sketches)
    rng = np.random.default_rng(seed)
    labels = relabellings(rng, *counts, _DRAWS, pairs)
    weights = draw_weights(rng, *counts, _DRAWS, pairs)
    resamples = Resamples(labels=labels.astype(np.float64), weights=weights)
    effects = [
        effect for column in sketches[1].columns for effect in effects_of(column, *sketches, resamples, more=measures)
    ]
    found = [*effects, *table_effects(*sketches, resamples, seed), *prepared.effects(sketches, resamples)]
    return found, resamples


def _measured(effects: Sequence[Effect], resamples: Resamples, name: str, said: str, seed: int) -> list[Measurement]:
    together = _together(effects, resamples)
    parameters: dict[str, Json] = {"unit": said, "draws": _DRAWS}
    return [
        Measurement(
            name=f"drift.{effect.kind}",
            subject=_subject(name, effect),
            value=effect.distance.value if effect.n else None,
            n=effect.n,
            method=f"{KINDS[effect.kind].method}; max-T permutation and bootstrap of units",
            parameters={**parameters, "p_value": p},
            seed=seed,
            interval=interval_of(
                effect.kind, effect.distance.value, effect.n, together.width(number, 1 - _CONFIDENCE), _CONFIDENCE
            ),
            resolution=effect.resolution,
            note=effect.note if effect.n or not effect.column else "all null, or no rows",
            artefacts=_histogram(effect, name),
        )
        for number, (effect, p) in enumerate(zip(effects, _p_values(effects), strict=True))
    ]


def _subject(name: str, effect: Effect) -> str:
    if effect.segment:
        return f"{name}[{effect.segment}]"
    return f"{name}.{effect.column}" if effect.column else name


def _together(effects: Sequence[Effect], resamples: Resamples) -> Together:
    return hold_together([effect.distance for effect in effects], min(resamples.counts))


def _details(effects: Sequence[Effect], resamples: Resamples) -> dict[str, Json]:
    together = _together(effects, resamples)
    return {
        "errors": [[*moments] for moments in together.errors],
        "largest": list(together.largest),
        "units": list(resamples.counts),
        "relabellings": len(resamples.labels),
    }


def _p_values(effects: Sequence[Effect]) -> list[float]:
    """Return the p-value of each effect, adjusted for all statistics of all of them."""
    owners = [number for number, effect in enumerate(effects) for _ in effect.statistics]
    adjusted = adjusted_p(np.array([scores(one) for effect in effects for one in effect.statistics.values()]))
    return [min(float(p) for p, owner in zip(adjusted, owners, strict=True) if owner == n) for n in range(len(effects))]


def interval_of(kind: str, value: float, n: int, width: float, confidence: float) -> Interval:
    """Return the interval of a measure, within what its kind can be.

    What none of `n` rows showed may still have a share of `-log(1 - confidence) / n` (Hanley and Lippman-Hand, JAMA
    249, 1983): no interval is narrower.
    """
    wide = max(width, -math.log(1 - confidence) / max(n, 1))
    return Interval(max(KINDS[kind].least, value - wide), min(KINDS[kind].most, value + wide), confidence)


def together_of(details: Mapping[str, Any]) -> Together:
    """Return what holds the intervals of a drift result together."""
    return Together(details["errors"], details["largest"], min(details["units"]))


def _histogram(effect: Effect, name: str) -> tuple[Artefact, ...]:
    if effect.shares is None:
        return ()
    reference, current = (share.tolist() for share in effect.shares)
    data: Mapping[str, Any] = {"labels": list(effect.labels), "reference": reference, "current": current}
    return (Artefact("histogram", f"{name}.{effect.column}", data),)
