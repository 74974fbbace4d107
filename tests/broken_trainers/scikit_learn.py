"""A trainer of many scikit-learn models: their whole fitted state can be walked, and comes out the same."""

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

NUMBERS = [f"x{i}" for i in range(6)]


def train(seed: int, *, forest_seeded: bool) -> dict[str, Any]:
    """Train them all; the forest without its seed where that is asked for."""
    frame, target = _frame()
    models = [_pipeline(model).fit(frame, target) for model in _models(seed, forest_seeded=forest_seeded)]
    words = ["late flight", "early flight", "no flight"]
    text = make_pipeline(TfidfVectorizer(), MultinomialNB()).fit(words, [1, 0, 1])
    return {
        "params": {"rows": len(frame)},
        "model": {"models": models, "text": text, "frame": frame, "sparse": text[0].transform(["late"])},
        "predictions": np.stack([model.predict(frame) for model in models]),
        "metrics": {"accuracy": np.mean([model.score(frame, target) for model in models])},
    }


def _models(seed: int, *, forest_seeded: bool) -> list[Any]:
    return [
        LogisticRegression(random_state=seed),
        RandomForestClassifier(n_estimators=10, random_state=seed if forest_seeded else None),
        HistGradientBoostingClassifier(max_iter=10, early_stopping=True, random_state=seed),
        GradientBoostingClassifier(n_estimators=3, random_state=seed),
        MLPClassifier(hidden_layer_sizes=(5,), max_iter=1000, tol=0.1, random_state=np.random.RandomState(seed)),
        GridSearchCV(DecisionTreeClassifier(random_state=seed), {"max_depth": [1, 2]}, cv=2),
        CalibratedClassifierCV(LogisticRegression(), cv=2),
        KNeighborsClassifier(algorithm="kd_tree"),
        SVC(random_state=seed),
    ]


def _pipeline(model: Any) -> Pipeline:
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = ColumnTransformer([("numbers", StandardScaler(), NUMBERS), ("words", one_hot, ["size"])])
    return Pipeline([("columns", columns), ("plain", FunctionTransformer(np.nan_to_num)), ("model", model)])


def _frame() -> tuple[pd.DataFrame, np.ndarray[Any, Any]]:
    data = load_breast_cancer()
    frame = pd.DataFrame(data.data[:200, :6], columns=NUMBERS)
    frame["size"] = np.where(frame["x0"] > 14, "large", "small")
    return frame, data.target[:200]
