"""The answers of a user's model: a score a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.core.errors import DeclarationError, ToolError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def scores_of(model: Any, name: str, features: Any, *, is_class: bool = True) -> NDArray[np.float64]:
    """Return what a model answers to the rows of a frame, of shape (rows,).

    Parameters
    ----------
    model
        What has `predict_proba` (for a number, `predict`), or a function of a frame.
    is_class
        Whether the answer is the probability of the positive class; else it is a number.

    Raises
    ------
    DeclarationError
        When it is no model, or a class.
    ToolError
        When it fails, or does not give a finite score for each row.
    """
    method = "predict_proba" if is_class else "predict"
    if not hasattr(model, method) and not callable(model):
        raise DeclarationError(f"{name} must have {method}, or be a function of a frame; got {type(model).__name__}")
    if isinstance(model, type):
        raise DeclarationError(f"{name} must be a fitted model, got the class {model.__name__}")
    try:
        answer = getattr(model, method)(features) if hasattr(model, method) else model(features)
        scores = np.asarray(answer, dtype=np.float64)
    except Exception as exc:
        raise ToolError(f"{name} failed on {len(features):,} rows: {type(exc).__name__}: {exc!s:.300}") from exc
    scores = scores[:, 1] if scores.ndim == 2 and is_class else scores  # noqa: PLR2004 - a column a class
    if scores.shape != (len(features),):
        raise ToolError(f"{name} must give a score a row, got shape {scores.shape} for {len(features)} rows")
    if np.isnan(scores).any():
        raise ToolError(f"{name} must give finite scores, got {int(np.isnan(scores).sum())} NaN of {len(scores)}")
    return scores
