"""The delay service of `model_service` on a socket, with a reader of HTTP by hand that `--fault NAME` breaks.

python framing_service.py --port 8000 [--fault NAME]

Without a fault it refuses every message whose body has no certain end. One request a connection.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import socket
import socketserver
import struct
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.broken_services import model_service

MOST = 65_536  # bytes of a line
HANG_S = 60.0
DRAIN_S = 2.0
TRACEBACK = 'Traceback (most recent call last):\n  File "/srv/http.py", line 1'
Headers = list[tuple[str, str]]


class Refused(Exception):
    """The framing is wrong."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Reader:
    """Reads one message; what it is lenient about is its fault."""

    def __init__(self, stream: io.BufferedIOBase, fault: str) -> None:
        self.stream, self.fault = stream, fault
        self.is_lenient, self.has_bare_lines = fault in {"quiet_lenient", "misreads_bare_lines"}, False

    def environ(self) -> dict[str, object]:
        """Return the message as WSGI has it."""
        method, path, _ = self._line().split(" ")
        headers: Headers = []
        while line := self._line():
            name, _, value = line.partition(":")
            headers.append((name.lower(), value.strip()))
        body = self._body(headers)
        return {
            "REQUEST_METHOD": method, "PATH_INFO": path.partition("?")[0], "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": dict(headers).get("content-type", ""), "wsgi.input": io.BytesIO(body),
        }  # fmt: skip

    def _line(self) -> str:
        line = self.stream.readline(-1 if self.is_lenient else MOST)
        if not line.endswith(b"\n"):
            raise Refused(431, "a line is too long, or is none")
        if not line.endswith(b"\r\n"):
            self.has_bare_lines = True
            if not self.is_lenient:
                raise Refused(400, "a line must end with CR LF")
        return line.decode("latin-1").rstrip("\r\n")

    def _body(self, headers: Headers) -> bytes:
        lengths = [value for name, value in headers if name == "content-length"]
        codings = [value for name, value in headers if name == "transfer-encoding"]
        if codings and self.fault != "ignores_codings":
            if codings != ["chunked"]:
                raise Refused(501, "the transfer encoding is unknown")
            if lengths and not self.is_lenient:
                raise Refused(400, "a length and chunks")
            return self._chunks()
        if len(set(lengths)) > 1 and self.fault not in {"trusts_first_length", "trusts_last_length"}:
            raise Refused(400, "two lengths")
        count = self._number((lengths or ["0"])[-1 if self.fault == "trusts_last_length" else 0], 10)
        body = self.stream.read(count)
        if len(body) < count and self.fault == "hangs_on_a_short_body":
            time.sleep(HANG_S)
        return self._whole(body, count)

    def _number(self, text: str, base: int) -> int:
        if self.fault == "takes_what_int_takes":
            with contextlib.suppress(ValueError):
                return max(int(text, base), 0)
        if text and set(text.lower()) <= set("0123456789abcdef"[:base]):
            return int(text, base)
        raise ValueError if self.fault == "crashes" else Refused(400, "a number is none")

    def _whole(self, body: bytes, count: int) -> bytes:
        if len(body) < count and self.fault != "takes_what_came":
            raise Refused(400, "the body is not whole")
        return body

    def _chunks(self) -> bytes:
        body = b""
        try:
            while size := self._number(self._line(), 16):
                body += self._whole(self.stream.read(size), size)
                self._line()
        except Refused:
            if self.fault != "takes_what_came":
                raise
        return body


class Handler(socketserver.StreamRequestHandler):
    """Answers one request."""

    server: Server

    def handle(self) -> None:
        """Read, answer, and hear the client out, so that the answer is not lost."""
        fault = self.server.fault
        reader = Reader(self.rfile, fault)
        try:
            status, answer = self.server.app.route(reader.environ())
        except Refused as refused:
            self.server.is_hurt |= refused.status != 431
            if fault == "quiet_closes":
                return
            if fault == "quiet_resets":
                self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            status, answer = refused.status, {"error": TRACEBACK if fault == "traceback" else str(refused)}
        except Exception as exc:  # noqa: BLE001 - a server that crashes answers 500
            status, answer = 500, {"error": type(exc).__name__}
        if fault == "is_hurt_for_good" and self.server.is_hurt:
            status = 400
        if fault == "misreads_bare_lines" and reader.has_bare_lines:
            answer = {"predictions": [], "model_digest": "sha256:0"}
        self._answer(status, answer)

    def _answer(self, status: int, answer: object) -> None:
        body = json.dumps(answer).encode()
        lines = [f"HTTP/1.1 {status} X", "Content-Type: application/json", f"Content-Length: {len(body)}"]
        self.wfile.write("\r\n".join([*lines, "Connection: close", "", ""]).encode() + body)
        with contextlib.suppress(OSError):
            self.request.shutdown(socket.SHUT_WR)
            self.request.settimeout(DRAIN_S)
            while self.request.recv(MOST):
                pass


class Server(socketserver.ThreadingTCPServer):
    """Holds what all connections share."""

    allow_reuse_address, daemon_threads = True, True
    request_queue_size = 64

    def __init__(self, port: int, fault: str) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.fault, self.app, self.is_hurt = fault, model_service.Service(""), False


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--fault", default="")
    said = parser.parse_args()
    Server(said.port, said.fault).serve_forever()


if __name__ == "__main__":
    main()
