"""The delay service in versions, each with its digest: like the old one, or with something changed.

python version_service.py --port 8000 --digest sha256:old [--change NAME]
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

sys.path.insert(0, str(Path(__file__).parents[2]))  # it is started as a program
from tests.broken_services import model_service


class Version(model_service.Service):
    """The WSGI application."""

    def __init__(self, digest: str, change: str) -> None:
        super().__init__("")
        self.digest, self.change = digest, change

    def invoke(self, environ: Mapping[str, Any]) -> dict[str, Any]:
        """Return the predictions for a request, as this version makes them."""
        answer = super().invoke(environ)
        predictions = answer["predictions"]
        if self.change == "slower":
            time.sleep(0.01)
        if self.change == "much_slower":
            time.sleep(0.06)
        if self.change == "fails" and self.seen % 5 == 0:
            raise ZeroDivisionError("now and then")
        for prediction in predictions:
            if self.change == "flips":
                prediction["late"] = prediction["probability"] >= 0.4
            if self.change == "last_digits":
                prediction["probability"] *= 1 - 1e-12
        return {"predictions": predictions, "model_digest": self.digest}


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--digest", required=True)
    parser.add_argument("--change", default="")
    said = parser.parse_args()
    from waitress import serve

    serve(Version(said.digest, said.change), host="127.0.0.1", port=said.port, threads=4)


if __name__ == "__main__":
    main()
