"""A queue with one server, whose answers take a known time: what a load generator must see of it.

python queue_service.py --port 8000 [--service-ms MEAN] [--law exponential|constant] [--stall-s S --every-s S]
    [--seed N] [--delay-s S] [--drop SHARE] [--close]

It answers in the order in which requests come, each after its own service time; while it stands still nothing is
answered. Answers of `--delay-s` seconds are later by that, side by side.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time

ANSWER = b'{"answer": 1.25}'


class Queue:
    """Works off requests one after another."""

    def __init__(self, said: argparse.Namespace) -> None:
        self.said, self.begun = said, time.perf_counter()
        self.random = random.Random(said.seed)  # noqa: S311 - no secret
        self.free_at = 0.0

    def done_at(self, came_at: float) -> float:
        """Return when a request that comes now is done."""
        mean = self.said.service_ms / 1000
        takes = self.random.expovariate(1 / mean) if self.said.law == "exponential" and mean else mean
        start = self._awake(max(came_at, self.free_at))
        self.free_at = start + takes
        return self.free_at + float(self.said.delay_s)

    def _awake(self, at: float) -> float:
        """Return when the server works at that time: it stands still at the end of each stretch of time."""
        if not self.said.stall_s:
            return at
        number, into = divmod(at - self.begun, self.said.every_s)
        if into < float(self.said.every_s - self.said.stall_s):
            return at
        return self.begun + float((number + 1) * self.said.every_s)


class Connection(asyncio.Protocol):
    """Answers each request of a connection, which come one by one."""

    def __init__(self, queue: Queue) -> None:
        self.queue, self.data = queue, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where answers go."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Take a request once it is whole."""
        self.data += data
        head, found, body = self.data.partition(b"\r\n\r\n")
        if not found:
            return
        at = head.lower().find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(body) < length:
            return
        self.data = b""
        now = time.perf_counter()
        if head.startswith(b"GET "):
            self.answer()
            return
        if self.queue.random.random() < self.queue.said.drop:
            self.transport.abort()  # type: ignore[attr-defined]
            return
        later = self.queue.done_at(now) - now
        asyncio.get_running_loop().call_later(later, self.answer)

    def answer(self) -> None:
        """Answer the request."""
        last = b"Connection: close\r\n" if self.queue.said.close else b""
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + last + b"Content-Length: %d\r\n\r\n"
        self.transport.write(head % len(ANSWER) + ANSWER)  # type: ignore[attr-defined]
        if self.queue.said.close:
            self.transport.close()


async def serve(said: argparse.Namespace) -> None:
    """Serve for ever."""
    queue = Queue(said)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(queue), "127.0.0.1", said.port)
    await server.serve_forever()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--service-ms", type=float, default=0.0)
    parser.add_argument("--law", choices=("exponential", "constant"), default="constant")
    parser.add_argument("--stall-s", type=float, default=0.0)
    parser.add_argument("--every-s", type=float, default=10.0)
    parser.add_argument("--delay-s", type=float, default=0.0)
    parser.add_argument("--drop", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--close", action="store_true")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
