"""Training: a scikit-learn pipeline, the same bits for the same seed.

python -m examples.flight_delay.train --seed 7 --tracking-uri sqlite:///mlflow.db
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
from sklearn.pipeline import Pipeline

from examples.flight_delay.features import FIELDS, build_features
from examples.flight_delay.source import load_year

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

TRAINING_MONTHS = tuple(range(1, 10))
HOLDOUT_MONTHS = (10, 11, 12)


@dataclass(frozen=True)
class Training:
    """What a training comes to: everything that must be the same when it is done again."""

    data_digest: str
    params: dict[str, Any]
    model: Pipeline
    predictions: np.ndarray
    metrics: dict[str, float]


def train(seed: int, *, max_iter: int = 60, learning_rate: float = 0.1) -> Training:
    """Train on January to September and measure on October to December.

    Cancelled and diverted flights have no label and are left out of both.

    Parameters
    ----------
    seed
        Draws the rows on which boosting decides to stop.
    """
    labelled = load_year().dropna(subset=["late"])
    training = labelled[labelled["month"].isin(TRAINING_MONTHS)]
    holdout = labelled[labelled["month"].isin(HOLDOUT_MONTHS)]
    _say(f"training on {len(training):,} flights, holdout {len(holdout):,}")
    params: dict[str, Any] = {"seed": seed, "max_iter": max_iter, "learning_rate": learning_rate}
    model = build_model(**params)
    model.fit(build_features(training), training["late"].to_numpy(dtype=bool))
    predictions = model.predict_proba(build_features(holdout))[:, 1]
    metrics = measure(holdout["late"].to_numpy(dtype=bool), predictions)
    _say(f"trained: {metrics}")
    return Training(digest_rows(training), params, model, predictions, metrics)


def build_model(*, seed: int, max_iter: int, learning_rate: float) -> Pipeline:
    """Return the pipeline, not fitted; it knows by itself how to treat missing weather."""
    boosting = HistGradientBoostingClassifier(
        max_iter=max_iter, learning_rate=learning_rate, early_stopping=True, random_state=seed
    )
    return Pipeline([("boosting", boosting)])


def measure(late: np.ndarray, probability: np.ndarray) -> dict[str, float]:
    """Return the metrics of the holdout."""
    return {
        "roc_auc": float(roc_auc_score(late, probability)),
        "log_loss": float(log_loss(late, probability)),
        "brier_score": float(brier_score_loss(late, probability)),
    }


def digest_rows(flights: pd.DataFrame) -> str:
    """Return the digest of the rows that were trained on: fields and label, in order."""
    hashes = pd.util.hash_pandas_object(flights[[*FIELDS, "late"]], index=False)
    return f"sha256:{hashlib.sha256(hashes.to_numpy().tobytes()).hexdigest()}"


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, track and register; print what came of it as JSON."""
    from examples.flight_delay.track import track

    parser = argparse.ArgumentParser(description="Train the flight-delay model and register it as champion.")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--tracking-uri", required=True, help="sqlite:///FILE")
    given = parser.parse_args(arguments)
    tracked = track(train(given.seed), given.tracking_uri)
    print(json.dumps(tracked, indent=1))


if __name__ == "__main__":
    main()
