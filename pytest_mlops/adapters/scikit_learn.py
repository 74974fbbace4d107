"""scikit-learn: its metrics, by name, and boosted trees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_mlops.adapters.threads import one_thread
from pytest_mlops.core.errors import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

# metric -> (function of sklearn.metrics, whether it takes scores, or decisions at the threshold)
METRICS = {
    "roc_auc": ("roc_auc_score", True),
    "average_precision": ("average_precision_score", True),
    "log_loss": ("log_loss", True),
    "brier_score": ("brier_score_loss", True),
    "accuracy": ("accuracy_score", False),
    "balanced_accuracy": ("balanced_accuracy_score", False),
    "f1": ("f1_score", False),
    "precision": ("precision_score", False),
    "recall": ("recall_score", False),
}

# Without rows of both classes scikit-learn warns and answers a number all the same.
_NEEDS_BOTH_CLASSES = frozenset({"roc_auc", "average_precision", "balanced_accuracy", "f1", "precision", "recall"})


def compute_metric(name: str, truth: NDArray[np.bool_], score: NDArray[Any]) -> float:
    """Return one metric; NaN where it is not defined on these rows (one class only)."""
    try:
        from sklearn import metrics
    except ImportError as exc:
        raise MissingExtra(needs=f"the metric {name}", library="scikit-learn", extra="model") from exc
    if name in _NEEDS_BOTH_CLASSES and (truth.all() or not truth.any()):
        return float("nan")
    options = {"labels": [False, True]} if name == "log_loss" else {}
    if name in ("f1", "precision", "recall"):
        options = {"zero_division": float("nan")}  # type: ignore[dict-item]
    try:
        return float(getattr(metrics, METRICS[name][0])(truth, score, **options))
    except ValueError:
        return float("nan")


def fit_trees(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    *,
    is_category: Sequence[bool],
    is_class: bool,
    weights: NDArray[np.float64] | None = None,
    seed: int = 0,
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Return the answers of boosted trees that were fitted: probabilities of 1, or numbers, of shape (rows,).

    Parameters
    ----------
    x
        Of shape (rows, columns), NaN where missing; categories as codes below 255.
    y
        0 and 1 for classes.
    """
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    except ImportError as exc:
        raise MissingExtra(needs="a model of the rows", library="scikit-learn", extra="model") from exc
    kind = HistGradientBoostingClassifier if is_class else HistGradientBoostingRegressor
    trees = kind(
        max_iter=80,
        max_leaf_nodes=15,
        min_samples_leaf=max(5, min(50, len(x) // 100)),
        l2_regularization=1.0,
        categorical_features=list(is_category) if any(is_category) else None,
        early_stopping=False,
        random_state=seed,
    )
    with one_thread():
        trees.fit(x, y, sample_weight=weights)

    def answer(rows: NDArray[np.float64]) -> NDArray[np.float64]:
        with one_thread():
            return np.asarray(trees.predict_proba(rows)[:, 1] if is_class else trees.predict(rows), dtype=np.float64)

    return answer
