"""Applications of users, served by real servers: WSGI, ASGI, an MLflow model; and a service that runs already."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mlops import DeclarationError, ToolError
from pytest_mlops.adapters.http import HttpClient, Request
from pytest_mlops.core.errors import SubprocessError
from pytest_mlops.stages.service import Service, attach, start_service
from pytest_mlops.stages.service_commands import served_of
from tests.broken_services import model_service

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

APPLICATIONS = """
def flask_app():
    from flask import Flask
    app = Flask("it")
    app.add_url_rule("/ping", "ping", lambda: "up")
    app.add_url_rule("/answer", "answer", lambda: "from flask")
    return app

def plain(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"from " + environ["SERVER_SOFTWARE"].encode()]

async def starlike(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"from asgi"})
"""


def serve(workdir: Path, **what: Any) -> Service:
    served = served_of(None, **({"wsgi": None, "asgi": None, "mlflow": None} | what))
    return start_service(
        served.command, name="it", workdir=workdir, env=served.env, ready_path=served.ready, cwd=workdir
    )  # fmt: skip


def fetched(service: Any, path: str = "/answer") -> Mapping[str, Any]:
    with HttpClient(service.url) as client:
        exchange = client.send(Request(method="GET", path=path))
    return {"status": exchange.status, "body": exchange.body.decode()}


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ({"wsgi": "applications:plain"}, "from waitress"),
        ({"wsgi": "applications:flask_app()"}, "from flask"),
        ({"asgi": "applications:starlike"}, "from asgi"),
    ],
    ids=str,
)
def test_an_application_is_served(what: dict[str, str], body: str, tmp_path: Path) -> None:
    library = "waitress" if "wsgi" in what else "uvicorn"
    pytest.importorskip(library)
    (tmp_path / "applications.py").write_text(APPLICATIONS, encoding="utf-8")
    with serve(tmp_path, **what) as service:
        assert fetched(service) == {"status": 200, "body": body}


def test_an_application_that_can_not_be_imported_shows_its_log(tmp_path: Path) -> None:
    pytest.importorskip("waitress")
    with pytest.raises(SubprocessError, match=r"(?s)got its end with exit code.*no_such_module"):
        serve(tmp_path, wsgi="no_such_module:app")


@pytest.mark.filterwarnings("ignore")
def test_an_mlflow_model_is_served(tmp_path: Path) -> None:
    mlflow = pytest.importorskip("mlflow")
    pytest.importorskip("uvicorn")
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    rows = np.random.default_rng(1).normal(size=(50, 2))
    model = LogisticRegression().fit(rows, rows[:, 0] > 0)
    mlflow.sklearn.save_model(model, tmp_path / "model", pip_requirements=["scikit-learn"])
    with serve(tmp_path, mlflow=tmp_path / "model") as service:
        body = b'{"inputs": [[2.0, 0.0], [-2.0, 0.0]]}'
        with HttpClient(service.url) as client:
            exchange = client.send(Request(method="POST", path="/invocations", body=body))
    assert exchange.status == 200
    assert exchange.body == b'{"predictions": [true, false]}'


def test_a_service_that_runs_is_attached_to(tmp_path: Path) -> None:
    command = [sys.executable, model_service.__file__, "--port", "{port}"]
    with start_service(command, name="delay_api", workdir=tmp_path) as running:
        attached = attach(running.url, name="theirs")
        assert (attached.name, attached.log_tail()) == ("theirs", "")
        assert fetched(attached, "/ping")["status"] == 200
    with pytest.raises(ToolError, match=r"theirs must answer 2xx at http://127.0.0.1:\d+/ping within 0.3 s"):
        attach(running.url, name="theirs", timeout_s=0.3)
    with pytest.raises(DeclarationError, match="must be on loopback or on an allowed host"):
        attach("http://example.org", name="theirs")


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ({}, "needs one of command, wsgi=, asgi=, mlflow=, url=, got none"),
        ({"wsgi": "a:b", "asgi": "c:d"}, "got wsgi, asgi"),
        ({"wsgi": "a.b"}, r"wsgi must be 'package.module:name', or 'package.module:factory\(\)', got 'a.b'"),
        ({"asgi": "a:b; rm"}, "asgi must be"),
    ],
)
def test_what_can_not_be_served_is_refused(what: dict[str, str], why: str) -> None:
    with pytest.raises(DeclarationError, match=why):
        served_of(None, **({"wsgi": None, "asgi": None, "mlflow": None} | what))  # type: ignore[arg-type]
