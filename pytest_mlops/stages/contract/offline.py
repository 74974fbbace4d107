"""What the model says without the service, and rows near which its decision changes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pytest_mlops.adapters.jsonschema import compile_schema
from pytest_mlops.core.errors import ToolError
from pytest_mlops.core.plain import plain

Rows = list[dict[str, Any]]
_PAIRS = 10
_HALVINGS = 50
_LOOKED_AT = 200


def predict_offline(offline: Callable[[Rows], Sequence[Any]], rows: Rows) -> list[Any]:
    """Return the predictions offline, in plain JSON types.

    Raises
    ------
    ToolError
        When the model fails on rows that the document allows.
    """
    try:
        return [plain(prediction) for prediction in offline(rows)]
    except Exception as exc:
        raise ToolError(f"offline must predict rows that the document allows, got {type(exc).__name__}: {exc}") from exc


def boundary_rows(offline: Callable[[Rows], Sequence[Any]], examples: Rows, schema: Mapping[str, Any]) -> Rows:
    """Return valid rows on both sides of the model's decision, as near to it as floats go.

    Rounding in a service (half precision, a number as text) shows nowhere else. Rows with different decisions
    are brought together by halving the distance of their numbers; the decision is the first text or boolean
    of a prediction. Empty where there is none, or all examples are decided alike.
    """
    rows = examples[:_LOOKED_AT]
    decisions = _decisions(offline, rows)
    split = [(a, b) for a, b in itertools.combinations(range(len(rows)), 2) if decisions[a] != decisions[b]]
    ends = [(rows[a], _between(rows[a], rows[b], 1.0)) for a, b in split[: _PAIRS * _PAIRS]]
    decided = _decisions(offline, [far for _, far in ends])
    pairs = [(a, b) for (a, b), (here, _), there in zip(ends, split, decided, strict=False) if decisions[here] != there]
    near = _halved(offline, pairs[:_PAIRS])
    problem = compile_schema(schema)
    return [row for row in near if not problem(row)]


def _halved(offline: Callable[[Rows], Sequence[Any]], pairs: list[tuple[dict[str, Any], dict[str, Any]]]) -> Rows:
    sides = _decisions(offline, [here for here, _ in pairs])
    for _ in range(_HALVINGS):
        middles = [_between(here, there, 0.5) for here, there in pairs]
        decided = _decisions(offline, middles)
        pairs = [
            (middle, there) if decision == side else (here, middle)
            for (here, there), middle, decision, side in zip(pairs, middles, decided, sides, strict=True)
        ]
    return [row for pair in pairs for row in pair]


def _between(here: dict[str, Any], there: dict[str, Any], share: float) -> dict[str, Any]:
    """Return `here` with its numbers moved towards those of `there`."""
    moved = dict(here)
    for name, start in here.items():
        end = there.get(name)
        if _is_number(start) and _is_number(end):
            value = start + (end - start) * share
            moved[name] = round(value) if isinstance(start, int) and isinstance(end, int) else value
    return moved


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _decisions(offline: Callable[[Rows], Sequence[Any]], rows: Rows) -> list[Any]:
    return [decision_of(prediction) for prediction in predict_offline(offline, rows)] if rows else []


def decision_of(prediction: object) -> object:
    """Return the decision of a prediction: its first text or boolean; None where it has none."""
    values = prediction.values() if isinstance(prediction, Mapping) else [prediction]
    return next((value for value in values if isinstance(value, bool | str)), None)
