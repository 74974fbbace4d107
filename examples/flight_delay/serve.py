"""The live API: Flask under waitress.

python -m examples.flight_delay.serve --model FOLDER --port 8000
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

# A request is small: more threads than one in the model only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from examples.flight_delay.champion import Champion, load_champion
from examples.flight_delay.contract import MAX_BYTES, build_document
from examples.flight_delay.drain import drain_on_sigterm
from examples.flight_delay.request_body import BadRequest, read_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

VERSION = "1.0.0"


def create_app(champion: Champion) -> Flask:
    """Return the application; it is ready as soon as it exists, because the model is loaded before."""
    app = Flask("flight_delay", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BYTES
    document = _json(build_document())
    version = {"version": VERSION, "model_digest": champion.digest}
    _route(app, "/ping", "GET", lambda: _json({"status": "ready"}))
    _route(app, "/version", "GET", lambda: _json(version))
    _route(app, "/openapi.json", "GET", lambda: document)
    _route(app, "/invocations", "POST", lambda: _score(champion))
    app.register_error_handler(BadRequest, _refuse)
    app.register_error_handler(HTTPException, _refuse_http)
    return app


def _route(app: Flask, path: str, method: str, view: Any) -> None:
    app.add_url_rule(path, path, view, methods=[method], provide_automatic_options=False)


def _score(champion: Champion) -> Response:
    if request.mimetype != "application/json":
        raise BadRequest(415, "not_json", "the content type must be application/json", "Content-Type")
    rows = read_rows(request.get_data())
    return _json({"predictions": champion.answer(rows), "model_digest": champion.digest})


def _json(value: object, status: int = 200) -> Response:
    """Answer strict JSON: a NaN is an error here, never an answer."""
    return Response(json.dumps(value, allow_nan=False), status=status, mimetype="application/json")


def _refuse(error: BadRequest) -> Response:
    body = {"error": {"code": error.code, "field": error.field, "message": error.message}}
    return _json(body, error.status)


def _refuse_http(error: HTTPException) -> Response:
    code = error.name.lower().replace(" ", "_")
    answer = _json({"error": {"code": code, "field": None, "message": error.name}}, error.code or 500)
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        answer.headers["Allow"] = ", ".join(sorted(allowed))
    return answer


def main(arguments: Sequence[str] | None = None) -> None:
    """Load the model, then serve until SIGTERM, and answer what is in flight then."""
    import waitress

    parser = argparse.ArgumentParser(description="Serve the flight-delay model.")
    parser.add_argument("--model", type=Path, required=True, help="folder of the model")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args(arguments)
    app = create_app(load_champion(given.model))
    print(f"serving on http://{given.host}:{given.port}", file=sys.stderr, flush=True)
    server = waitress.create_server(app, host=given.host, port=given.port, threads=4)
    drain_on_sigterm(server)
    server.run()


if __name__ == "__main__":
    main()
