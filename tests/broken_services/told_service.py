"""The delay service that breaks what was said of it beside its document.

python told_service.py --port 8000 [--fault NAME,NAME]

`falls`: from some delay on, more of it lowers the score. `fills_in`: null is taken for another value than the model
takes it for. `rounds`: to three digits. `old`: its digest is not what was deployed. `never`: a small one is 0.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

sys.path.insert(0, str(Path(__file__).parents[2]))  # it is started as a program
from tests.broken_services import model_service

NEW, OLD = "sha256:new", "sha256:old"
_LONG_DELAY, _SMALL = 700.0, 0.05


class Told(model_service.Service):
    """The WSGI application."""

    def __init__(self, faults: str) -> None:
        super().__init__("")
        self.faults = frozenset(filter(None, faults.split(",")))

    def invoke(self, environ: Mapping[str, Any]) -> dict[str, Any]:
        """Return the predictions for a request, in its own way."""
        rows = model_service.read_rows(environ, "")
        digest = OLD if "old" in self.faults else NEW
        return {"predictions": list(map(self._predict, rows)), "model_digest": digest}

    def _predict(self, row: Mapping[str, Any]) -> dict[str, Any]:
        delay = row["dep_delay"]
        if delay is None and "fills_in" in self.faults:
            row = {**row, "dep_delay": 20.0}
        score = model_service.score(row)
        if "falls" in self.faults and delay is not None and delay > _LONG_DELAY:
            score = 0.25
        if "rounds" in self.faults:
            score = round(score, 3)
        if "never" in self.faults and score < _SMALL:
            score = 0.0
        return {"probability": score, "late": score >= 0.5}


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--fault", default="")
    said = parser.parse_args()
    model_service.serve(Told(said.fault), port=said.port, threads=4)


if __name__ == "__main__":
    main()
