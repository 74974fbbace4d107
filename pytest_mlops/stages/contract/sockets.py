"""What the system knows of the connections to a port of this machine (Linux: `sock_diag`, as `ss` asks it)."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NETLINK_SOCK_DIAG, _BY_FAMILY, _DUMP = 4, 20, 0x301
_ERROR, _DONE = 2, 3
_HEADER, _REQUEST, _PORTS, _ANSWER = struct.Struct("=IHHII"), struct.Struct("=BBBBI"), ">HH", struct.Struct("=5I")
_REST_OF_ID = bytes(44)  # addresses, interface and cookie, which are left open
_LISTENS, _ESTABLISHED = 10, 1
_TIMEOUT_S = 1.0


@dataclass(frozen=True)
class Connection:
    """A socket of a server: its state, how many bytes are not read, and whether a process has it yet."""

    state: int
    unread: int
    is_accepted: bool


def not_begun(port: int, body: int) -> int | None:
    """Return on how many connections a server has not read past the headers of a request with so long a body.

    Those that wait to be accepted are among them. None where the system does not say, or nobody listens.
    """
    try:
        found = [one for family in (socket.AF_INET, socket.AF_INET6) for one in _connections(port, family)]
    except (OSError, AttributeError):  # another system, or one that forbids to ask
        return None
    if not any(one.state == _LISTENS for one in found):
        return None
    return sum(one.state == _ESTABLISHED and (one.unread > body or not one.is_accepted) for one in found)


def _connections(port: int, family: int) -> Iterator[Connection]:
    states = 1 << _LISTENS | 1 << _ESTABLISHED
    asked = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, states) + struct.pack(_PORTS, port, 0) + _REST_OF_ID
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as kernel:
        kernel.settimeout(_TIMEOUT_S)
        kernel.send(_HEADER.pack(_HEADER.size + len(asked), _BY_FAMILY, _DUMP, 1, 0) + asked)
        while True:
            data = kernel.recv(1 << 16)
            while data:
                length, kind = _HEADER.unpack_from(data)[:2]
                if kind == _DONE:
                    return
                if kind == _ERROR:
                    raise OSError("the system does not tell of its sockets")
                yield _read(data)
                data = data[(length + 3) // 4 * 4 :]


def _read(message: bytes) -> Connection:
    at = _HEADER.size
    _, unread, _, _, inode = _ANSWER.unpack_from(message, at + 4 + 48)
    return Connection(state=message[at + 1], unread=unread, is_accepted=inode != 0)
