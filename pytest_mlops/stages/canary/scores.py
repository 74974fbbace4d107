"""What a prediction says: its decision, and its numbers by their place."""

from __future__ import annotations

from typing import Any

from pytest_mlops.stages.contract.offline import decision_of


def decision(prediction: Any) -> object:
    """Return the decision of a prediction; a whole number that stands alone is a label, and so a decision.

    >>> decision({"probability": 0.7, "late": True}), decision(1), decision(0.7)
    (True, 1, None)
    """
    is_label = isinstance(prediction, int) and not isinstance(prediction, bool)
    return prediction if is_label else decision_of(prediction)


def scores_of(prediction: Any, place: str = "") -> dict[str, float]:
    """Return the numbers of a prediction that are no decision, by their place in it.

    >>> scores_of({"late": True, "probability": 0.7, "by_class": [0.3, 0.7]})
    {'.probability': 0.7, '.by_class[0]': 0.3, '.by_class[1]': 0.7}
    >>> scores_of(1), scores_of(1.5)
    ({}, {'': 1.5})
    """
    if isinstance(prediction, dict):
        parts = [scores_of(value, f"{place}.{name}") for name, value in prediction.items()]
    elif isinstance(prediction, list):
        parts = [scores_of(value, f"{place}[{number}]") for number, value in enumerate(prediction)]
    else:
        is_number = isinstance(prediction, float) or (place and type(prediction) is int)
        return {place: float(prediction)} if is_number else {}
    return {at: score for part in parts for at, score in part.items()}
