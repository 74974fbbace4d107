"""What a model loses on new data against the reference: as labels show it, and without labels as its scores say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_mlops.stages.drift.effects import Effect, Pair, Resamples
from pytest_mlops.stats.change import change, ordered_statistics, ratio_change, shares
from pytest_mlops.stats.clusters import Distance, largest_gap
from pytest_mlops.stats.ratios import over

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from numpy.typing import NDArray

    from pytest_mlops.stages.drift.rows import Matrix

    Floats = NDArray[np.float64]

BINS = 50  # of equal share, of the scores
_LEAST = 0.02  # the share of the rows, of each side, that a segment must have


@dataclass(frozen=True)
class Segments:
    """The segments that losses are measured of, the first being all rows; and squares of losses over all rows."""

    names: Sequence[str]
    squares: Floats


def losses_of(scores: Floats, target: Floats, *, is_class: bool) -> Floats:
    """Return the loss of each row: the squared error of a probability (Brier), or the absolute error of a number."""
    error = scores - target
    return np.asarray(error**2 if is_class else np.abs(error))


def segments_of(
    matrix: Matrix, columns: Sequence[str], losses: Floats, public: Collection[str]
) -> tuple[Segments, Floats]:
    """Return the segments: all rows, and each category of some columns that both sides have.

    And of each row what is summed: in its segments 1, and its loss; of shape (rows, 2 segments).
    """
    members, names = [np.ones(len(losses), dtype=bool)], [""]
    for column in columns:
        codes = matrix.values[:, list(matrix.names).index(column)]
        for code, word in enumerate(matrix.words[column]):
            member = codes == code
            if min(member[matrix.is_current].mean(), member[~matrix.is_current].mean()) >= _LEAST:
                members.append(member)
                names.append(f"{column}={word}" if column in public else f"{column}=category {code + 1}")
    inside = np.stack(members, axis=1).astype(np.float64)
    lost = inside * losses[:, None]
    return Segments(names, (lost**2).sum(axis=0)), np.concatenate([inside, lost], axis=1)


def loss_effects(
    segments: Segments, by_unit: tuple[Floats, Floats], resamples: Resamples, loss: str
) -> Iterable[Effect]:
    """Yield by which part of the reference's loss the loss grew, for each segment; `by_unit` of `segments_of`."""
    size = len(segments.names)
    sides = [(side[:, size:], side[:, :size]) for side in by_unit]
    table, rows = (np.concatenate([side[part] for side in sides]) for part in (0, 1))
    changed = ratio_change(table, rows, segments.squares, resamples.labels)
    statistics = changed.difference / changed.spread
    then, now = (over(table.sum(axis=0), rows.sum(axis=0)) for table, rows in sides)
    old, new = (
        over(weights @ table, weights @ rows) for (table, rows), weights in zip(sides, resamples.weights, strict=True)
    )
    values, drawn = _growth(then, now), _growth(old, new)
    for number, name in enumerate(segments.names):
        yield Effect(
            column="",
            segment=name,
            kind="loss_increase",
            n=int(sides[1][1][:, number].sum()),
            distance=Distance(float(values[number]), np.abs(drawn[:, number] - values[number])),
            statistics={"loss": statistics[:, number]},
            note=f"{loss} {then[number]:.4g} in the reference, {now[number]:.4g} now",
        )


def _growth(then: Floats, now: Floats) -> Floats:
    return over(now - then, then)


def score_cells(scores: Floats, is_current: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the bin of each score, of equal share in the reference."""
    edges = np.unique(np.quantile(scores[~is_current], np.arange(1, BINS) / BINS))
    return np.searchsorted(edges, scores, side="left")


def score_effect(sides: tuple[Floats, Floats], resamples: Resamples) -> Effect:
    """Return how far the distribution of the predictions moved."""
    pair = Pair("", *sides, resamples)
    statistics = ordered_statistics(pair.both, resamples.labels)
    return pair.effect("prediction_ks", pair.resampled.distance(largest_gap), statistics)


def estimated_effect(
    sides: tuple[Floats, Floats], losses: Floats, cells: NDArray[np.intp], resamples: Resamples, loss: str
) -> Effect:
    """Return by which part the loss grew, if rows of like scores lose as much as they did in the reference.

    Parameters
    ----------
    losses, cells
        Of the reference's rows: what each lost, and the bin of its score.

    References
    ----------
    The loss of the reference, weighted by how frequent scores are now (importance weighting by the score: Shimodaira,
    Journal of Statistical Planning and Inference 90, 2000). It sees a shift of the inputs, as far as the score shows
    it, and is blind to a change of the relation between inputs and target.
    """
    pair = Pair("", *sides, resamples)
    found = pair.resampled
    n = np.bincount(cells, minlength=BINS)
    mean = np.bincount(cells, weights=losses, minlength=BINS) / np.maximum(n, 1)
    then = float(found.reference @ mean)
    value = float(found.current @ mean) / then - 1 if then else 0.0
    drawn = over(found.drawn[1] @ mean, found.drawn[0] @ mean) - 1
    table = pair.both
    centred = mean - mean @ shares(table.sum(axis=0))
    changed = change((table @ centred)[:, None], table.sum(axis=1), resamples.labels)
    return pair.effect(
        "estimated_loss_increase",
        Distance(value, np.abs(drawn - value)),
        {"loss": changed.difference[:, 0] / changed.spread[:, 0]},
        note=f"estimated, not seen: {loss} {then:.4g} in the reference, {then * (1 + value):.4g} now, "
        "if rows of like scores lose what they lost there",
    )
