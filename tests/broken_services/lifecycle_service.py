"""The delay service with a life: how it starts, how it ends, and what it says it is.

python lifecycle_service.py --port 8000 [--life NAME] [--work-s S] [--digest TEXT]
"""

from __future__ import annotations

import argparse
import os
import signal
import socketserver
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

sys.path.insert(0, str(Path(__file__).parents[2]))  # it is started as a program
from tests.broken_services import model_service

STARTED = time.monotonic()
LOADS_S = {"ready_at_once": 1.0, "unavailable_at_once": 1.0, "slow_start": 0.8}
BINDS_AFTER_S = {"slow_start": 0.4}


class Service(model_service.Service):
    """The WSGI application: it is loaded some time after it was started."""

    def __init__(self, said: argparse.Namespace) -> None:
        super().__init__("")
        self.life, self.work_s, self.digest = said.life, said.work_s, said.digest

    def __call__(self, environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request, with what it is in a header."""

        def start(status: str, headers: list[tuple[str, str]]) -> Any:
            named = [("X-Served-Version", "3")] if self.life != "nameless" else []
            return start_response(status, [*headers, *named])

        return super().__call__(environ, start)

    def route(self, environ: Mapping[str, Any]) -> tuple[int, Any]:
        """Return the status and the body of an answer."""
        path = environ["PATH_INFO"]
        if self.life == "raises" and path != "/ping":
            raise RuntimeError("the model broke")
        is_loaded = time.monotonic() - STARTED >= LOADS_S.get(self.life, 0)
        if not is_loaded and (path != "/ping" or self.life == "slow_start"):
            return 503 if self.life != "ready_at_once" else 500, {"error": "loading"}
        return super().route(environ)

    def invoke(self, environ: Mapping[str, Any]) -> dict[str, Any]:
        """Return the predictions, after some work."""
        time.sleep(self.work_s)
        answer = super().invoke(environ)
        return answer | {"model_digest": self.digest}


class Server(socketserver.ThreadingMixIn, WSGIServer):
    """A thread a request; closing it waits for all of them."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 100


class Quiet(WSGIRequestHandler):
    """Writes no line a request."""

    def log_message(self, *_: object) -> None:
        """Write nothing."""


def main() -> None:
    """Serve until told to end, in the way that was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--life", default="")
    parser.add_argument("--work-s", type=float, default=0.0)
    parser.add_argument("--digest", default="sha256:0")
    said = parser.parse_args()
    time.sleep(BINDS_AFTER_S.get(said.life, 0))
    server = Server(("127.0.0.1", said.port), Quiet)
    server.set_app(Service(said))

    def end(*_: object) -> None:
        if said.life == "exits_at_once":
            os._exit(0)
        if said.life != "never_ends":
            threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, end)
    server.serve_forever(poll_interval=0.05)
    if said.life == "drains_long":
        time.sleep(1)
    server.server_close()


if __name__ == "__main__":
    main()
