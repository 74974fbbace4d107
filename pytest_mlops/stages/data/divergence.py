"""The Kullback-Leibler divergence of a column from a partition that was saved: of categories, or of bins."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.core.errors import DeclarationError
from pytest_mlops.stages.data.asks import Values, fulfilling, present
from pytest_mlops.stages.data.kinds import NUMBERS
from pytest_mlops.stages.data.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    import narwhals as nw

    from pytest_mlops.stages.data.asks import Number
    from pytest_mlops.stages.data.engine import Measuring
    from pytest_mlops.stages.data.rule import Call
    from pytest_mlops.stages.data.table import Table

_TOLERANCE = 1e-5


def kl_divergence_to_be_less_than(call: Call) -> Measuring:
    """Hold a column near a saved partition."""
    partition = call["partition_object"]
    if not isinstance(partition, dict) or "weights" not in partition:
        raise DeclarationError("partition_object must hold 'weights' with 'values' or 'bins'")
    threshold = call["threshold"]
    if threshold is None or threshold < 0:
        raise DeclarationError(f"threshold must be a number from 0 on, got {threshold!r}")
    return (_of_categories if "values" in partition else _of_bins)(call, partition, float(threshold))


def _of_categories(call: Call, partition: Any, threshold: float) -> Measuring:
    expected = dict(zip(partition["values"], _weights(partition["weights"]), strict=True))
    holdout = float(call["tail_weight_holdout"] or 0)
    seen, values = yield present(call.column, call.rows), Values(call.column, call.rows)
    observed = dict(values)
    new = [value for value in observed if value not in expected]
    scale = 1 - holdout if new else 1
    weights = {value: weight * scale for value, weight in expected.items()} | {
        value: holdout / len(new) for value in new
    }
    counts = [observed.get(value, 0) for value in weights]
    return _judged(_divergence(counts, list(weights.values())), threshold, seen)


def _of_bins(call: Call, partition: Any, threshold: float) -> Measuring:
    call.table.needs(call.column, NUMBERS, "bins")
    if call["bucketize_data"] is False:
        raise DeclarationError("bucketize_data can't be false for a partition of bins")
    edges, tails = [float(edge) for edge in partition["bins"]], partition.get("tail_weights")
    outer, inner = float(call["tail_weight_holdout"] or 0), float(call["internal_weight_holdout"] or 0)
    if len(edges) != len(partition["weights"]) + 1 or any(b <= a for a, b in pairwise(edges)):
        raise DeclarationError("partition_object: 'bins' must increase, and be one more than 'weights'")
    weights = _weights(partition["weights"], *(tails or ())) * (1 - outer - inner)
    empty = weights == 0
    if inner and empty.any():
        weights[empty] = inner / empty.sum()
    expected = _with_tails(weights, edges, tails, outer)
    seen, *counts = yield (present(call.column, call.rows), *_histogram(call, edges))
    return _judged(_divergence(counts, expected), threshold, seen)


def _with_tails(weights: np.ndarray[Any, Any], edges: Sequence[float], tails: Any, holdout: float) -> list[float]:
    """Return the weights with one on each side; what lies beyond an endless bin is nothing."""
    endless = [math.isinf(edges[0]), math.isinf(edges[-1])]
    if tails is not None and any(endless):
        raise DeclarationError("partition_object: an endless bin has no tail_weights")
    share = holdout / max(2 - sum(endless), 1)
    below, above = tails if tails is not None else (0.0 if end else share for end in endless)
    return [float(below), *map(float, weights), float(above)]


def _histogram(call: Call, edges: Sequence[float]) -> list[Number]:
    """Ask for the counts below the first edge, in each bin (the last one closed), and above the last edge."""
    last = len(edges) - 2

    def count(number: int) -> Number:
        def inside(table: Table) -> nw.Expr:
            value = table.value(call.column, call.rows)
            if number < 0:
                return value < edges[0]
            if number > last:
                return value > edges[-1]
            below = value <= edges[number + 1] if number == last else value < edges[number + 1]
            return (value >= edges[number]) & below

        return fulfilling(("bin", call.column, call.rows, tuple(edges), number), inside)

    return [count(number) for number in range(-1, last + 2)]


def _weights(weights: Sequence[float], *tails: float) -> np.ndarray[Any, Any]:
    if abs(sum(weights) + sum(tails) - 1) > _TOLERANCE:
        raise DeclarationError(f"partition_object: weights must add up to 1, got {sum(weights) + sum(tails):g}")
    return np.array(weights, dtype=float)


def _divergence(counts: Sequence[int], weights: Sequence[float]) -> float:
    """Return sum p log(p / q), p and q scaled to add up to 1; infinite where q leaves out what p has."""
    p, q = np.array(counts, dtype=float), np.array(weights, dtype=float)
    if not p.sum():
        return math.nan
    p, q = p / p.sum(), q / q.sum()
    some = p > 0
    if (q[some] == 0).any():
        return math.inf
    return float((p[some] * np.log(p[some] / q[some])).sum())


def _judged(divergence: float, threshold: float, seen: int) -> Outcome:
    observed = divergence if math.isfinite(divergence) else None
    note = "" if observed is not None or not seen else "the column has values that the partition gives no weight"
    return Outcome(success=divergence <= threshold, observed=observed, seen=seen, note=note)
