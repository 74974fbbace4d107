"""A service that works for a known CPU time a request.

python busy_service.py --port 8000 [--cpu-ms MEAN]
"""

from __future__ import annotations

import argparse
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar


class Handler(BaseHTTPRequestHandler):
    """Works, then answers."""

    protocol_version = "HTTP/1.1"
    cpu_s: ClassVar[float] = 0.0

    def do_GET(self) -> None:
        """Answer the probe."""
        self.answer()

    def do_POST(self) -> None:
        """Work for a while of this process's own CPU time, and answer."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        until = time.process_time() + self.cpu_s
        while time.process_time() < until:
            pass
        self.answer()

    def answer(self) -> None:
        """Answer 200; the connection is closed, since one server answers all."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"{}")
        self.close_connection = True

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the library's own name
        """Say nothing."""


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--cpu-ms", type=float, default=1.0)
    said = parser.parse_args()
    Handler.cpu_s = said.cpu_ms / 1000
    HTTPServer(("127.0.0.1", said.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
