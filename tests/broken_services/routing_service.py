"""A router between two versions: what callers talk to. A POST to /route sends them to the other one.

python routing_service.py --port 8000 --first URL --then URL [--stuck]

With `--stuck` it says so, and stays. With `--switch URL` the program sends that request to the router at the URL.
"""

from __future__ import annotations

import argparse
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


class Router:
    """The WSGI application."""

    def __init__(self, first: str, then: str, *, stuck: bool) -> None:
        self.url, self.then = first, first if stuck else then

    def __call__(self, environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer what the version behind it answers."""
        status, body = 200, b'{"status": "ok"}'
        if environ["PATH_INFO"] == "/route":
            self.url = self.then
        elif environ["PATH_INFO"] != "/ping":
            status, body = self._asked(environ)
        kind = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response(f"{status} X", kind)
        return [body]

    def _asked(self, environ: Mapping[str, Any]) -> tuple[int, bytes]:
        sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        request = urllib.request.Request(  # noqa: S310 - http
            self.url + environ["PATH_INFO"], sent or None, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - http
            return answer.status, answer.read()


def main() -> None:
    """Serve until ended, or tell a router to switch."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    parser.add_argument("--first", default="")
    parser.add_argument("--then", default="")
    parser.add_argument("--stuck", action="store_true")
    parser.add_argument("--switch", default="")
    said = parser.parse_args()
    if said.switch:
        urllib.request.urlopen(f"{said.switch}/route", b"", timeout=5).read()  # noqa: S310 - http
        return
    from waitress import serve

    serve(Router(said.first, said.then, stuck=said.stuck), host="127.0.0.1", port=said.port, threads=8)


if __name__ == "__main__":
    main()
