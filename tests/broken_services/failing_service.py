"""A service that answers well, and then does what a load run must not overlook.

python failing_service.py --port 8000 [--fault dies|redirects|fails|hangs] [--after N]

From the N-th request on it exits without a word (`dies`), sends callers to a host that nobody allowed (`redirects`),
answers 500 (`fails`), or answers no more (`hangs`).
"""

from __future__ import annotations

import argparse
import itertools
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FAULTS = ("", "dies", "redirects", "fails", "hangs")
FOREIGN = "192.0.2.1"  # a documentation address (RFC 5737)


class Handler(BaseHTTPRequestHandler):
    """Counts what it is asked, and answers accordingly."""

    protocol_version = "HTTP/1.1"
    fault: ClassVar[str] = ""
    after: ClassVar[int] = 0
    seen: ClassVar[Iterator[int]] = itertools.count(1)

    def do_GET(self) -> None:
        """Answer the probe."""
        self.answer(200)

    def do_POST(self) -> None:
        """Answer, or do what the fault says."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        acts: dict[str, Callable[[], None]] = {
            "dies": lambda: os._exit(1),
            "redirects": lambda: self.answer(302, f"http://{FOREIGN}/invocations"),
            "fails": lambda: self.answer(500),
            "hangs": lambda: time.sleep(3600),
        }
        act = acts.get(self.fault)
        if act is None or next(self.seen) <= self.after:
            self.answer(200)
        else:
            act()

    def answer(self, status: int, location: str = "") -> None:
        """Answer with an empty object."""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the library's own name
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Takes many connections at once."""

    request_queue_size = 128


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--fault", choices=FAULTS, default="")
    parser.add_argument("--after", type=int, default=0)
    said = parser.parse_args()
    Handler.fault, Handler.after = said.fault, said.after
    Server(("127.0.0.1", said.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
