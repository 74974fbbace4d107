"""The delay service of `model_service`, broken in ways that only a model service can be, with `--fault NAME`.

python faulty_service.py --port 8000 [--fault NAME]
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.broken_services import model_service
from tests.broken_services.model_service import Environ, Refused, predict, read_rows

FIELDS = list(model_service.FIELDS)
Rows = list[dict[str, Any]]


class Service(model_service.Service):
    """The WSGI application."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.refused = 0
        self.current: Rows = []

    def invoke(self, environ: Environ) -> dict[str, Any]:
        """Return the predictions for a request."""
        try:
            rows = read_rows(environ, self.fault)
        except Refused:
            self.refused += 1
            raise
        return {"predictions": self.answer(rows), "model_digest": "sha256:0"}

    def answer(self, rows: Rows) -> list[dict[str, Any]]:
        """Return the predictions for rows, in the way of the fault."""
        if self.fault == "race":
            return self._race(rows)
        time.sleep(
            {"quadratic": 1e-6 * len(rows) ** 2, "quiet_slow": 0.08, "quiet_slow_rows": 5e-4 * len(rows)}.get(
                self.fault, 0
            )
        )
        answers = predict(rows)
        self._spoil(answers, rows)
        return answers

    def _race(self, rows: Rows) -> list[dict[str, Any]]:
        """Score what another request may have put there in the meantime."""
        self.current = rows
        time.sleep(0.002)
        return predict(self.current[:1] * len(rows)) if len(rows) == 1 else predict(rows)

    def _spoil(self, answers: list[dict[str, Any]], rows: Rows) -> None:
        """Change the predictions in the way of the fault."""
        if self.fault == "by_position" and len(rows) >= 5 and all(list(row) == FIELDS[::-1] for row in rows):
            answers[-1]["probability"] /= 2
        if self.fault == "copies" and len(rows) >= 10 and rows[-1] in rows[:-1]:
            answers[-1]["probability"] /= 2
        if self.fault == "after_refused" and self.refused:
            self.refused = 0
            answers[0]["probability"] /= 2
        if self.fault == "wears_out" and self.refused > 60:
            answers[0]["probability"] /= 2


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--fault", default="")
    options = parser.parse_args()
    from waitress import serve

    serve(Service(options.fault), host="127.0.0.1", port=options.port, threads=8)


if __name__ == "__main__":
    main()
