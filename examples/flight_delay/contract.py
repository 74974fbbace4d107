"""The contract of the live API: one OpenAPI document, which is served, and by which requests are checked."""

from __future__ import annotations

from typing import Any

from examples.flight_delay.features import CARRIERS, ORIGINS

MAX_ROWS = 1000
MAX_BYTES = 1_000_000

Schema = dict[str, Any]


def _number(low: float, high: float, words: str) -> Schema:
    return {"type": ["number", "null"], "minimum": low, "maximum": high, "description": words}


def _integer(low: int, high: int, words: str) -> Schema:
    return {"type": "integer", "minimum": low, "maximum": high, "description": words}


_ROW = {
    "carrier": {"type": "string", "enum": list(CARRIERS), "description": "two-letter code of the airline"},
    "origin": {"type": "string", "enum": list(ORIGINS), "description": "airport of departure"},
    "dest": {
        "type": "string",
        "pattern": "^[A-Z]{3}$",
        "minLength": 3,
        "maxLength": 3,
        "description": "airport of arrival",
    },
    "month": _integer(1, 12, "of the scheduled departure"),
    "weekday": _integer(0, 6, "0 is Monday"),
    "hour": _integer(0, 23, "of the scheduled departure, local time"),
    "minute": _integer(0, 59, "of the scheduled departure"),
    "distance": _integer(1, 6000, "miles"),
    "temp": _number(-60, 140, "degrees Fahrenheit"),
    "dewp": _number(-60, 140, "degrees Fahrenheit"),
    "humid": _number(0, 100, "percent"),
    "wind_dir": _number(0, 360, "degrees"),
    "wind_speed": _number(0, 1200, "miles per hour; the data holds one reading above 1,000"),
    "precip": _number(0, 20, "inches in the hour"),
    "pressure": _number(850, 1100, "millibars"),
    "visib": _number(0, 20, "miles"),
}


def _object(properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


SCHEMAS: Schema = {
    "Flight": _object(_ROW),
    "Request": _object(
        {
            "rows": {
                "type": "array",
                "minItems": 1,
                "maxItems": MAX_ROWS,
                "items": {"$ref": "#/components/schemas/Flight"},
            }
        }
    ),
    "Prediction": _object({"probability": {"type": "number", "minimum": 0, "maximum": 1}, "late": {"type": "boolean"}}),
    "Answer": _object(
        {
            "predictions": {"type": "array", "items": {"$ref": "#/components/schemas/Prediction"}},
            "model_digest": {"type": "string"},
        }
    ),
    "Error": _object(
        {
            "error": _object(
                {"code": {"type": "string"}, "field": {"type": ["string", "null"]}, "message": {"type": "string"}}
            )
        }
    ),
    "Version": _object({"version": {"type": "string"}, "model_digest": {"type": "string"}}),
    "Ping": _object({"status": {"const": "ready"}}),
}


def _answer(words: str, schema: str) -> Schema:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": words, "content": content}


def _get(words: str, schema: str) -> Schema:
    return {"get": {"summary": words, "responses": {"200": _answer(words, schema)}}}


_REFUSED = {
    "400": _answer("the body is not JSON in UTF-8", "Error"),
    "413": _answer(f"the body has more than {MAX_BYTES:,} bytes", "Error"),
    "415": _answer("the content type is not application/json", "Error"),
    "422": _answer("a field is missing, unknown, of the wrong type or out of range", "Error"),
}


def build_document() -> Schema:
    """Return the OpenAPI 3.1 document."""
    body = {"required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Request"}}}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Flight delay",
            "version": "1.0.0",
            "description": "Will this flight arrive 15 minutes late or more? An unknown path answers 404, "
            "a method that is not listed 405, both with the schema Error.",
        },
        "paths": {
            "/ping": _get("ready to serve", "Ping"),
            "/version": _get("which code and which model", "Version"),
            "/openapi.json": {
                "get": {"summary": "this document", "responses": {"200": {"description": "OpenAPI 3.1"}}}
            },
            "/invocations": {
                "post": {
                    "summary": "score flights",
                    "requestBody": body,
                    "responses": {"200": _answer("a prediction a row, in order", "Answer"), **_REFUSED},
                }
            },
        },
        "components": {"schemas": SCHEMAS},
    }
