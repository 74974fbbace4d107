"""What the laws find on servers that people run: `python -m benchmarks.contract_servers`, a row a server.

It takes those that are installed of MLflow, FastAPI with uvicorn, Flask with waitress, and Flask with gunicorn.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_mlops.stages.contract import contract_of, findings, measure_contract, read_contract
from pytest_mlops.stages.contract.document import read_signature
from pytest_mlops.stages.contract.faults import faults_of
from pytest_mlops.stages.contract.framing import FRAMINGS
from pytest_mlops.stages.service import start_service
from pytest_mlops.stages.service_commands import served_of
from tests.broken_services import model_service

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[1]
ROWS: list[dict[str, Any]] = [
    {"carrier": carrier, "origin": "JFK", "dep_delay": delay, "distance": 400 + 300 * place, "hour": 6 + 2 * place}
    for place, (carrier, delay) in enumerate([("AA", -3.0), ("UA", 12.5), ("DL", 40.0), ("AA", 80.25), ("UA", 31.0)])
]
REASONS: Mapping[str, str] = {
    "got 5": "5xx", "got 2": "answered 200", "insides": "with a traceback", "bytes": "too long", "within": "too late",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server: how it is started, and what it is held to."""

    name: str
    command: list[str]
    env: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


def servers(folder: Path) -> Iterator[Server]:
    """Yield the servers that are installed."""
    if find_spec("mlflow"):
        model = folder / "model"
        log_model(model)
        options = {"protocol": "mlflow", "signature": model, "examples": ROWS}
        command = ["{python}", "-m", "mlflow", "models", "serve", "-m", str(model), "--env-manager", "local",
                   "-h", "{host}", "-p", "{port}"]  # fmt: skip
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        env = {"PATH": path, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
        yield Server(name="`mlflow models serve`", command=command, env=env, options=options)
    flask = "tests.broken_services.naive_apps:flask_app()"
    options = {"document": model_service.document(), "examples": ROWS}
    if find_spec("fastapi") and find_spec("uvicorn"):
        yield _application("FastAPI, naive", asgi=flask.replace("flask", "fastapi"), options={"examples": ROWS})
    if find_spec("flask") and find_spec("waitress"):
        yield _application("Flask, naive, waitress", wsgi=flask, options=options)
    if find_spec("flask") and find_spec("gunicorn"):
        command = ["{python}", "-m", "gunicorn", "-b", "{host}:{port}", "--threads", "4", flask]
        yield Server(name="Flask, naive, gunicorn", command=command, options=options)


def _application(name: str, *, options: Mapping[str, Any], wsgi: str | None = None, asgi: str | None = None) -> Server:
    served = served_of(None, wsgi=wsgi, asgi=asgi, mlflow=None)
    return Server(name=name, command=list(served.command), options=options)


def log_model(folder: Path) -> None:
    """Save a model of the rows with its signature."""
    import mlflow
    import pandas as pd
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    rows = pd.DataFrame(ROWS * 20)
    coded = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["carrier", "origin"]), remainder="passthrough"
    )  # fmt: skip
    late = rows["dep_delay"] > rows["dep_delay"].mean()
    model = make_pipeline(coded, LogisticRegression(max_iter=5000)).fit(rows, late)
    signature = mlflow.models.infer_signature(rows, model.predict(rows))
    mlflow.sklearn.save_model(model, folder, signature=signature, pip_requirements=["scikit-learn"])


def row_of(server: Server, folder: Path, examples: int) -> str:
    """Return what was found on one server, as a row of a table."""
    with start_service(
        server.command, name="it", workdir=folder, env=server.env, ready_timeout_s=120, cwd=ROOT
    ) as service:  # fmt: skip
        begun = time.monotonic()
        result = measure_contract(service, seed=1, max_examples=examples, **server.options)
        took_s = time.monotonic() - begun
        document = server.options.get("document") or contract_of(service, committed(server))
    spoiled = [one for one in faults_of(read_signature(document)).values() if one.spoil(ROWS[:1]) is not None]
    tried = len(spoiled) + len(FRAMINGS)
    details: Any = result.details
    refused = "invalid_requests_are_refused"
    why = Counter(reason(one[1]) for one in details[refused])
    single = [name for name in details if name != "sigterm_answers_what_is_in_flight"]
    hung = sum("no answer" in one[3] for name in single for one in details[name])
    others = [one.short_name for one in result.measurements if one.value and one.short_name != refused]
    told = ", ".join(f"{count} {word}" for word, count in why.most_common())
    broken = ", ".join(f"`{name}`" for name in others)
    return f"| {server.name} | {len(details[refused])} of {tried} | {told} | {hung} | {broken} | {took_s:.0f} s |"


def committed(server: Server) -> Any:
    """Return the document that is made from a signature, where that is what requests are made from."""
    path = server.options.get("signature")
    return None if path is None else read_contract(path)


def reason(why: str) -> str:
    """Return in a word why a refusal was none."""
    return next((word for text, word in REASONS.items() if text in why), "no documented error")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=30)
    asked = parser.parse_args()
    findings._ROWS = 10_000  # noqa: SLF001 - a report shows twenty, here all are counted
    print("| server | malformed forms answered badly | how | no answer | other laws broken | took |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for server in servers(Path(folder)):
            print(row_of(server, Path(folder), asked.examples), flush=True)


if __name__ == "__main__":
    main()
