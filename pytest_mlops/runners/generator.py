"""Sends requests when they are due over kept connections, and writes down each. The standard library alone.

Its neighbours are imported by their bare names: a load run starts `open_loop.py` without this package.
"""

from __future__ import annotations

import base64
import ctypes
import json
import os
import random
import select
import signal
import socket
import struct
import sys
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arrivals import dues  # type: ignore[import-not-found]
from connection import Connection  # type: ignore[import-not-found]
from http_answer import (  # type: ignore[import-not-found]
    BROKEN,
    UNTIL_CHUNKS_END,
    UNTIL_CLOSE,
    chunks_end,
    is_last,
    length_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORD = "<dddIIHBBxxxx"
_TIMEOUT, _REFUSED, _DROPPED, _NOT_HTTP, _UNFINISHED = range(1, 6)

_PR_SET_TIMERSLACK = 29
_FLUSH_S = 0.25
_BLOCK = 1 << 16
_LEAD_S = 0.02  # between the last preparation and the first request
_AGAIN = frozenset({11, 35, 36, 114, 115, 10035})  # EAGAIN and EINPROGRESS, by system


class Generator:
    """Sends requests and writes down each."""

    def __init__(self, config: dict[str, Any], guard: Any) -> None:
        self.config, self.guard = config, guard
        read = json.loads(Path(config["messages"]).read_text(encoding="utf-8"))
        self.names = [name for name, _ in read]
        self.messages = [[base64.b64decode(text) for text in texts] for _, texts in read]
        self.targets = [socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0] for host, port in config["targets"]]
        self.random = random.Random(config["seed"])  # noqa: S311 - no secret
        self.idle: list[list[Connection]] = [[] for _ in self.targets]
        self.waiting: dict[int, Connection] = {}
        self.unsent: dict[int, Connection] = {}
        self.deadlines: deque[tuple[float, Connection, int]] = deque()
        self.records, self.pack = bytearray(), struct.Struct(RECORD).pack
        self.zero, self.end, self.ended_early = 0.0, 0.0, False
        self.most, self.held, self.retried = 0, 0, 0

    def run(self) -> dict[str, Any]:
        """Send until the end, wait for what is in flight, and return the facts of the run."""
        _sleep_exactly()
        order = self._order()
        begun = time.perf_counter() + _LEAD_S
        self.zero = begun + self.config["warmup_s"]
        self.end = self.zero + self.config["duration_s"]
        begun_s = time.time() + self.zero - time.perf_counter()
        signal.signal(signal.SIGTERM, self._stop)
        with Path(self.config["records"]).open("wb", buffering=0) as file:
            file.write(bytes(struct.calcsize(RECORD)))
            cpu = time.process_time()
            if self.config["arrivals"]["kind"] == "closed":
                self._closed(order, file)
            else:
                self._open(dues(self.config["arrivals"], begun, self.random), order, file)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it is over: a late signal must not end the writing
            took_s, cpu_s = time.perf_counter() - begun, time.process_time() - cpu
            self._give_up(_UNFINISHED)
            self._flush(file, time.perf_counter())
        return {
            "duration_s": min(self.end - self.zero, took_s - self.config["warmup_s"]), "cpu_share": cpu_s / took_s,
            "cpu_s": cpu_s, "begun_s": begun_s, "most_in_flight": self.most, "held": self.held, "retried": self.retried,
            "ended_early": self.ended_early, "names": self.names, "refused": self.guard.refused,
        }  # fmt: skip

    def _stop(self, *_: object) -> None:
        self.end, self.ended_early = min(self.end, time.perf_counter()), True

    def _order(self) -> Iterator[int]:
        """Yield the numbers of messages: each as often as the others, in an order that changes."""
        numbers = list(range(len(self.messages)))
        while True:
            self.random.shuffle(numbers)
            yield from numbers

    def _open(self, dues: Iterator[float], order: Iterator[int], file: Any) -> None:
        clock, most = time.perf_counter, self.config["most_in_flight"]
        due = next(dues, None)
        flush = clock() + _FLUSH_S
        while True:
            now = clock()
            while due is not None and due <= now and due < self.end:
                if len(self.waiting) >= most:  # it is late, and will be seen to be
                    self.held += 1
                    break
                self._send(due, next(order))
                due = next(dues, None)
                now = clock()
            is_over = due is None or due >= self.end
            if now >= self.end and (not self.waiting or now >= self.end + self.config["drain_s"]):
                return
            is_held = len(self.waiting) >= most
            self._wait(now, None if is_over or is_held else due)
            if now > flush:
                flush = self._flush(file, now)

    def _closed(self, order: Iterator[int], file: Any) -> None:
        clock, users = time.perf_counter, self.config["arrivals"]["users"]
        while clock() < self.zero - self.config["warmup_s"]:
            time.sleep(0.001)
        flush = clock() + _FLUSH_S
        while True:
            now = clock()
            while len(self.waiting) < users and now < self.end:
                self._send(now, next(order))
                now = clock()
            if now >= self.end and (not self.waiting or now >= self.end + self.config["drain_s"]):
                return
            self._wait(now, None)
            if now > flush:
                flush = self._flush(file, now)

    def _flush(self, file: Any, now: float) -> float:
        file.write(self.records)
        self.records.clear()
        complete = min((connection.due for connection in self.waiting.values()), default=now) - self.zero
        os.pwrite(file.fileno(), struct.pack("<d", complete), 0)
        return now + _FLUSH_S

    def _wait(self, now: float, due: float | None) -> None:
        """Wait for answers until the next request is due or one has waited for too long, and take them."""
        while self.deadlines and self.deadlines[0][1].serial != self.deadlines[0][2]:
            self.deadlines.popleft()
        until = now + _FLUSH_S if due is None else due
        if self.deadlines:
            until = min(until, self.deadlines[0][0])
        readable, writable, _ = select.select(list(self.waiting), list(self.unsent), (), max(until - now, 0.0))
        for fd in writable:
            if fd in self.unsent:
                self._push(self.unsent[fd])
        for fd in readable:
            if fd in self.waiting:
                self._take(self.waiting[fd])
        while self.deadlines and self.deadlines[0][0] <= time.perf_counter():
            _, late, serial = self.deadlines.popleft()
            if late.serial == serial:
                self._failed(late, _TIMEOUT)

    def _send(self, due: float, number: int) -> None:
        target = self.random.randrange(len(self.targets)) if len(self.targets) > 1 else 0
        pool = self.idle[target]
        connection = pool.pop() if pool else None
        sent = time.perf_counter()
        if connection is None:
            connection = self._connect(target)
        connection.due, connection.sent, connection.number = due, sent, number
        self._begin(connection, self.messages[number][target])
        self.deadlines.append((sent + self.config["timeout_s"], connection, connection.serial))
        self.most = max(self.most, len(self.waiting))

    def _begin(self, connection: Connection, message: bytes) -> None:
        connection.message, connection.unsent, connection.answer, connection.need = message, message, b"", 0
        self.waiting[connection.fd] = connection
        self._push(connection)

    def _connect(self, target: int) -> Connection:
        family, kind, _, _, address = self.targets[target]
        sock = socket.socket(family, kind)
        sock.setblocking(False)  # noqa: FBT003 - the library's own signature
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(sock, target)
        sock.connect_ex(address)  # what went wrong is said again by the first send
        return connection

    def _push(self, connection: Connection) -> None:
        """Send as much of a request as the connection takes."""
        try:
            sent = connection.sock.send(connection.unsent)
        except OSError as exc:
            if exc.errno in _AGAIN or (exc.errno == 107 and connection.fd not in self.unsent):  # noqa: PLR2004 - ENOTCONN
                self.unsent[connection.fd] = connection
            else:
                self._lost(connection, _REFUSED if isinstance(exc, ConnectionRefusedError) else _DROPPED)
            return
        connection.unsent = connection.unsent[sent:]
        if connection.unsent:
            self.unsent[connection.fd] = connection
        else:
            self.unsent.pop(connection.fd, None)

    def _take(self, connection: Connection) -> None:
        """Read what came of an answer."""
        try:
            block = connection.sock.recv(_BLOCK)
        except OSError as exc:
            if exc.errno not in _AGAIN:
                self._lost(connection, _REFUSED if isinstance(exc, ConnectionRefusedError) else _DROPPED)
            return
        if not block:
            self._closed_by_server(connection)
            return
        answer = connection.answer = connection.answer + block if connection.answer else block
        if not connection.need:
            connection.need = length_of(answer, self.messages[connection.number][0][:5] == b"HEAD ")
        need = connection.need
        if need == UNTIL_CHUNKS_END:
            need = chunks_end(answer)
        if need == BROKEN:
            self._failed(connection, _NOT_HTTP)
        elif 0 < need <= len(answer):
            self._done(connection, answer)

    def _closed_by_server(self, connection: Connection) -> None:
        if connection.need == UNTIL_CLOSE:
            self._done(connection, connection.answer)
        else:
            self._lost(connection, _DROPPED)

    def _lost(self, connection: Connection, problem: int) -> None:
        """Note what went wrong; but send once more what a kept connection, closed before its server saw it, lost."""
        if problem == _DROPPED and connection.reused and not connection.answer:
            fresh = self._connect(connection.target)
            fresh.due, fresh.sent, fresh.number = connection.due, connection.sent, connection.number
            self.retried += 1
            self._forget(connection)
            self._begin(fresh, connection.message)
            self.deadlines.append((fresh.sent + self.config["timeout_s"], fresh, fresh.serial))
        else:
            self._failed(connection, problem)

    def _failed(self, connection: Connection, problem: int) -> None:
        self._record(connection, 0, problem)
        self._forget(connection)

    def _forget(self, connection: Connection) -> None:
        connection.serial += 1
        self.waiting.pop(connection.fd, None)
        self.unsent.pop(connection.fd, None)
        connection.sock.close()

    def _done(self, connection: Connection, answer: bytes) -> None:
        try:
            status = int(answer[9:12])
        except ValueError:
            self._failed(connection, _NOT_HTTP)
            return
        self._record(connection, status, 0)
        if connection.need == UNTIL_CLOSE or connection.unsent or is_last(answer):
            self._forget(connection)
            return
        connection.serial += 1
        connection.reused = True
        del self.waiting[connection.fd]
        self.idle[connection.target].append(connection)

    def _record(self, connection: Connection, status: int, problem: int) -> None:
        zero = self.zero
        self.records += self.pack(
            connection.due - zero, connection.sent - zero, time.perf_counter() - zero, connection.number,
            min(len(connection.answer), 0xFFFFFFFF), min(status, 0xFFFF), connection.target, problem,
        )  # fmt: skip

    def _give_up(self, problem: int) -> None:
        for connection in list(self.waiting.values()):
            self._failed(connection, problem)
        for pool in self.idle:
            for connection in pool:
                connection.sock.close()


def _sleep_exactly() -> None:
    """Wake when it is time, and not up to 50 µs later (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_TIMERSLACK, 1, 0, 0, 0)
