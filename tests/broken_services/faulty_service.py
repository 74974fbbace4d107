"""The delay service of `model_service`, broken in ways that only a model service can be, with `--fault NAME`.

python faulty_service.py --port 8000 [--fault NAME]
"""

from __future__ import annotations

import codecs
import copy
import io
import json
import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.broken_services import model_service
from tests.broken_services.model_service import Environ, Refused, read_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Rows = list[dict[str, Any]]
FIELDS = list(model_service.FIELDS)
KNOWN_ROUTES = frozenset({700, 1000, 1300, 1600})
SECONDS: Mapping[str, Callable[[int], float]] = {
    "quadratic": lambda rows: 1e-6 * rows**2,
    "quiet_slow": lambda _: 0.08,
    "quiet_slow_rows": lambda rows: 5e-4 * rows,
}
# What a service adds to each prediction, whose document says nothing of it.
ADDED: Mapping[str, Callable[[dict[str, Any], float], dict[str, Any]]] = {
    "nan_word": lambda row, _: {"spread": "NaN" if row["dep_delay"] is None else 1.5},
    "overflow": lambda row, _: {"odds": 10**400 if row["hour"] == 23 else 2},
    "over_one": lambda row, p: {"prob_early": 1.0001 if row["distance"] == 5000 else 1 - p},
    "sums": lambda _, p: {"probabilities": {"late": p, "on_time": 0.99 * (1 - p)}},
    "sums_elsewhere": lambda _, p: {"shares": [p, 0.5 * (1 - p), 0.49 * (1 - p)]},
    "out_of_range": lambda row, _: {"minutes": row["dep_delay"] or 0},
    "quiet_outputs": lambda _, p: {
        "probabilities": [round(p, 6), round(1 - p, 6)], "log_prob": math.log(p), "word": "inf",
    },
    "quiet_labels": lambda _, p: {"probabilities": {"late": p, "cancelled": p / 9, "diverted": p / 99}},
}  # fmt: skip


def document(fault: str) -> dict[str, Any]:
    """Return the document; of predictions with something added it says only that they are objects."""
    made = copy.deepcopy(model_service.document())
    row = made["components"]["schemas"]["Row"]
    if fault in ADDED:
        answer = made["paths"]["/invocations"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
        answer["properties"]["predictions"]["items"] = {"type": "object"}
    if fault == "quiet_optional":
        row["required"].remove("dep_delay")
    if fault == "quiet_filled":
        row["properties"]["dep_delay"] = row["properties"]["dep_delay"]["anyOf"][0]
    return made


def predict(rows: Iterable[Mapping[str, Any]], fault: str) -> list[dict[str, Any]]:
    """Return the predictions of the model, whose own faults the service shares."""
    answers = model_service.predict([{"dep_delay": None, **row} for row in rows])
    for answer, row in zip(answers, rows, strict=True):
        if fault == "turns_back" and (row["dep_delay"] or 0) > 900:
            answer["probability"] /= 2
        if fault == "quiet_steps":
            answer["probability"] = round(answer["probability"], 2) - 1e-12 * row["hour"] / 24
    return answers


def _with_delays(body: bytes) -> bytes:
    """Return a body in which an absent delay is null; as it is where it is none that could be read."""
    try:
        said = json.loads(body.decode(), object_pairs_hook=model_service.no_twice, parse_int=model_service.integer)
        said["rows"] = [{"dep_delay": None, **row} for row in said["rows"]]
    except (ValueError, TypeError, KeyError, RecursionError, Refused):
        return body
    return json.dumps(said).encode()


class Service(model_service.Service):
    """The WSGI application."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.refused = 0
        self.current: Rows = []

    def document(self) -> dict[str, Any]:
        """Return the document."""
        return document(self.fault)

    def invoke(self, environ: Environ) -> dict[str, Any]:
        """Return the predictions for a request."""
        try:
            rows = self._read(environ)
        except Refused as refused:
            self.refused += 1
            self._spoil_refusal(environ, refused)
            raise
        time.sleep(SECONDS[self.fault](len(rows)) if self.fault in SECONDS else 0)
        return {
            "predictions": self._race(rows) if self.fault == "race" else self._answer(rows),
            "model_digest": "sha256:0",
        }

    def _read(self, environ: Environ) -> Rows:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        kind = environ.get("CONTENT_TYPE", "")
        if self.fault == "quiet_tolerant":
            body, kind = body.removeprefix(codecs.BOM_UTF8), kind or "application/json"
        if self.fault == "quiet_optional":
            body = _with_delays(body)
        changed = {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": kind}
        rows = read_rows({**environ, **changed}, self.fault)
        if self.fault == "quiet_filled" and any(row["dep_delay"] is None for row in rows):
            raise Refused(422, "null", "dep_delay", "dep_delay must be a number")
        return rows

    def _spoil_refusal(self, environ: Environ, refused: Refused) -> None:
        error = refused.error
        if self.fault == "nameless":
            refused.error = {"code": "wrong", "field": "", "message": "the request is wrong"}
        if self.fault == "names_all":
            error["message"] = f"a row must have {', '.join(FIELDS)}"
        if self.fault == "sends_value":
            environ["wsgi.input"].seek(0)
            error["message"] += f", got {environ['wsgi.input'].read()[-200:].decode('utf-8', 'replace')}"
        if self.fault == "quiet_location" and error["field"]:
            refused.error = {"code": "wrong", "field": "", "message": f"body -> rows -> 0 -> {error['field']}: wrong"}

    def _race(self, rows: Rows) -> list[dict[str, Any]]:
        """Score what another request may have put there in the meantime."""
        self.current = rows
        time.sleep(0.002)
        return predict(self.current if len(self.current) == len(rows) else rows, self.fault)

    def _answer(self, rows: Rows) -> list[dict[str, Any]]:
        """Return the predictions for rows, in the way of the fault."""
        answers = predict(rows, self.fault)
        for answer, row in zip(answers, rows, strict=True):
            if self.fault in ADDED:
                answer.update(ADDED[self.fault](row, answer["probability"]))
            if self.fault == "clips" and row["distance"] == 5000:
                answer["probability"] /= 2
            if self.fault == "fills_in" and row["dep_delay"] is None and row["distance"] in KNOWN_ROUTES:
                answer["probability"] /= 2
        if self._is_wrong(rows):
            answers[-1]["probability"] /= 2
        return answers

    def _is_wrong(self, rows: Rows) -> bool:
        """Say whether the last prediction is to be spoiled."""
        refused = self.refused
        if self.fault == "after_refused":
            self.refused = 0
        return {
            "by_position": len(rows) >= 5 and all(list(row) == FIELDS[::-1] for row in rows),
            "copies": len(rows) == 10 and rows[-1] in rows[:-1],
            "after_refused": refused > 0,
            "wears_out": refused > 60,
        }.get(self.fault, False)


if __name__ == "__main__":
    model_service.main(Service)
