"""What the checks are about: the flights, the champion, and the live API, as ordinary fixtures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from examples.flight_delay.champion import Champion
    from pytest_mlops.stages.service import Service

ROOT = Path(__file__).parents[1]
BATCH_JOB = ["examples.flight_delay.batch"]


@pytest.fixture(scope="session")
def january() -> Path:
    return ROOT / "fixtures/flights/2013-01.parquet"


@pytest.fixture(scope="session")
def february() -> Path:
    return ROOT / "fixtures/flights/2013-02.parquet"


@pytest.fixture(scope="session")
def holdout() -> pd.DataFrame:
    """Return 12,000 labelled flights of October to December, which training does not see."""
    import pandas as pd

    return pd.read_parquet(ROOT / "fixtures/flights/holdout.parquet")


@pytest.fixture(scope="session")
def champion_folder(mlops_once: Callable[..., Any], mlops_tracking_uri: str, mlops_seed: int) -> Path:
    """Train, track and register the champion; once a run, whichever worker needs it first."""

    def train() -> dict[str, Any]:
        words = ["--seed", str(mlops_seed), "--tracking-uri", mlops_tracking_uri]
        printed = _run(["examples.flight_delay.train", *words])
        tracked: dict[str, Any] = json.loads(printed[printed.index("{") :])
        return tracked

    return Path(mlops_once("training the champion", train)["folder"])


def _run(words: list[str]) -> str:
    command = [sys.executable, "-m", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{words[0]} failed:\n{done.stderr[-2000:]}")
    return done.stdout


@pytest.fixture(scope="session")
def champion(champion_folder: Path) -> Champion:
    from examples.flight_delay.champion import load_champion

    return load_champion(champion_folder)


@pytest.fixture(scope="session")
def delay_api(mlops_service: Callable[..., Service], champion_folder: Path) -> Service:
    """Start the live API on a free port of this machine."""
    serve = [sys.executable, "-m", "examples.flight_delay.serve", "--model", str(champion_folder), "--port", "{port}"]
    return mlops_service(serve, name="delay_api")


@pytest.fixture(scope="session")
def requests_sent() -> list[dict[str, Any]]:
    """Return real rows, as callers send them."""
    lines = (ROOT / "fixtures/requests/flights.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="session")
def answers_of_batch(
    requests_sent: list[dict[str, Any]], champion_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[dict[str, Any]]:
    """Return what the batch job answers to the rows that callers send, in their order."""
    import pandas as pd
    import pyarrow.parquet as pq

    folder = tmp_path_factory.mktemp("answers_of_batch")
    rows, answers = folder / "rows.parquet", folder / "answers.parquet"
    pd.DataFrame(requests_sent).assign(flight_id=range(len(requests_sent))).to_parquet(rows)
    _run([*BATCH_JOB, "--model", str(champion_folder), str(rows), str(answers)])
    scored: list[dict[str, Any]] = pq.read_table(answers).sort_by("flight_id").drop_columns("flight_id").to_pylist()
    return scored
