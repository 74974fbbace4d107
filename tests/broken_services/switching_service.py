"""The delay service that holds two versions of its model; a POST to /version goes back to the old one.

python switching_service.py --port 8000 [--fault never|fails]

`never`: it says so and stays. `fails`: while it loads the old one, requests fail. With `--back URL` the program sends
that request to the service at the URL.
"""

from __future__ import annotations

import argparse
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

sys.path.insert(0, str(Path(__file__).parents[2]))  # it is started as a program
from tests.broken_services import model_service, version_service

NEW, OLD = "sha256:new", "sha256:old"
_LOADS_S = 0.3


class Switching(version_service.Version):
    """The WSGI application."""

    def __init__(self, fault: str) -> None:
        super().__init__(NEW, "")
        self.switch_fault, self.loads_until = fault, 0.0

    def route(self, environ: Mapping[str, Any]) -> tuple[int, Any]:
        """Return the status and the body of an answer."""
        if environ["PATH_INFO"] != "/version":
            return super().route(environ)
        self.loads_until = time.monotonic() + _LOADS_S
        self.digest = NEW if self.switch_fault == "never" else OLD
        return 200, {"status": "ok"}

    def invoke(self, environ: Mapping[str, Any]) -> dict[str, Any]:
        """Return the predictions for a request."""
        if self.switch_fault == "fails" and time.monotonic() < self.loads_until:
            raise RuntimeError("it is being loaded")
        return super().invoke(environ)


def main() -> None:
    """Serve until ended, or tell a service to go back."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    parser.add_argument("--fault", default="")
    parser.add_argument("--back", default="")
    said = parser.parse_args()
    if said.back:
        urllib.request.urlopen(f"{said.back}/version", b"", timeout=5).read()  # noqa: S310 - http
    else:
        model_service.serve(Switching(said.fault), port=said.port, threads=4)


if __name__ == "__main__":
    main()
