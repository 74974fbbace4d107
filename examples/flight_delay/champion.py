"""The champion: the model that serves, loaded without running code from its files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
from skops import io as skops_io

from examples.flight_delay.features import FIELDS, build_features

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np

NAME = "flight_delay"
# From which probability on a flight is called late: about one flight in four is.
THRESHOLD = 0.35
# Our own list. The one that a model file brings along is no proof of anything.
TRUSTED_TYPES = ("sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",)


@dataclass(frozen=True)
class Champion:
    """A loaded model with the digest of its files."""

    model: Any
    digest: str

    def predict_proba(self, flights: pd.DataFrame) -> np.ndarray:
        """Return the probability of being late, of shape (flights,), for raw flights in any order."""
        scores: np.ndarray = self.model.predict_proba(build_features(flights))[:, 1]
        return scores

    def answer(self, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the predictions for rows of plain values, as the service answers them."""
        scores = self.predict_proba(pd.DataFrame(list(rows), columns=FIELDS))
        return [{"probability": float(score), "late": bool(score >= THRESHOLD)} for score in scores]


def load_champion(folder: Path) -> Champion:
    """Load a model from its folder.

    Raises
    ------
    FileNotFoundError
        When the folder holds no skops file.
    """
    files = sorted(folder.rglob("*.skops"))
    if len(files) != 1:
        raise FileNotFoundError(f"{folder} must hold one .skops file, got {len(files)}. Hint: train it first")
    return Champion(skops_io.load(files[0], trusted=list(TRUSTED_TYPES)), digest_folder(folder))


def digest_folder(folder: Path) -> str:
    """Return one digest over all files of a folder, with their names."""
    total = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(
            f"{file.relative_to(folder).as_posix()}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode()
        )
    return f"sha256:{total.hexdigest()}"
