"""A model that scores the rows of a frame, as what a service's answers are compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlops.adapters.row_frames import frame_like
from pytest_mlops.stages.scores import scores_of

if TYPE_CHECKING:
    from pytest_mlops.stages.contract.bench import Offline
    from pytest_mlops.stages.contract.faults import Rows


def offline_scores(model: Any, name: str, *, like: Any, score: str = "") -> Offline:
    """Return what predicts rows as a service answers them, as far as the score goes.

    Parameters
    ----------
    model
        What has `predict_proba`, or a function of a frame.
    like
        A frame with the columns that the model knows.
    score
        The key of a prediction that holds the score; empty where a prediction is the score.
    """

    def predict(rows: Rows) -> list[Any]:
        scores = [float(one) for one in scores_of(model, name, frame_like(like, rows))]
        return [{score: one} for one in scores] if score else scores

    return predict
