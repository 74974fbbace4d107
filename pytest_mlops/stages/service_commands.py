"""How applications are served: the command of a WSGI or ASGI application, and of an MLflow model."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING

from pytest_mlops.core.errors import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_APPLICATION = re.compile(r"[\w.]+:[\w.]+(\(\))?")


@dataclass(frozen=True)
class Served:
    """A command, as `start_service` takes it, what is added to its environment, and the path that says it is ready."""

    command: Sequence[str]
    ready: str
    env: Mapping[str, str] = field(default_factory=dict)


def wsgi_application(application: str) -> Served:
    """Return how waitress serves a WSGI application, `package.module:name`, or `package.module:factory()`.

    Raises
    ------
    DeclarationError
        When it is no such name, or waitress is not installed.
    """
    _check(application, "wsgi", "waitress")
    words = ["--call", application.removesuffix("()")] if application.endswith("()") else [application]
    return Served(["{python}", "-m", "waitress", "--host={host}", "--port={port}", "--threads=4", *words], "/ping")


def asgi_application(application: str) -> Served:
    """Return how uvicorn serves an ASGI application, `package.module:name`, or `package.module:factory()`.

    Raises
    ------
    DeclarationError
        When it is no such name, or uvicorn is not installed.
    """
    _check(application, "asgi", "uvicorn")
    words = ["--factory", application.removesuffix("()")] if application.endswith("()") else [application]
    return Served([*_UVICORN, *words], "/ping")


_UVICORN = ("{python}", "-m", "uvicorn", "--host", "{host}", "--port", "{port}", "--log-level", "warning")


def mlflow_model(model: str, *, tracking_uri: str = "") -> Served:
    """Return how uvicorn serves an MLflow model by MLflow's scoring application, in this environment.

    It is what `mlflow models serve` runs, without the shell that this starts.

    Parameters
    ----------
    model
        A folder, or `models:/NAME@ALIAS`.

    Raises
    ------
    DeclarationError
        When MLflow or uvicorn is not installed.
    """
    for library in ("mlflow", "uvicorn"):
        _check_installed(library, "mlflow")
    env = {"__pyfunc_model_path__": model, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    if tracking_uri:
        env["MLFLOW_TRACKING_URI"] = tracking_uri
    return Served([*_UVICORN, "mlflow.pyfunc.scoring_server.app:app"], "/ping", env)


def served_of(
    command: Sequence[str] | None,
    *,
    wsgi: str | None,
    asgi: str | None,
    mlflow: str | Path | None,
    tracking_uri: str = "",
) -> Served:
    """Return how the one thing that is given is served.

    Raises
    ------
    DeclarationError
        When none is given, or several are.
    """
    given = [name for name, one in (("command", command), ("wsgi", wsgi), ("asgi", asgi), ("mlflow", mlflow)) if one]
    if len(given) != 1:
        raise DeclarationError(
            f"a service needs one of command, wsgi=, asgi=, mlflow=, url=, got {', '.join(given) or 'none'}"
        )
    if wsgi:
        return wsgi_application(wsgi)
    if asgi:
        return asgi_application(asgi)
    return mlflow_model(str(mlflow), tracking_uri=tracking_uri) if mlflow else Served(list(command or ()), "/ping")


def _check(application: str, kind: str, library: str) -> None:
    if not _APPLICATION.fullmatch(application):
        raise DeclarationError(
            f"{kind} must be 'package.module:name', or 'package.module:factory()', got {application!r}"
        )
    _check_installed(library, kind)


def _check_installed(library: str, kind: str) -> None:
    if find_spec(library) is None:
        raise DeclarationError(f"{kind}= needs {library}. Hint: pip install {library}, or a command of your own")
