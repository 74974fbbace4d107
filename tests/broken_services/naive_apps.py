"""The delay service as it is written in an afternoon: FastAPI with models of pydantic, Flask with a dictionary."""

from __future__ import annotations

from typing import Any, Literal

from tests.broken_services import model_service


def flask_app() -> Any:
    """Return a Flask application that takes what comes."""
    from flask import Flask, jsonify, request

    app = Flask("delay")

    @app.get("/ping")
    def ping() -> Any:
        return jsonify(status="ok")

    @app.post("/invocations")
    def invoke() -> Any:
        rows = request.get_json(force=True)["rows"]
        return jsonify(predictions=model_service.predict(rows), model_digest="sha256:0")

    return app


def fastapi_app() -> Any:
    """Return a FastAPI application; its document is its own."""
    from fastapi import FastAPI
    from pydantic import create_model

    kinds: dict[str, Any] = {
        "carrier": Literal["AA", "DL", "UA"], "origin": str, "dep_delay": float | None, "distance": int, "hour": int,
    }  # fmt: skip
    listed: Any = list
    row: Any = create_model("Row", **{name: (kind, ...) for name, kind in kinds.items()})  # type: ignore[call-overload]
    late: Any = create_model("Late", probability=(float, ...), late=(bool, ...))
    asked: Any = create_model("Asked", rows=(listed[row], ...))
    answer: Any = create_model("Answer", predictions=(listed[late], ...))
    app = FastAPI()

    @app.get("/ping")
    def ping() -> dict[str, str]:
        return {"status": "ok"}

    def invoke(body: Any) -> dict[str, Any]:
        return {"predictions": model_service.predict(one.model_dump() for one in body.rows)}

    invoke.__annotations__["body"] = asked
    app.post("/invocations", response_model=answer)(invoke)
    return app
