"""A service that remembers the number of every request that it answered.

python counting_service.py --port 8000
"""

from __future__ import annotations

import argparse
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Handler(BaseHTTPRequestHandler):
    """Answers at `/ping`, `/work`, and at `/seen` with the numbers of all requests for work."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    seen: list[str]

    def do_GET(self) -> None:
        """Answer, and remember."""
        if self.path == "/work":
            self.seen.append(self.headers["X-Number"])
        text = json.dumps(self.seen if self.path == "/seen" else "ok").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        """Write no log."""


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    handler = type("Counting", (Handler,), {"seen": []})
    ThreadingHTTPServer(("127.0.0.1", parser.parse_args().port), handler).serve_forever()


if __name__ == "__main__":
    main()
