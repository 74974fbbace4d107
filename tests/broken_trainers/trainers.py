"""Small trainers, each with one defect, and twins that are sound: material of the reproducibility tests."""

from __future__ import annotations

import hashlib
import os
import random
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Line:
    """A least-squares line: a model small enough to see through."""

    def __init__(self, **more: Any) -> None:
        self.__dict__.update(more)

    def fit(self, x: NDArray[Any], y: NDArray[Any]) -> Line:
        """Fit, and return itself."""
        self.coef_ = np.linalg.lstsq(x, y, rcond=None)[0]
        return self

    def predict(self, x: NDArray[Any]) -> NDArray[Any]:
        """Return x @ coef."""
        return np.asarray(x @ self.coef_)


def _data(seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(40, 3))
    return x, x @ np.array([1.0, -2.0, 0.5]) + rng.normal(size=40) / 10


def _outcome(x: NDArray[Any], y: NDArray[Any], **changes: Any) -> dict[str, Any]:
    model = changes.pop("model", None) or Line().fit(x, y)
    predictions = model.predict(x)
    return {
        "data_digest": hashlib.sha256(x.tobytes()).hexdigest(),
        "params": {"features": 3, "method": "lstsq"},
        "model": model,
        "predictions": predictions,
        "metrics": {"mse": float(np.mean((predictions - y) ** 2))},
    } | changes


def sound(seed: int) -> dict[str, Any]:
    """Train as it should be."""
    return _outcome(*_data(seed))


def unseeded(seed: int) -> dict[str, Any]:
    """Fit on a subsample that NumPy's global generator draws without the seed."""
    x, y = _data(seed)
    keep = np.random.permutation(len(x))[:20]  # noqa: NPY002 - what is wrong with it
    model = Line().fit(x[keep], y[keep])
    return {"model": model, "predictions": model.predict(x)}


def unseeded_private(seed: int) -> dict[str, Any]:
    """Fit on a subsample of a generator of its own, without the seed."""
    x, y = _data(seed)
    keep = np.random.default_rng().permutation(len(x))[:20]
    model = Line().fit(x[keep], y[keep])
    return {"model": model, "predictions": model.predict(x)}


def unseeded_metrics(seed: int) -> dict[str, Any]:
    """Judge on a random sample without the seed."""
    return _outcome(*_data(seed), metrics={"mse": random.random()})  # noqa: S311 - what is wrong with it


def set_order(seed: int) -> dict[str, Any]:
    """Let the order of a set, and so the hash seed, number the levels of a column."""
    levels = {level: i for i, level in enumerate({"ab", "cd", "ef", "gh", "ij", "kl", "mn"})}
    model = Line(levels_=levels).fit(*_data(seed))
    return _outcome(*_data(seed), model=model)


def folder_as_data(seed: int) -> dict[str, Any]:
    """Let the working folder into the data's digest."""
    return _outcome(*_data(seed), data_digest=hashlib.sha256(str(Path.cwd()).encode()).hexdigest())


def zone_as_param(seed: int) -> dict[str, Any]:
    """Let the time zone choose a param."""
    return _outcome(*_data(seed), params={"hour": time.localtime(0).tm_hour, "method": "lstsq"})


def more_predictions(seed: int) -> dict[str, Any]:
    """Predict for another number of rows where more threads are."""
    x, y = _data(seed)
    rows = 30 + int(os.environ["OMP_NUM_THREADS"])
    return _outcome(x, y, predictions=Line().fit(x, y).predict(x)[:rows])


def nan_predictions(seed: int) -> dict[str, Any]:
    """Answer NaN for one row where more threads are."""
    x, y = _data(seed)
    predictions = Line().fit(x, y).predict(x)
    predictions[7] = np.nan if os.environ["OMP_NUM_THREADS"] == "2" else predictions[7]
    return _outcome(x, y, predictions=predictions)


def stamped(seed: int) -> dict[str, Any]:
    """Write the time of training into the model."""
    model = Line(fitted_at_=time.time()).fit(*_data(seed))
    return _outcome(*_data(seed), model=model)


def float_noise(seed: int) -> dict[str, Any]:
    """Differ by 1e-12, as sums in another order do; and agree on NaN."""
    x, y = _data(seed)
    model = Line(unknown_=np.nan).fit(x, y)
    model.coef_ *= 1 + 1e-12 * int(os.environ["OMP_NUM_THREADS"])
    predictions = model.predict(x) * 1e6
    predictions[0] = np.nan
    return _outcome(x, y, model=model, predictions=predictions)


def own_folder(seed: int, uri: str) -> dict[str, Any]:
    """Keep the training's own folder in params and model."""
    model = Line(uri_=uri).fit(*_data(seed))
    assert uri.startswith(f"sqlite:///{Path.cwd()}/")
    return _outcome(*_data(seed), model=model, params={"uri": uri})


def unwalkable(seed: int) -> dict[str, Any]:
    """Return a model too deep to walk."""
    chain: list[Any] = []
    for _ in range(100_000):
        chain = [chain]
    return {"model": chain, "predictions": _outcome(*_data(seed))["predictions"]}


def opaque(seed: int) -> dict[str, Any]:
    """Keep locks in the model."""
    return {"model": Line(locks_=[threading.Lock(), threading.Lock()]).fit(*_data(seed))}


def only_predictions(seed: int) -> dict[str, Any]:
    """Return predictions alone."""
    return {"predictions": _outcome(*_data(seed))["predictions"].tolist(), "metrics": {}}


def nothing(seed: int) -> None:
    """Return nothing."""
    np.random.default_rng(seed)


def raising(seed: int) -> None:
    """Raise."""
    raise ValueError(f"no rows for seed {seed}")


def needs_file(seed: int) -> None:
    """Look for data relative to the working folder."""
    Path(f"data/{seed}.csv").read_text(encoding="utf-8")


def dying(seed: int) -> None:
    """Die without a word."""
    sys.stdout.write(f"about to die with seed {seed}\n")
    sys.stdout.flush()
    os._exit(3)


def slow(seed: int) -> None:
    """Take too long."""
    time.sleep(60 + seed)
