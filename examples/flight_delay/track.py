"""Tracking a training with MLflow, and registering its model as the champion."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from examples.flight_delay.champion import NAME, TRUSTED_TYPES, digest_folder
from examples.flight_delay.features import FIELDS, build_features
from examples.flight_delay.source import load_year

if TYPE_CHECKING:
    from examples.flight_delay.train import Training

_SCHEME = "sqlite:///"


def track(training: Training, tracking_uri: str) -> dict[str, object]:
    """Log parameters, metrics, digest, commit, signature and input example; register with the alias `champion`.

    The model is saved by skops, which runs no code when it is loaded.

    Returns
    -------
    dict
        `run_id`, `version`, `folder` (of the model), `digest` (of the folder's files), `metrics`.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    import mlflow
    from mlflow.tracking import MlflowClient

    mlflow.set_tracking_uri(tracking_uri)
    client = MlflowClient()
    experiment = client.get_experiment_by_name(NAME)
    number = experiment.experiment_id if experiment else client.create_experiment(NAME, _artifacts(tracking_uri))
    with mlflow.start_run(experiment_id=number) as run:
        mlflow.log_params(training.params)
        mlflow.log_metrics(training.metrics)
        mlflow.set_tags({"data_digest": training.data_digest, "git_commit": _git_commit()})
        version = _log_model(training)
    client.set_registered_model_alias(NAME, "champion", version)
    folder = Path(client.get_model_version(NAME, version).source.removeprefix("file://"))
    folder = _local_folder(client, version) if not folder.is_dir() else folder
    return {
        "run_id": run.info.run_id,
        "version": str(version),
        "folder": str(folder),
        "digest": digest_folder(folder),
        "metrics": training.metrics,
    }


def _log_model(training: Training) -> str:
    import mlflow.sklearn
    from mlflow.models import infer_signature

    example = build_features(load_year()[FIELDS].head(3))
    logged = mlflow.sklearn.log_model(
        training.model,
        name="model",
        serialization_format="skops",
        skops_trusted_types=list(TRUSTED_TYPES),
        signature=infer_signature(example, training.model.predict_proba(example)),
        input_example=example,
        registered_model_name=NAME,
        pip_requirements=["scikit-learn", "skops"],
    )
    return str(logged.registered_model_version)


def _local_folder(client: object, version: str) -> Path:
    import mlflow.artifacts

    uri = client.get_model_version_download_uri(NAME, version)  # type: ignore[attr-defined]
    return Path(mlflow.artifacts.download_artifacts(artifact_uri=uri))


def _artifacts(tracking_uri: str) -> str:
    """Return the folder beside the store: MLflow's default would be `./mlruns`."""
    if not tracking_uri.startswith(_SCHEME):
        raise ValueError(f"the tracking URI must begin with {_SCHEME!r}, got {tracking_uri!r}")
    folder = Path(tracking_uri.removeprefix(_SCHEME)).resolve().parent / "artifacts"
    folder.mkdir(parents=True, exist_ok=True)
    return folder.as_uri()


def _git_commit() -> str:
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except OSError:
        return "no git"
    return done.stdout.strip() or "no git"
