"""scikit-learn: its metrics, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_mlops.core.errors import MissingExtra

if TYPE_CHECKING:
    import numpy as np
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
