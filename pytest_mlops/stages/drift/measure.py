"""Stage `drift`: how far each column moved from a reference, and whether its units alone explain that."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.adapters.batches import count_rows, count_values, schema_of
from pytest_mlops.adapters.frames import Data, digest_data, open_lazily
from pytest_mlops.adapters.threads import one_thread
from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.core.measurement import Measurement
from pytest_mlops.core.messages import did_you_mean
from pytest_mlops.core.result import Result
from pytest_mlops.stages.drift.again import Sides
from pytest_mlops.stages.drift.causes_table import said_of_texts
from pytest_mlops.stages.drift.column_effects import effects_of
from pytest_mlops.stages.drift.effects import Effect, Resamples
from pytest_mlops.stages.drift.explain import explain
from pytest_mlops.stages.drift.kinds import KINDS
from pytest_mlops.stages.drift.measured import (
    CONFIDENCE,
    DRAWS,
    details_of,
    measurements_of,
    p_values_of,
    together_by,
)
from pytest_mlops.stages.drift.part_effects import part_effects, without_other_lengths
from pytest_mlops.stages.drift.reference import Reference, compared, family_of, is_like, reference_of, word_of
from pytest_mlops.stages.drift.row_effects import Asked, Prepared, has_labels, prepare
from pytest_mlops.stages.drift.table_effects import table_effects
from pytest_mlops.stages.drift.units import ByBlock, ByColumn, ByPeriod, shared_units
from pytest_mlops.stages.drift.widening import widen
from pytest_mlops.stats.clusters import draw_weights
from pytest_mlops.stats.permutation import relabellings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import narwhals as nw

    from pytest_mlops.core.plain import Json
    from pytest_mlops.stages.drift.sketch import Sketch
    from pytest_mlops.stages.drift.units import Units

    Schema = Mapping[str, nw.dtypes.DType]

TOGETHER = "(together)"  # stands for what is measured of all columns together


def columns_of(
    reference: Path | Reference, columns: Sequence[str] | None, unit: str | None = None, *, has_more: bool = False
) -> Sequence[str]:
    """Return the columns of a reference that are compared, sorted: those that are named, or all but the unit.

    The last is `(together)`, where more is measured than single columns: how they depend on each other, rows that
    repeat one, and with `has_more` what a model or a measure of all columns says.
    """
    if isinstance(reference, Reference):
        known = reference.of_family(columns)
        family, is_whole = known.family, known.sketch.joint is not None or known.sketch.repeats is not None
    else:
        family = family_of(schema_of(reference), columns, unit)
        is_whole = columns is None or len(family) > 1
    return [*family, TOGETHER] if is_whole or has_more else family


@one_thread()
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
        What is measured beside the default, of each column: `wasserstein` and `energy` of numbers,
        `cardinality_change` of categories, `jensen_shannon` and `population_stability` of both; of all columns
        together `domain_auc` and `kernel_distance`.
    target, model, segments
        The column of the truth, whose relation to the others is compared too; a model that foretells it, whose loss is
        compared (without labels estimated); and columns of categories, in each of which the loss is measured.

    Returns
    -------
    Result
        Of a numeric column `drift.ks`, `drift.outside_share` and `drift.heaped_share`; of a categorical one
        `drift.total_variation`, `drift.new_category_share` and `drift.vanished_category_share`; of names and numbers
        of rows `drift.repeat_share_change`; of texts `drift.text_length_ks` and `drift.vocabulary_distance`; of
        vectors `drift.vector_shift`, `drift.vector_distance`, `drift.other_length_share`, and of their norms what is
        measured of numbers; of all `drift.missing_share_change`. Of the table `drift.longest_gap` and
        `drift.empty_share` of each column of times, `drift.dependence_change`, `drift.duplicate_share_change`,
        `drift.columns_missing` and `drift.type_changed`.
        With a target, of each other column `drift.relation_change`; with a model `drift.prediction_ks`, and
        `drift.loss_increase` or `drift.estimated_loss_increase`. Models see at most 50,000 rows of each side.
        Intervals hold together at 99 %. With no rows on a side, no value.
    """
    check_asked(name, columns=columns, measures=measures, public=public, segments=segments, unit=unit, target=target)
    new = open_lazily(current)[0]
    asked = Asked(measures=measures, target=target, model=model, segments=segments, seed=seed)
    if isinstance(reference, Reference):
        old, rows = reference.of_family(columns), None
    else:
        old = reference_of(reference, unit=unit, columns=columns, public=public, seed=seed, beside=new)
        rows = open_lazily(reference)[0]
    asked.check(name, old.family, schema_of(rows) if rows is not None else old.types)
    is_labelled = target is None or has_labels(new, target)
    if target is not None and not is_labelled and model is not None:
        old = old.without(target)  # labels come later: what the model loses is estimated
    types = {column: word_of(dtype) for column, dtype in schema_of(new).items()}
    gone, changed = schema_changes(old, types)
    present = [column for column in old.family if column not in {*gone, *changed}]
    n_rows = old.n_rows, count_rows(new)
    measured = nothing_measured(name, n_rows)
    details: dict[str, Json] = {}
    if all(n_rows) and present:
        if asked.needs_rows and rows is None:
            raise DeclarationError(
                f"drift of {name}: models need the reference's rows. Hint: reference=, and no sketch="
            )
        sides, sketches, said, prepared = _sketches(old, (rows, new), n_rows[1], present, asked)
        sketches, others = without_other_lengths(sketches)
        changed.update(others)
        effects, resamples = _effects(sketches, measures, prepared, seed)
        p_values = p_values_of(effects)
        together = together_by(effects, resamples)
        lows = [effect.distance.value - together.width(i, 1 - CONFIDENCE) for i, effect in enumerate(effects)]
        explained = explain(replace(sides, public=public), effects, p_values, lows, name)
        measured = measurements_of(
            effects, together, name, said, seed=seed, p_values=p_values, explained=explained, sketches=sketches
        )
        details = details_of(together, resamples)
    if not is_labelled and model is None:
        note = f"the data have no label in {target!r}. Hint: without target=, or with model= for an estimate"
        measured = [*measured, Measurement(name="drift.relation_change", subject=name, value=None, n=0, note=note)]
    texts = [column for column in changed if types[column] == "text"]
    changed = {**changed, **said_of_texts(new, texts, changed)} if n_rows[1] else {}
    return Result(
        stage="drift",
        subject=name,
        measurements=(
            of_schema("columns_missing", name, gone, len(old.family)),
            of_schema("type_changed", name, changed, len(old.family)),
            *measured,
        ),
        details={"names": [*old.family], "columns_missing": gone, "type_changed": changed, **details},
        digests={f"data:{name}": digest_data(current), f"reference:{name}": old.digest},
    )


def check_asked(name: str, **asked: Any) -> None:
    """Refuse what is asked for in a form that would be misread: a text in place of a list, a list in place of a text.

    Raises
    ------
    DeclarationError
        With the value, and what it must be.
    """
    for what in ("columns", "measures", "public", "segments"):
        given = asked.get(what, ())
        if isinstance(given, str) or not ((given is None and what == "columns") or isinstance(given, Collection)):
            hint = f"[{given!r}]" if isinstance(given, str) else "a list of names"
            raise DeclarationError(f"drift of {name}: {what} must be a list of names, got {given!r}. Hint: {hint}")
    for what in ("unit", "target", "windows", "match", "time"):
        given = asked.get(what)
        if given is not None and not isinstance(given, str):
            raise DeclarationError(f"drift of {name}: {what} must be the name of a column or the like, got {given!r}")
    for measure in asked.get("measures", ()):
        if measure not in KINDS:
            raise DeclarationError(f"drift of {name}: there is no measure {measure!r}. {did_you_mean(measure, KINDS)}")


def _sketches(
    reference: Reference, data: tuple[Data | None, Data], n_rows: int, columns: Sequence[str], asked: Asked
) -> tuple[Sides, tuple[Sketch, Sketch], str, Prepared]:
    """Return both sides, their sketches by widened units, what these are in words, and what models said of rows."""
    old, new, units = compared(data[1], n_rows, reference, columns)
    prepared, both = Prepared(), (units if isinstance(units, ByColumn) else reference.units, units)
    sides = Sides(data=data, sketches=(old, new), units=both, seed=asked.seed)
    if asked.needs_rows and data[0] is not None:
        prepared = prepare(asked, (data[0], data[1]), both, (old, new), columns)
    (old, new), found = widen((old, new), ordered=isinstance(units, ByBlock | ByPeriod))
    words = units.words(len(new.units))
    found = "; ".join(filter(None, [found, _without_unit(units, data[1], n_rows)]))
    return sides, (old, new), f"{words}; {found}" if found else words, prepared


def _without_unit(units: Units, data: Data, n_rows: int) -> str:
    """Say how many rows have no unit."""
    missing = n_rows - count_values(data, units.column) if isinstance(units, ByColumn) else 0
    return f"{missing:,} rows without a {units.column} are one more" if missing else ""


def schema_changes(reference: Reference, types: Mapping[str, str]) -> tuple[dict[str, Json], dict[str, Json]]:
    """Return the columns that are missing, and those of another type: what to say of each."""
    changed: dict[str, Json] = {
        column: f"{column} ({word} → {types[column]})"
        for column, word in reference.types.items()
        if column in reference.family and column in types and not is_like(word, types[column])
    }
    return {column: column for column in reference.family if column not in types}, changed


_WORDS = {"columns_missing": "missing", "type_changed": "of another type"}


def of_schema(kind: str, name: str, found: Mapping[str, Json], n: int) -> Measurement:
    """Return how many columns changed in a way; `found` says what of each."""
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
    return of_schema(kind, measurement.subject, found, len(columns))


def nothing_measured(name: str, n_rows: tuple[int, int]) -> list[Measurement]:
    """Return what is measured where a side has no rows."""
    note = f"nothing to compare: {n_rows[0]:,} rows in the reference, {n_rows[1]:,} now"
    return [Measurement(name="drift.ks", subject=name, value=None, n=0, note=note)]


def _effects(
    sketches: tuple[Sketch, Sketch], measures: Collection[str], prepared: Prepared, seed: int
) -> tuple[list[Effect], Resamples]:
    counts = len(sketches[0].units), len(sketches[1].units)
    pairs = shared_units(*sketches)
    rng = np.random.default_rng(seed)
    labels = relabellings(rng, *counts, DRAWS, pairs)
    weights = draw_weights(rng, *counts, DRAWS, pairs)
    resamples = Resamples(labels=labels.astype(np.float64), weights=weights, rng=rng)
    effects = [
        effect for column in sketches[1].columns for effect in effects_of(column, *sketches, resamples, more=measures)
    ]
    effects += [*part_effects(*sketches, resamples, seed), *table_effects(*sketches, resamples)]
    return [*effects, *prepared.effects(sketches, resamples)], resamples
