"""A user's model, asked in the user's own interpreter: deepchecks is handed its answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.core.errors import DeclarationError, ToolError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_THRESHOLD = 0.5


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What a model says of each row.

    Attributes
    ----------
    prediction
        Of shape (rows,).
    probability
        Of shape (rows, classes), in the order of `classes`; None where the model has none.
    """

    prediction: NDArray[Any]
    probability: NDArray[np.float64] | None = None
    classes: Sequence[Any] | None = None


def answers_of(model: Any, name: str, rows: Any, *, is_class: bool) -> Answers:
    """Return a model's answers to the rows of a frame.

    Parameters
    ----------
    model
        What has `predict_proba` or `predict`, or a function of a frame: to the scores of the positive class, of shape
        (rows,), or to probabilities, of shape (rows, classes); to numbers where `is_class` is false.

    Raises
    ------
    DeclarationError
        When it is no model.
    ToolError
        When it does not give a finite answer for each row.
    """
    if is_class and hasattr(model, "predict_proba"):
        found = _of_classifier(model, name, rows)
    elif hasattr(model, "predict"):
        found = Answers(prediction=np.asarray(model.predict(rows)))
    elif callable(model):
        answer = np.asarray(model(rows), dtype=np.float64)
        found = _of_scores(answer, None) if is_class else Answers(prediction=answer)
    else:
        raise DeclarationError(
            f"{name} must have predict_proba or predict, or be a function of a frame; got {type(model).__name__}"
        )
    _check(found.prediction, name, len(rows))
    if found.probability is not None:
        _check(found.probability, name, len(rows))
    return found


def _of_classifier(model: Any, name: str, rows: Any) -> Answers:
    classes = getattr(model, "classes_", None)
    found = _of_scores(np.asarray(model.predict_proba(rows), dtype=np.float64), classes)
    if found.probability is None or len(found.classes or ()) != found.probability.shape[1]:
        raise ToolError(f"{name} must give a probability for each of its classes, got another number of them")
    return found


def _of_scores(answer: NDArray[np.float64], classes: Any) -> Answers:
    """Return answers with classes in their order, as deepchecks wants them; truths are 0 and 1."""
    table = np.column_stack([1 - answer, answer]) if answer.ndim == 1 else answer
    known = np.arange(table.shape[1]) if classes is None else np.asarray(classes)
    known = known.astype(np.int64) if known.dtype == bool else known
    if len(known) != table.shape[1]:
        return Answers(prediction=table[:, 0], probability=table, classes=known.tolist())
    order = np.argsort(known)
    table, known = table[:, order], known[order]
    binary = table.shape[1] == 2  # noqa: PLR2004 - two classes
    chosen = (table[:, 1] >= _THRESHOLD).astype(np.int64) if binary else table.argmax(axis=1)
    return Answers(prediction=known[chosen], probability=table, classes=known.tolist())


def _check(answer: NDArray[Any], name: str, rows: int) -> None:
    if len(answer) != rows:
        raise ToolError(f"{name} must give an answer a row, got {len(answer)} for {rows} rows")
    if np.issubdtype(answer.dtype, np.floating) and not np.isfinite(answer).all():
        raise ToolError(f"{name} must give finite answers, got {int((~np.isfinite(answer)).sum())} of {answer.size}")
