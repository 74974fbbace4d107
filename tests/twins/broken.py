"""The reference system with one part broken, or changed harmlessly: `python -m tests.twins.broken PART TWIN ...`."""

from __future__ import annotations

import os
import random
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from examples.flight_delay import batch, serve
from examples.flight_delay import train as training
from examples.flight_delay.features import build_features
from examples.flight_delay.request_body import BadRequest

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_SLOW_S, _JITTER_S = 0.2, 0.002


def train(seed: int, *, twin: str) -> training.Training:
    """Train a smaller model: `unseeded`, or with `noise` of 1e-12 on the predictions."""
    done = training.train(int.from_bytes(os.urandom(2), "big") if twin == "unseeded" else seed, max_iter=10)
    if twin == "noise":
        noise = 1e-12 * np.random.default_rng(os.getpid()).standard_normal(len(done.predictions))
        return replace(done, predictions=done.predictions + noise)
    return replace(done, params=done.params | {"seed": seed})


def small(seed: int) -> training.Training:
    """Train a smaller model as the reference system does."""
    return train(seed, twin="small")


def unseeded(seed: int) -> training.Training:
    """Train a smaller model with a seed of its own."""
    return train(seed, twin="unseeded")


def features_of_the_clock(flights: pd.DataFrame) -> pd.DataFrame:
    """Build features, the time of day as the number that a clock shows instead of minutes."""
    built = build_features(flights)
    return built.assign(minute_of_day=(flights["hour"] * 100.0 + flights["minute"]).to_numpy())


def features_of_the_neighbours(flights: pd.DataFrame) -> pd.DataFrame:
    """Build features, the distance relative to the other rows of the call."""
    built = build_features(flights)
    return built.assign(distance=built["distance"] / built["distance"].mean() * 1_000)


def features_in_another_order(flights: pd.DataFrame) -> pd.DataFrame:
    """Build features with the columns the other way round, and with noise of 1e-12."""
    built = build_features(flights)
    return built.assign(distance=built["distance"] * (1 + 1e-12)).iloc[:, ::-1]


def serve_twin(twin: str, words: list[str]) -> None:
    """Serve: `crashes` on a row that it refuses otherwise, is `slow`, or answers with a little `jitter`."""
    original = serve.create_app

    def create_app(champion: Any) -> Any:
        app = original(champion)
        if twin == "crashes":
            app.register_error_handler(BadRequest, _crash)
        else:
            app.before_request(lambda: time.sleep(_SLOW_S if twin == "slow" else random.random() * _JITTER_S))  # noqa: S311
        return app

    serve.create_app = create_app
    serve.main(words)


def _crash(error: BadRequest) -> Any:
    if error.status == 422:
        raise RuntimeError("no such column")
    return serve._refuse(error)


def batch_twin(twin: str, words: list[str]) -> None:
    """Score: `drops` one row, reads temperatures as `celsius`, or writes the rows in `another_order`."""
    original = batch._score

    def score(champion: Any, flights: Any) -> pa.Table:
        if twin == "drops":
            flights = flights[flights["flight_id"] % 20_000 != 0]
        if twin == "celsius":
            flights = flights.assign(temp=(flights["temp"] - 32) / 1.8)
        return original(champion, flights.iloc[::-1] if twin == "another_order" else flights)

    batch._score = score
    batch.main(words)


if __name__ == "__main__":
    {"serve": serve_twin, "batch": batch_twin}[sys.argv[1]](sys.argv[2], sys.argv[3:])
