"""A small reverse proxy before two versions of a service; a POST to /route switches to the version in its body.

python router.py --port 8000 --new URL --old URL [--fault NAME]
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

DROPS_S = 0.5
ALL_BUT = 10  # of so many requests, one stays with the new version


class Route:
    """Where requests go at the moment."""

    def __init__(self, targets: dict[str, str], fault: str) -> None:
        self.targets, self.fault = targets, fault
        self.name, self.drops_until, self.seen = "new", 0.0, 0
        self.lock = threading.Lock()

    def switch(self, name: str) -> None:
        """Send requests to another version from now on."""
        if self.fault == "drops":
            self.drops_until = time.monotonic() + DROPS_S
        if self.fault == "slow":
            time.sleep(1)
        if self.fault != "never":
            self.name = name

    def target(self) -> str:
        """Return where the next request goes; empty where it is dropped."""
        with self.lock:
            self.seen += 1
            if time.monotonic() < self.drops_until:
                return ""
            stays = self.fault == "forgets_some" and self.seen % ALL_BUT == 0
            return self.targets["new" if stays else self.name]


class Proxy(BaseHTTPRequestHandler):
    """Passes a request on and the answer back."""

    route: Route

    def do_GET(self) -> None:
        """Pass it on."""
        self.pass_on()

    def do_POST(self) -> None:
        """Pass it on, or switch."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/route":
            self.pass_on(body)
            return
        self.route.switch(json.loads(body)["to"])
        self.answer(200, "application/json", b"{}")

    def pass_on(self, body: bytes = b"") -> None:
        """Ask the version that it is routed to."""
        target = self.route.target()
        if not target:
            self.close_connection = True
            return
        connection = HTTPConnection(urlsplit(target).netloc, timeout=10)
        connection.request(self.command, self.path, body, {"Content-Type": self.headers.get("Content-Type", "")})
        got = connection.getresponse()
        self.answer(got.status, got.headers.get("Content-Type", ""), got.read())
        connection.close()

    def answer(self, status: int, kind: str, body: bytes) -> None:
        """Answer."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write nothing."""


class Server(ThreadingHTTPServer):
    """With room for connections that wait."""

    request_queue_size = 100


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--new", required=True)
    parser.add_argument("--old", required=True)
    parser.add_argument("--fault", default="")
    said = parser.parse_args()
    Proxy.route = Route({"new": said.new, "old": said.old}, said.fault)
    Server(("127.0.0.1", said.port), Proxy).serve_forever()


if __name__ == "__main__":
    main()
