"""What is measured of the parts of a sketch: texts, values that repeat, vectors, gaps in time."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.stages.drift.effects import Effect, Pair, Resamples
from pytest_mlops.stages.drift.gaps import Gaps, gap_change
from pytest_mlops.stages.drift.text import Texts, middle_length
from pytest_mlops.stages.drift.values import Uniqueness, repeated, split_at_equal_n
from pytest_mlops.stages.drift.vectors import Vectors
from pytest_mlops.stats.change import (
    category_statistics,
    change,
    ordered_statistics,
    share_statistic,
    with_rare_together,
)
from pytest_mlops.stats.clusters import Distance, half_sum, largest_gap

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from pytest_mlops.core.plain import Json
    from pytest_mlops.stages.drift.sketch import Sketch

    Floats = NDArray[np.float64]


def part_effects(old: Sketch, new: Sketch, resamples: Resamples, seed: int = 0) -> Iterable[Effect]:
    """Yield the measures of the parts that both sides have."""
    for key, part in new.parts.items():
        if key in old.parts:
            yield from _effects(part, old.parts[key], resamples, seed)


def without_other_lengths(sketches: tuple[Sketch, Sketch]) -> tuple[tuple[Sketch, Sketch], dict[str, Json]]:
    """Return the sketches without vectors most of which have another length now; and what to say of these."""
    vectors = [part for part in sketches[1].parts.values() if isinstance(part, Vectors) and part.is_of_another_length()]
    if not vectors:
        return sketches, {}
    said: dict[str, Json] = {
        part.column: f"{part.column} (vectors of {part.space.length} → of another length)" for part in vectors
    }
    old, new = (side.only([name for name in side.columns if name not in said]) for side in sketches)
    return (old, new), said


@singledispatch
def _effects(new: Any, old: Any, resamples: Resamples, seed: int) -> Iterable[Effect]:  # noqa: ARG001 - as the others
    """Yield the measures of one part."""
    raise TypeError(type(new).__name__)


@_effects.register(Texts)
def _of_texts(new: Texts, old: Texts, resamples: Resamples, seed: int) -> Iterable[Effect]:  # noqa: ARG001 - as the others
    counts, labels = resamples.counts, resamples.labels
    lengths = old.lengths(counts[0]), new.lengths(counts[1])
    met = sum(side.sum(axis=0) for side in lengths) > 0
    pair = Pair(new.column, lengths[0][:, met], lengths[1][:, met], resamples)
    middle = [middle_length(side.sum(axis=0)) for side in lengths]
    yield pair.effect(
        "text_length_ks",
        pair.resampled.distance(largest_gap),
        ordered_statistics(pair.both, labels),
        note=f"half of the texts have up to {middle[0]} characters in the reference, up to {middle[1]} now",
    )
    if not old.is_of_words() or not pair.is_filled:
        return
    words = Pair(new.column, old.words(counts[0]), new.words(counts[1]), resamples)
    told = with_rare_together(words.both)
    coarse = Pair(words.name, told[: counts[0]], told[counts[0] :], resamples)
    yield coarse.effect(
        "vocabulary_distance", coarse.resampled.distance(half_sum), category_statistics(words.both, labels)
    )


@_effects.register(Uniqueness)
def _of_values(new: Uniqueness, old: Uniqueness, resamples: Resamples, seed: int) -> Iterable[Effect]:  # noqa: ARG001 - as the others
    yield repeat_effect("repeat_share_change", "values", (old, new), resamples)


def repeat_effect(kind: str, word: str, sides: tuple[Uniqueness, Uniqueness], resamples: Resamples) -> Effect:
    """Return the measure of rows, or of values of a column, that repeat one."""
    tables = split_at_equal_n(*sides, resamples.counts)
    pair = Pair(sides[1].column, *tables, resamples)
    shares = [max(repeated(side), 0.0) for side in tables]
    table = pair.both
    return Effect(
        column=pair.name,
        kind=kind,
        n=int(sides[1].filled.table.sum()) if pair.is_filled else 0,
        distance=pair.resampled.distance(half_sum),
        statistics={"repeats": share_statistic(table[:, 1], table.sum(axis=1), resamples.labels)},
        note=f"{shares[0]:.2%} of the {word} repeat one in the reference, {shares[1]:.2%} now" if any(shares) else "",
    )


@_effects.register(Vectors)
def _of_vectors(new: Vectors, old: Vectors, resamples: Resamples, seed: int) -> Iterable[Effect]:  # noqa: ARG001 - as the others
    counts = resamples.counts
    for kind, name in (("vector_shift", "means"), ("vector_distance", "waves")):
        yield _of_means(new.column, kind, (getattr(old, name)(counts[0]), getattr(new, name)(counts[1])), resamples)
    pair = Pair(new.column, old.split(counts[0]), new.split(counts[1]), resamples)
    table = pair.both
    others = int(pair.new[:, 1].sum())
    yield pair.effect(
        "other_length_share",
        pair.resampled.distance(half_sum),
        {"others": share_statistic(table[:, 1], table.sum(axis=1), resamples.labels)},
        note=f"{others:,} vectors of another length than {old.space.length}" if others else "",
    )


def _of_means(column: str, kind: str, by_unit: tuple[Floats, Floats], resamples: Resamples) -> Effect:
    """Return the norm of a difference of means; by unit of both sides the rows, and sums beside them."""
    rows, sums = [side[:, 0] for side in by_unit], [side[:, 1:] for side in by_unit]
    means = [side.sum(axis=0) / max(n.sum(), 1.0) for side, n in zip(sums, rows, strict=True)]
    errors = [
        weights @ side / np.maximum(weights @ n, 1.0)[:, None] - mean
        for side, n, weights, mean in zip(sums, rows, resamples.weights, means, strict=True)
    ]
    changed = change(np.concatenate(sums), np.concatenate(rows), resamples.labels)
    return Effect(
        column=column,
        kind=kind,
        n=int(rows[1].sum()) if rows[0].sum() else 0,
        distance=Distance(_norm(means[1] - means[0]), _norms(errors[1] - errors[0])),
        statistics={kind: (changed.difference**2).sum(axis=1) / (changed.spread**2).mean(axis=1)},
    )


def _norm(difference: Floats) -> float:
    return float(_norms(difference[None, :])[0])


def _norms(differences: Floats) -> Floats:
    return np.asarray(np.sqrt((differences**2).sum(axis=1)))


@_effects.register(Gaps)
def _of_gaps(new: Gaps, old: Gaps, resamples: Resamples, seed: int) -> Iterable[Effect]:
    rng = np.random.default_rng([seed, len(new.column)])
    found = gap_change(old, new, rng, max(len(resamples.no_errors), len(resamples.labels)))
    if found is None:
        return
    both = {"longest_gap": (found.longest, found.drawn_longest), "empty_share": (found.share, found.drawn_share)}
    for kind, (value, drawn) in both.items():
        yield Effect(
            column="",
            kind=kind,
            n=sum(new.counts.values()),
            segment=new.column,
            distance=Distance(value, drawn[: len(resamples.no_errors)]),
            statistics={kind: np.append(value, drawn)[: len(resamples.labels)]},
            note=found.note,
        )
