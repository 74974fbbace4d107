"""Trainers of scikit-learn's models, seeded: their whole fitted state can be walked and comes out the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier


def _frame() -> tuple[pd.DataFrame, np.ndarray]:
    data = load_breast_cancer()
    frame = pd.DataFrame(data.data[:300, :6], columns=[f"x{i}" for i in range(6)])
    frame["size"] = np.where(frame["x0"] > 14, "large", "small")  # noqa: PLR2004 - about half
    return frame, data.target[:300]


def _columns() -> ColumnTransformer:
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return ColumnTransformer([("numbers", StandardScaler(), [f"x{i}" for i in range(6)]), ("words", one_hot, ["size"])])


def _outcome(model: Any) -> dict[str, Any]:
    frame, target = _frame()
    model = Pipeline([("columns", _columns()), ("logs", FunctionTransformer(np.abs)), ("model", model)]).fit(frame, target)
    scores = model.predict_proba(frame)[:, 1]
    return {"params": {"rows": len(frame)}, "model": model, "predictions": scores, "metrics": {"mean": scores.mean()}}


def logistic(seed: int) -> dict[str, Any]:
    """Train a logistic regression."""
    return _outcome(LogisticRegression(random_state=seed))


def forest(seed: int, seeded: bool = True) -> dict[str, Any]:
    """Train a random forest."""
    return _outcome(RandomForestClassifier(n_estimators=20, random_state=seed if seeded else None))


def boosting(seed: int) -> dict[str, Any]:
    """Train histogram gradient boosting, its early stopping on a random part of the rows."""
    return _outcome(HistGradientBoostingClassifier(max_iter=20, early_stopping=True, random_state=seed))


def others(seed: int) -> dict[str, Any]:
    """Train one of many kinds, and keep them in one list."""
    frame, target = _frame()
    x = _columns().fit_transform(frame)
    models = [
        MLPClassifier(hidden_layer_sizes=(5,), max_iter=20, random_state=np.random.RandomState(seed)),
        GridSearchCV(DecisionTreeClassifier(random_state=seed), {"max_depth": [1, 2]}, cv=3),
        GradientBoostingClassifier(n_estimators=5, random_state=seed),
        CalibratedClassifierCV(LogisticRegression(), cv=3),
        KNeighborsClassifier(algorithm="kd_tree"),
        SVC(random_state=seed),
    ]
    text = make_pipeline(TfidfVectorizer(), MultinomialNB()).fit(["late flight", "early flight", "no flight"], [1, 0, 1])
    return {"model": {"models": [model.fit(x, target) for model in models], "text": text, "frame": frame, "x": x}}
